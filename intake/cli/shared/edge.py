"""The outermost edge of every command: each error ends here, as a line or two on standard error.

No library's message and no traceback is printed: they may hold a proxy's password, an address or a file's name.
"""

import os
import sys
from typing import Any, NoReturn

import click
from click.exceptions import NoArgsIsHelpError

from crypto.public.errors import DrempelError
from intake.cli.shared.output import Refused, lost_output, say
from intake.faults import fault_place
from intake.store import StoreError

OURS = (DrempelError, StoreError, Refused)
"""Errors whose message is written for the person who runs a command."""


class Refusing(click.Group):
    """A group whose commands end with status 0, 1 for a refusal, or 2 for a usage error."""

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run the program to its end."""
        _open_closed_streams()
        words, status = "", 0
        try:
            status = super().main(*args, **{**extra, "standalone_mode": False}) or 0
        except NoArgsIsHelpError as problem:
            words, status = problem.format_message(), 2
        except click.UsageError as problem:
            path = problem.ctx.command_path if problem.ctx else self.name
            words, status = f"{' '.join(problem.format_message().split())}\nTry '{path} --help'.", 2
        except click.Abort:
            # A question was left unanswered; all questions come before anything is done.
            words, status = "Stopped at a question. Nothing was changed.", 1
        except OSError as problem:
            words, status = f"{words_of(problem)} Nothing was changed.", 1
        except Exception as problem:  # noqa: BLE001 - nothing is beyond this edge
            words, status = words_of(problem), 1
        lost = lost_output()
        if lost and not status:
            words, status = f"The output could not be written ({lost}).", 1
        _end(words, status)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Refused("Interrupted, and not confirmed: run the command again.") from None


def words_of(problem: BaseException) -> str:
    """The message for an error, in a line or two."""
    if isinstance(problem, OURS):
        return str(problem)
    if isinstance(problem, OSError):
        # Only the system's message: a file's name can give a person away.
        return f"{problem.strerror or 'An operation failed'}."
    return f"A fault of Drempel itself: {fault_place(problem)}."


def _end(words: str, status: int) -> NoReturn:
    if words:
        say(words)
    sys.exit(status)


def _open_closed_streams() -> None:
    """Open streams that the caller closed: the next file or connection would get their descriptors.

    Without standard output the program ends at once: a report would end in a receipt that the reporter never sees.
    """
    closed = sys.stdout is None
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY))
    if closed:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if closed:
        _end("Standard output is closed, so that no result could be shown. Nothing was done.", 1)
