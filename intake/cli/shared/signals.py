"""Handles the signals of a closed terminal, a logout or a shutdown like Ctrl-C.

By default each of them kills a program at once, so that an export would leave a part of a file behind, in the clear.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ending_like_ctrl_c() -> Iterator[None]:
    """Raise KeyboardInterrupt at signals that end a command, except those that `nohup` or the like has turned off."""
    taken = [number for number in ENDING if signal.getsignal(number) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _interrupt(_: int, frame: FrameType | None) -> None:
    # At a logout they come one right after the other, and the second would interrupt the clean-up after the first.
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    interrupt = signal.getsignal(signal.SIGINT)
    if not callable(interrupt):  # a shell turns Ctrl-C off for what it runs in the background
        raise KeyboardInterrupt
    # In an event loop this is asyncio's handler, which cancels the running task at its next await.
    interrupt(signal.SIGINT, frame)
