"""A command on a terminal: it is shown what it asks for, and what it shows is kept."""

import os
import pty
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.kit.serving import DREMPEL, LONGEST, Ran, environment

# The shell leads a session of its own, so that the terminal it opens becomes that session's: a prompt that hides what
# is typed asks the terminal itself, not standard input.
ON_TERMINAL = 'exec "$@" <"$TERMINAL" 2>"$TERMINAL"'


@dataclass(frozen=True)
class Shown:
    """A command that has ended, and its terminal's screen. `ran.err` is empty: standard error is the terminal."""

    ran: Ran
    screen: str


class _Screen:
    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.text = ""

    def read(self) -> bool:
        """Take what is there within a moment; False if there is nothing."""
        if not select.select([self.descriptor], [], [], 0.05)[0]:
            return False
        try:
            data = os.read(self.descriptor, 4096)
        except OSError:  # the last one to hold the terminal has closed it
            return False
        self.text += data.decode("utf-8")
        return bool(data)

    def wait(self, question: str, start: int) -> int:
        """Read on until `question` is there; where it ends."""
        end = time.monotonic() + LONGEST
        while question not in self.text[start:]:
            self.read()
            assert time.monotonic() < end, f"not asked: {question}; but: {self.text}"
        return self.text.index(question, start) + len(question)


def on_terminal(arguments: Sequence[str], dialogue: Sequence[tuple[str, str]], **variables: str) -> Shown:
    """Run `drempel` on a terminal; `dialogue` is what it will ask, in order, and what is typed then."""
    ours, theirs = os.openpty()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(
            ["/bin/sh", "-c", ON_TERMINAL, "sh", DREMPEL, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.DEVNULL,
            env=environment(TERMINAL=os.ttyname(theirs), **variables),
            start_new_session=True,
        )
        screen, at = _Screen(ours), 0
        try:
            for question, answer in dialogue:
                at = screen.wait(question, at)
                os.write(ours, answer.encode("utf-8") + b"\n")
            end = time.monotonic() + LONGEST
            while process.poll() is None:
                screen.read()
                assert time.monotonic() < end, f"it does not end: {screen.text}"
            while screen.read():
                pass
        finally:
            process.kill()
            process.wait(LONGEST)
            os.close(ours)
            os.close(theirs)
        out.seek(0)
        return Shown(Ran(process.returncode, out.read().decode("utf-8"), ""), screen.text)


class Shell:
    """A shell on a terminal, at which a test types."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._screen = _Screen(descriptor)
        self._at = 0

    def type(self, text: str, end: str = "\n") -> None:
        """Type a line, or paste several."""
        os.write(self._descriptor, (text + end).encode("utf-8"))

    def wait(self, text: str) -> str:
        """Wait for `text`; gives the output up to it."""
        begin, self._at = self._at, self._screen.wait(text, self._at)
        return self._screen.text[begin : self._at]


@contextmanager
def in_a_shell(**variables: str) -> Iterator[Shell]:
    """A shell with the prompt "$ ", from its first one on."""
    process, ours = pty.fork()
    if process == 0:
        shown = environment(PS1="$ ", TERM="dumb", **variables)
        os.execve("/bin/sh", ["sh", "-i"], shown)  # noqa: S606 - it is the shell
    try:
        shell = Shell(ours)
        shell.wait("$ ")
        yield shell
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(ours)
