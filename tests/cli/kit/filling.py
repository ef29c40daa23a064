"""Runs `drempel migrate-store` or `restore` in a process that ends itself by a signal before one of its steps.

python -m tests.cli.kit.filling SIGNAL STEP COMMAND OPTION...

A step takes a portion of records or the bytes of chunks, or makes the new store whole. It prints how many chunks it
has copied, and in the end how many of STEP steps were left.
"""

import atexit
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from intake.cli import main as command
from intake.store.backup import format as backup_format
from intake.store.postgresql import dump, load, schema
from intake.store.sqlite import dump as sqlite_dump
from intake.store.sqlite import load as sqlite_load
from intake.store.sqlite.files import Files

# So that there are many portions in a small store.
ROWS, CHUNKS, BYTES = 2, 3, 6000
STEPS = ((load.Load, "take"), (sqlite_load.Load, "take"), (Files, "load"), (schema, "mark"), (Path, "rename"))


class Steps:
    """Counts them down."""

    def __init__(self, number: int, left: int) -> None:
        self._number, self.left = number, left

    def counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, as a step."""

        def step(*arguments: Any, **others: Any) -> Any:
            self.left -= 1
            if self.left == -1:
                os.kill(os.getpid(), self._number)
            return function(*arguments, **others)

        return step


def noted(function: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """A function that copies chunks, which says how many it has copied."""

    async def call(self: Any, chunks: Any) -> None:
        await function(self, chunks)
        os.write(1, b"copied %d\n" % len(chunks))

    return call


def main() -> None:
    number, left, *sys.argv[1:] = sys.argv[1:]
    steps = Steps(int(number), int(left))
    for owner, name in ((load.Load, "_chunks"), (Files, "load")):
        setattr(owner, name, noted(getattr(owner, name)))
    for place, name in STEPS:
        setattr(place, name, steps.counted(getattr(place, name)))
    for module, name, value in (
        (backup_format, "PORTION_BYTES", BYTES),
        *((dump, "ROWS_AT_ONCE", ROWS), (dump, "CHUNKS_AT_ONCE", CHUNKS)),
        *((sqlite_dump, "PORTION_BYTES", BYTES), (sqlite_dump, "CHUNKS_AT_ONCE", CHUNKS)),
    ):
        setattr(module, name, value)
    atexit.register(lambda: os.write(1, b"left %d\n" % steps.left))
    command()


if __name__ == "__main__":
    main()
