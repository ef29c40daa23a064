"""Shows a file's progress and the reason of a retry on a terminal. Without a terminal, nothing is printed."""

import sys
import time

from intake.cli.shared.output import say
from intake.client.files.chosen_file import shown

MOST_OFTEN = 0.1  # seconds
LONGEST_NAME = 40


class Status:
    """The status line of the terminal, and the messages above it."""

    def __init__(self) -> None:
        self._said: set[str] = set()
        self._length = 0
        self._shown = 0.0
        self._file = ""
        self._begin = (0.0, 0)

    def retrying(self, reason: str) -> None:
        """Say why a request is retried; the same reason once only."""
        if sys.stderr.isatty() and reason not in self._said:
            self._said.add(reason)
            self.end()
            say(f"{reason}\nStill trying; Ctrl-C stops it.")

    def progress(self, name: str, done: int, total: int) -> None:
        """Show that `done` of `total` bytes of a file are stored."""
        now = time.monotonic()
        if name != self._file or done < self._begin[1]:
            self.end()
            self._file, self._begin = name, (now, done)
        if not sys.stderr.isatty() or (now - self._shown < MOST_OFTEN and done < total):
            return
        if done > self._begin[1]:
            self._said.clear()  # A problem after this is shown again.
        self._shown = now
        self._line(self._words(now, done, total))
        if done >= total:
            self.end()

    def end(self) -> None:
        """End the status line; later output goes below it."""
        if self._length:
            say("")
        self._length = 0

    def _words(self, now: float, done: int, total: int) -> str:
        name = shown(self._file)
        name = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}\u2026"
        begin, before = self._begin
        speed = (done - before) / max(now - begin, 1e-3) / 1e6
        return f"{name}: {100 * done // total if total else 100} %, {speed:.1f} MB/s"

    def _line(self, words: str) -> None:
        say("\r" + words.ljust(self._length), nl=False)
        self._length = len(words)
