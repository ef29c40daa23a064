"""Names the place of a fault in the program, without any of the data that it worked on."""

import traceback
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]


def fault_place(error: BaseException) -> str:
    """The kind of an error and the line of our own code that it came through.

    The error's message stays out: it may quote a secret, an address, or a client's data.
    """
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(_ROOT) and "site-packages" not in path.relative_to(_ROOT).parts:
            return f"{type(error).__name__} in {path.relative_to(_ROOT)}, line {frame.lineno}"
    return type(error).__name__
