"""What ends a command from outside is like Ctrl-C, once, and only where nobody has turned it off."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from intake.cli.shared.signals import ENDING, ending_like_ctrl_c
from tests.cli.kit.user import User, content
from tests.kit.relay import relay_to
from tests.kit.serving import DREMPEL, LONGEST, Demo, environment, until
from tests.kit.terminal import ON_TERMINAL

MIB = 1024 * 1024


# Ctrl-C at the first library that the program loads.
INTERRUPTED = """
import sys
class Interrupting:
    def find_spec(self, name, *_):
        if name == "click":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupting())
from intake.start import main
main()
"""


@contextmanager
def ignoring(number: int) -> Iterator[None]:
    """As a shell or `nohup` leaves it to what it runs."""
    before = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("number", ENDING)
def test_it_is_an_interrupt_once_and_nothing_of_it_stays(number: signal.Signals) -> None:
    before = [signal.getsignal(each) for each in ENDING]
    with ending_like_ctrl_c():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        for again in ENDING:
            signal.raise_signal(again)
    assert [signal.getsignal(each) for each in ENDING] == before == [signal.SIG_DFL, signal.SIG_DFL]


@pytest.mark.parametrize("number", ENDING)
def test_what_is_under_way_cleans_up_to_its_end(number: signal.Signals) -> None:
    done: list[str] = []

    async def work() -> None:
        try:
            signal.raise_signal(number)
            await asyncio.Event().wait()
        finally:
            for again in ENDING:
                signal.raise_signal(again)
            await asyncio.sleep(0)
            done.append("cleaned up")

    with pytest.raises(KeyboardInterrupt), ending_like_ctrl_c():
        asyncio.run(work())
    assert done == ["cleaned up"]


@pytest.mark.parametrize("number", ENDING)
def test_what_was_turned_off_stays_so(number: signal.Signals) -> None:
    with ignoring(number):
        with ending_like_ctrl_c():
            signal.raise_signal(number)
        assert signal.getsignal(number) is signal.SIG_IGN


@pytest.mark.parametrize("number", ENDING)
def test_it_ends_what_runs_in_the_background_of_a_shell(number: signal.Signals) -> None:
    done: list[str] = []

    async def work() -> None:
        try:
            signal.raise_signal(number)
            await asyncio.Event().wait()
        finally:
            done.append("cleaned up")

    with ignoring(signal.SIGINT), pytest.raises(KeyboardInterrupt), ending_like_ctrl_c():
        asyncio.run(work())
    assert done == ["cleaned up"]


def test_an_export_whose_terminal_is_closed_leaves_no_part_of_a_file(demo: Demo, tmp_path: Path) -> None:
    """It can say nothing any more, and must not stumble over that."""
    user = User(demo, tmp_path)
    receipt = user.report(user.file("large.bin", content(24 * MIB))).json["receipt"]
    with relay_to(demo.url) as relay:
        relay.hold_answers(12 * MIB)
        server = f"{relay.address(demo.url)}#{demo.codes['fingerprint']}"
        command = [DREMPEL, "receipt", "export", "--server", server, "--to", str(tmp_path / "own")]
        ours, theirs = os.openpty()
        process = subprocess.Popen(
            ["/bin/sh", "-c", ON_TERMINAL, "sh", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=environment(TERMINAL=os.ttyname(theirs), DREMPEL_RECEIPT=receipt),
            start_new_session=True,
        )
        try:
            relay.wait_until_held()
            until((tmp_path / "own" / "large.bin.part").exists, "nothing of the file is there")
            os.close(theirs)
            os.close(ours)
            assert process.wait(LONGEST) == 1
        finally:
            process.kill()
            process.wait(LONGEST)
    assert [path.name for path in (tmp_path / "own").rglob("*")] == ["files"]


def test_ctrl_c_while_the_program_loads_is_a_line() -> None:
    ended = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "Interrupted. Nothing was changed.\n"
