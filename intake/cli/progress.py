"""How far a file is and why it waits, on a terminal. Without one, nothing of it is said."""

import sys
import time
from contextlib import suppress

import click

from intake.client.choosing import shown

MOST_OFTEN = 0.1  # seconds
LONGEST_NAME = 40


class Status:
    """The last line of the terminal, and what is said above it."""

    def __init__(self) -> None:
        self._said: set[str] = set()
        self._length = 0
        self._shown = 0.0
        self._file = ""
        self._begin = (0.0, 0)

    def waiting(self, reason: str) -> None:
        """Say, once, why something is tried again."""
        if sys.stderr.isatty() and reason not in self._said:
            self._said.add(reason)
            self.end()
            _say(f"{reason}\nStill trying; Ctrl-C stops it.")

    def progress(self, name: str, done: int, total: int) -> None:
        """So many bytes of a file are where they should be."""
        now = time.monotonic()
        if name != self._file or done < self._begin[1]:
            self.end()
            self._file, self._begin = name, (now, done)
        if not sys.stderr.isatty() or (now - self._shown < MOST_OFTEN and done < total):
            return
        if done > self._begin[1]:
            self._said.clear()  # What stops it after this is told again.
        self._shown = now
        self._line(self._words(now, done, total))
        if done >= total:
            self.end()

    def end(self) -> None:
        """Go on below the line."""
        if self._length:
            _say("")
        self._length = 0

    def _words(self, now: float, done: int, total: int) -> str:
        name = shown(self._file)
        name = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}\u2026"
        begin, before = self._begin
        speed = (done - before) / max(now - begin, 1e-3) / 1e6
        return f"{name}: {100 * done // total if total else 100} %, {speed:.1f} MB/s"

    def _line(self, words: str) -> None:
        _say("\r" + words.ljust(self._length), nl=False)
        self._length = len(words)


def _say(words: str, *, nl: bool = True) -> None:
    """Say it if it can be: a terminal that has been closed must not end what is under way, nor its cleaning up."""
    with suppress(OSError):
        click.echo(words, err=True, nl=nl)
