"""Options that several commands share."""

import functools
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import click

from crypto.public.errors import DrempelError
from crypto.public.limits import TEXT_LIMIT
from intake.cli.shared.attach_option import AttachedFiles
from intake.cli.shared.edge import words_of
from intake.cli.shared.output import Refused, remark, say
from intake.cli.shared.progress import Status
from intake.cli.shared.signals import ending_like_ctrl_c
from intake.cli.shared.texts import text_in
from intake.client.address import Address, read_address
from intake.client.connection import FILE_RETRY_SECONDS, RETRY_SECONDS, Connection, ConnectionProblem

LONGEST_MESSAGE = 2 * TEXT_LIMIT + 3
"""Bytes that a message file may have: in UTF-16, with a mark before it, a text can take twice as many."""
MAILBOX_ID = re.compile(r"-[A-Za-z0-9_-]{42}")


@dataclass(frozen=True)
class ClientCall:
    """The options of every client command: which organisation, and how to print."""

    connection: Connection
    as_json: bool
    status: Status


def client_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--server`, `--pin`, `--patience` and `--json`; the command gets `call`, a ClientCall."""

    @functools.wraps(function)
    def command(
        *args: Any, server: str, pin: str | None, patience: float | None, as_json: bool, **others: Any
    ) -> Any:
        status = Status()
        connection = connection_to(server, pin, patience, status)
        with ending_like_ctrl_c():
            return function(*args, call=ClientCall(connection, as_json, status), **others)

    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document."),
        click.option(
            "--patience",
            type=click.FloatRange(min=0),
            metavar="SECONDS",
            help="How long to go on trying when the server can't be reached or can't store anything. "
            f"[default: {RETRY_SECONDS:.0f}; {FILE_RETRY_SECONDS:.0f} while files are on their way]",
        ),
        click.option(
            "--pin", metavar="FINGERPRINT", help="The organisation's fingerprint, if not in the address."
        ),
        click.option(
            "--server",
            required=True,
            metavar="URL",
            help="The organisation's address, best with its #fingerprint, in quotes.",
        ),
    ):
        command = option(command)
    return command


def message_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--message-file`."""
    option = click.option(
        "--message-file",
        required=True,
        type=click.File("rb"),
        metavar="FILE",
        help="The text, in UTF-8; '-' is standard input.",
    )
    return option(function)


class TakesId(click.Command):
    """A command with the argument ID, which may begin with a hyphen: one mailbox id in 64 does."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Move an id behind `--`, where it is not parsed as an option."""
        valued = {name for option in self.params if _takes_value(option) for name in option.opts}
        before = ["", *args]
        index = next(
            (
                index
                for index, text in enumerate(args)
                if MAILBOX_ID.fullmatch(text) and before[index] not in valued
            ),
            None,
        )
        if index is not None and "--" not in args:
            args = [*args[:index], *args[index + 1 :], "--", args[index]]
        return super().parse_args(ctx, args)


def _takes_value(option: click.Parameter) -> bool:
    return isinstance(option, click.Option) and not option.is_flag


def address_of(server: str, pin: str | None) -> Address:
    """The address on the command line; a usage error if it is malformed."""
    try:
        return read_address(server, pin)
    except ValueError as problem:
        raise click.UsageError(str(problem)) from None


def connection_to(server: str, pin: str | None, patience: float | None, status: Status) -> Connection:
    """A connection to the address, which shows each retry on a terminal; remarks if no link vouches for the address."""
    address = address_of(server, pin)
    if address.pin is None:
        remark("Not verified by link: use the address with its #fingerprint, or --pin.")
    if address.is_overheard:
        remark("Not encrypted on the way, except what Drempel seals: use the https or the onion address.")
    try:
        return Connection(address, retry_for=patience, on_retry=status.retrying)
    except ValueError as problem:
        raise Refused(str(problem)) from None


def read_message(file: BinaryIO) -> str:
    """The text of a message file; DrempelError, without a byte of it, if it is too long or not UTF-8."""
    if is_stdin(file) and sys.stdin.isatty() and sys.stderr.isatty():
        say("Write the text, then end it with Ctrl-D on a line of its own.")
    data = file.read(LONGEST_MESSAGE + 1)
    try:
        # A text that is cut off may end within a character, so its length is checked first.
        text = text_in(data) if len(data) <= LONGEST_MESSAGE else None
    except UnicodeDecodeError:
        raise DrempelError("text-not-utf8", "Save it as plain text in UTF-8.") from None
    if text is None or len(text.encode("utf-8")) > TEXT_LIMIT:
        raise DrempelError("text-too-long")
    return text


def is_stdin(file: BinaryIO) -> bool:
    """Whether a message file is standard input."""
    return getattr(file, "name", "-") in ("-", "<stdin>", 0)


@contextmanager
def explain_refusal(file: BinaryIO, attached: AttachedFiles) -> Iterator[None]:
    """Add to any error the state of the text in a message file, and of the files sent along."""
    try:
        yield
    except KeyboardInterrupt:
        attached.status.end()
        raise Refused(f"Interrupted.\n{_what_became(None, is_stdin(file), attached)}") from None
    except Exception as problem:  # noqa: BLE001 - after any error the text must not be lost
        raise Refused(f"{words_of(problem)}\n{_what_became(problem, is_stdin(file), attached)}") from None


def _what_became(problem: Exception | None, from_stdin: bool, attached: AttachedFiles) -> str:
    # The server may have stored a message that it could not confirm; a refused one is stored nowhere.
    maybe_stored = isinstance(problem, ConnectionProblem) and (
        problem.is_transient or not 400 <= problem.status < 500
    )
    if not isinstance(problem, DrempelError) or maybe_stored or attached.can_resume:
        goes_on = "; the files go on where they stopped" if attached.can_resume else ""
        if from_stdin:
            return (
                "Not confirmed. The text came from standard input and is nowhere else: "
                f"keep it, and try again{goes_on}."
            )
        same = "same " if goes_on else ""
        return (
            f"Not confirmed. The text is still in the file you named: run the {same}command again{goes_on}."
        )
    if from_stdin:
        return "The text came from standard input and is nowhere else: keep it."
    return "The text is still in the file you named; the server has nothing of it."
