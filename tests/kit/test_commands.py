"""A forked command is one that was started: what it says, how it ends, and that it knows nothing of the one before."""

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.kit import commands
from tests.kit.inherited import environment
from tests.kit.serving import LONGEST, demo_in, started

NOWHERE = "http://127.0.0.1:9/demo/"  # the discard port: nobody listens there
RECEIPT = b"morat-sovog-lahob-fidok-zafor-sulas-lumij-hizop\n"


@pytest.mark.parametrize(
    ("command", "stdin", "more"),
    [
        (["--help"], b"", {}),
        (["report", "--help"], b"", {}),
        (["report"], b"", {}),
        (["receipt", "read", "--server", NOWHERE, "--patience", "0"], b"no code\n", {}),
        (["receipt", "read", "--server", NOWHERE, "--patience", "0"], b"", {"DREMPEL_RECEIPT": "nonsense"}),
        (
            ["report", "--server", NOWHERE, "--channel", "x", "--message-file", "-", "--patience", "0"],
            b"x" * 100_000,
            {},
        ),
        (["manifest"], b"", {}),
    ],
    ids=lambda given: " ".join(given)[:30] if isinstance(given, list) else "",
)
def test_it_is_what_a_started_one_is(command: list[str], stdin: bytes, more: Mapping[str, str]) -> None:
    env = environment(**more)
    assert commands.run(command, stdin, env, LONGEST) == started(command, stdin, env, LONGEST)


def test_it_is_in_the_folder_and_the_shell_of_its_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("A text.", "utf-8")
    command = ["report", "--server", NOWHERE, "--channel", "x", "--message-file", "text", "--patience", "0"]
    for run in (commands.run, started):
        status, _, err = run(command, b"", environment(), LONGEST)
        assert (status, b"can't be reached" in err) == (1, True)


def test_it_holds_nothing_open_and_is_random_anew(tmp_path: Path) -> None:
    """Two that are forked from one would make the same codes if what is random were kept."""
    with demo_in(tmp_path) as demo:
        receipts = {demo.report("A text.").json["receipt"] for _ in range(4)}
    assert len(receipts) == 4


def test_it_ends_when_its_time_is_over(tmp_path: Path) -> None:
    with demo_in(tmp_path) as demo:
        os.kill(demo.server.process.pid, signal.SIGSTOP)  # stopped, it takes connections and never answers
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                commands.run(["receipt", "read", "--server", demo.pinned], RECEIPT, environment(), 3)
        finally:
            os.kill(demo.server.process.pid, signal.SIGCONT)
