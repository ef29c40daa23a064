"""What `make test` and `make test-all` run is everything, once, and each class of fault meets both browsers."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import ROOT

pytestmark = pytest.mark.test_all  # a tool of the tests, and not the product

TESTS = """
import pytest

CASES = [[1], [2], [3], [4]]  # lists: what a case is need not be hashable


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def browser(request):
    return request.param


@pytest.mark.parametrize("case", CASES, ids=str)
def test_cases(browser, case): ...


def test_browsers(browser): ...


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_browser(case): ...


@pytest.mark.parametrize("name", ["chromium", "firefox", "other"])
def test_one_browser(name): ...


@pytest.mark.test_all
def test_tool(): ...
"""
ONE_CLASS = """
import pytest

pytestmark = pytest.mark.one_class


@pytest.mark.parametrize("browser", ["firefox", "chromium"])
def test_first(browser): ...


@pytest.mark.parametrize("browser", ["firefox", "chromium"])
def test_second(browser): ...


@pytest.mark.parametrize("browser", ["firefox", "chromium"])
@pytest.mark.parametrize("case", [1, 2])
def test_third(browser, case): ...
"""


def collected(*arguments: str) -> list[str]:
    """The names of tests that would run."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode in (0, 5), done.stdout  # 5: none is left
    return [line.rpartition("::")[2] for line in done.stdout.splitlines() if "::" in line]


@pytest.fixture
def folder(tmp_path: Path) -> str:
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n", "utf-8")
    (tmp_path / "test_some.py").write_text(TESTS, "utf-8")
    (tmp_path / "test_class.py").write_text(ONE_CLASS, "utf-8")
    return str(tmp_path)


def test_cases_take_turns_and_the_first_meets_both(folder: str) -> None:
    assert collected("--extent", "rest", f"{folder}/test_some.py") == [
        "test_cases[chromium-[3]]",
        "test_cases[firefox-[2]]",
        "test_cases[firefox-[4]]",
        "test_tool",
    ]


def test_tests_of_one_class_are_its_cases(folder: str) -> None:
    assert collected("--extent", "rest", f"{folder}/test_class.py") == [
        "test_second[firefox]",
        "test_third[1-chromium]",
        "test_third[2-firefox]",
    ]


def test_gate_and_rest_are_all_and_share_none(folder: str) -> None:
    every, gate, rest = (collected("--extent", extent, folder) for extent in ("all", "gate", "rest"))
    assert sorted(gate + rest) == sorted(every) == sorted(collected(folder))
    assert len(every) == len(set(every)) == 26


def test_a_case_that_is_asked_for_runs_in_the_browser_that_is_asked_for(folder: str) -> None:
    assert len(collected("--extent", "gate", "-k", "firefox", folder)) == 10
    asked = f"{folder}/test_some.py::test_cases[firefox-[4]]"
    assert collected("--extent", "gate", asked) == ["test_cases[firefox-[4]]"]


def test_each_test_in_browsers_meets_both_and_each_case_one() -> None:
    gate, every = (collected("--extent", extent, "tests/browser") for extent in ("gate", "all"))
    later = collected("--extent", "all", "-m", "test_all", "tests/browser")
    both = [
        {name.replace(browser, "*", 1) for name in every if browser in name}
        for browser in ("chromium", "firefox")
    ]
    cases = (both[0] & both[1]) - {name.replace("chromium", "*", 1) for name in later}
    assert len(cases) > 150
    missing = [
        case for case in cases if not {case.replace("*", each) for each in ("chromium", "firefox")} & {*gate}
    ]
    assert missing == []
