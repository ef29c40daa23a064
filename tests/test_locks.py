"""The locks name packages and hashes, and nothing of the machine or mirror they were made with."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from tests.project import ROOT

PYTHON_LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
LOCKS = [*PYTHON_LOCKS, ROOT / "package-lock.json"]

# An address would tie a release to one host; an option would let a mirror add packages of its own.
ADDRESS = re.compile(
    r"""://
      | --(?:extra-)?index | --find-links | --trusted-host
      | (?:^|[\s"'=@]) (?:/|~/|[A-Za-z]:\\) [\w.]   # an absolute path
      | \bfile:""",
    re.VERBOSE | re.MULTILINE,
)


def name(path: Path) -> str:
    return path.name


def normal(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def locked(lock: str) -> dict[str, str]:
    """Package names and versions of a lock in requirements/."""
    text = (ROOT / "requirements" / lock).read_text()
    return {
        normal(found[1]): found[2]
        for found in re.finditer(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;]+)", text, re.M)
    }


@pytest.mark.parametrize("lock", LOCKS, ids=name)
def test_a_lock_holds_no_address_option_or_path(lock: Path) -> None:
    assert ADDRESS.findall(lock.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://mirror.test/simple",
        "--extra-index-url x",
        "--find-links wheels",
        "pkg @ file:///srv/pkg.whl",
        "pkg @ /srv/pkg.whl",
        "    # via -r /home/someone/requirements.in",
        '"resolved": "https://registry.test/a.tgz"',
    ],
)
def test_the_guard_sees_what_tools_have_been_seen_to_write(line: str) -> None:
    assert ADDRESS.search(line)


@pytest.mark.parametrize("lock", PYTHON_LOCKS, ids=name)
def test_every_python_package_is_pinned_by_hash(lock: Path) -> None:
    blocks = re.split(r"\n(?=\S)", lock.read_text().strip())
    assert blocks
    for block in blocks:
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+", block), block
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block


def test_every_npm_package_is_pinned_by_hash() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    loose = [path for path, entry in packages.items() if path and "integrity" not in entry]
    assert loose == []


def test_every_npm_package_we_ask_for_is_one_exact_version() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    wanted = package.get("dependencies", {}) | package["devDependencies"]
    assert [pin for pin in wanted.values() if not re.fullmatch(r"\d+\.\d+\.\d+", pin)] == []
    locked_root = json.loads((ROOT / "package-lock.json").read_text())["packages"][""]
    assert locked_root["devDependencies"] == package["devDependencies"]


def test_npm_is_told_to_keep_addresses_out_and_scripts_off() -> None:
    settings = (ROOT / ".npmrc").read_text().splitlines()
    assert "omit-lockfile-registry-resolved=true" in settings
    assert "ignore-scripts=true" in settings


def test_what_pyproject_asks_for_is_in_the_lock_that_installs_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run = {normal(line) for line in project["project"]["dependencies"]}
    assert run <= locked("run.lock").keys()
    for group, requirements in project["dependency-groups"].items():
        assert {normal(line) for line in requirements} <= locked(f"{group}.lock").keys()


def test_what_is_tested_is_what_runs() -> None:
    tested = locked("dev.lock")
    assert locked("run.lock").items() <= tested.items()
    built = locked("build.lock")
    assert all(tested.get(package, version) == version for package, version in built.items())
