"""Whatever a test run inherits, what it starts sees the same."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.kit.inherited import environment
from tests.project import ROOT

# What a program sees that was started by a process that has reset what it inherited.
SEEN = """
import json, os, signal, sys
mask = os.umask(0)
ignored = [int(each) for each in signal.Signals if signal.getsignal(each) is signal.SIG_IGN]
opened = [os.fstat(each).st_rdev != 0 or each > 0 for each in (0, 1, 2)]
blocked = [int(each) for each in signal.pthread_sigmask(signal.SIG_BLOCK, ())]
print(json.dumps([ignored, opened, blocked, mask, dict(os.environ)]))
"""
STARTS = """
import subprocess, sys
from tests.kit import inherited
inherited.reset()
subprocess.run([sys.executable, "-c", sys.argv[1]], check=True)
"""

Before = Callable[[], object]


def nothing() -> None:
    """Change nothing."""


def ignoring(*numbers: int) -> Before:
    return lambda: [signal.signal(number, signal.SIG_IGN) for number in numbers]


def seen(before: Before = nothing, **variables: str) -> list[object]:
    """What a program sees below a process that inherited what `before` leaves, and these variables."""
    done = subprocess.run(
        [sys.executable, "-c", STARTS, SEEN],
        cwd=ROOT,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        preexec_fn=before,
        timeout=60,
        check=True,
    )
    found: list[object] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def plain() -> list[object]:
    return seen()


def test_nothing_is_ignored_closed_or_blocked_but_what_python_ignores_itself(plain: list[object]) -> None:
    assert plain[:4] == [[signal.SIGPIPE, signal.SIGXFSZ], [True] * 3, [], 0o022]


@pytest.mark.parametrize(
    "before",
    [
        ignoring(signal.SIGHUP),
        ignoring(signal.SIGINT, signal.SIGQUIT),
        ignoring(signal.SIGTERM, signal.SIGCHLD, signal.SIGUSR1),
        lambda: signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()),
        lambda: os.close(0),
        lambda: os.umask(0o077),
    ],
    ids=["nohup", "background", "others", "blocked", "no standard input", "umask"],
)
def test_what_a_process_was_started_with_makes_no_difference(before: Before, plain: list[object]) -> None:
    assert seen(before) == plain


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LC_ALL", "C"),
        ("LANG", "tr_TR.ISO-8859-9"),
        ("LANGUAGE", "nl"),
        ("HTTP_PROXY", "http://127.0.0.1:9"),
        ("all_proxy", "socks5://127.0.0.1:9"),
        ("DREMPEL_RECEIPT", "x"),
        ("XDG_RUNTIME_DIR", "/nonexistent"),
        ("TZ", "Pacific/Apia"),
        ("NODE_OPTIONS", "--no-such-option"),
        ("PYTHONWARNINGS", "ignore"),
    ],
)
def test_no_variable_of_a_person_gets_through(name: str, value: str, plain: list[object]) -> None:
    assert seen(nothing, **{name: value}) == plain


def test_a_clock_that_is_moved_is_moved_for_all() -> None:
    variables = seen(DREMPEL_CLOCK="60")[4]
    assert isinstance(variables, dict)
    assert variables["DREMPEL_CLOCK"] == "60"
