"""Options that several commands share."""

import functools
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import click

from crypto.errors import DrempelError
from crypto.message import TEXT_LIMIT
from intake.cli.attaching import Attaching
from intake.cli.ending import ending_like_ctrl_c
from intake.cli.output import Refused, remark
from intake.cli.progress import Status
from intake.client.address import Address, read_address
from intake.client.connection import FILE_PATIENCE, PATIENCE, Connection, ConnectionProblem

BOM_LENGTH = 3  # what some editors put before a text in UTF-8
MAILBOX_ID = re.compile(r"-[A-Za-z0-9_-]{42}")


@dataclass(frozen=True)
class Call:
    """What every client command is told: which organisation, and how to print."""

    connection: Connection
    as_json: bool
    status: Status


def client_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--server`, `--pin`, `--patience` and `--json`; the command gets `call`, a Call."""

    @functools.wraps(function)
    def command(
        *args: Any, server: str, pin: str | None, patience: float | None, as_json: bool, **others: Any
    ) -> Any:
        status = Status()
        connection = connection_to(server, pin, patience, status)
        with ending_like_ctrl_c():
            return function(*args, call=Call(connection, as_json, status), **others)

    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document."),
        click.option(
            "--patience",
            type=click.FloatRange(min=0),
            metavar="SECONDS",
            help="How long to go on trying when the server can't be reached or can't store anything. "
            f"[default: {PATIENCE:.0f}; {FILE_PATIENCE:.0f} while files are on their way]",
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
        """Move an id behind `--`, where it can't pass for an option."""
        valued = {name for option in self.params if _takes_value(option) for name in option.opts}
        before = ["", *args]
        at = next(
            (
                place
                for place, text in enumerate(args)
                if MAILBOX_ID.fullmatch(text) and before[place] not in valued
            ),
            None,
        )
        if at is not None and "--" not in args:
            args = [*args[:at], *args[at + 1 :], "--", args[at]]
        return super().parse_args(ctx, args)


def _takes_value(option: click.Parameter) -> bool:
    return isinstance(option, click.Option) and not option.is_flag


def address_of(server: str, pin: str | None) -> Address:
    """The address on the command line; a usage error if it is none."""
    try:
        return read_address(server, pin)
    except ValueError as problem:
        raise click.UsageError(str(problem)) from None


def connection_to(server: str, pin: str | None, patience: float | None, status: Status) -> Connection:
    """A connection to the address; says on a terminal why it is waiting, and in the end that nobody vouches for it."""
    address = address_of(server, pin)
    if address.pin is None:
        remark("Not verified by link: use the address with its #fingerprint, or --pin.")
    if address.is_overheard:
        remark("Not encrypted on the way, except what Drempel seals: use the https or the onion address.")
    return Connection(address, patience=patience, waiting=status.waiting)


def read_message(file: BinaryIO) -> str:
    """The text of a message file; DrempelError, without a byte of it, if it is too long or not UTF-8."""
    if is_stdin(file) and sys.stdin.isatty() and sys.stderr.isatty():
        click.echo("Write the text, then end it with Ctrl-D on a line of its own.", err=True)
    data = file.read(TEXT_LIMIT + BOM_LENGTH + 1)
    if len(data) > TEXT_LIMIT + BOM_LENGTH:
        raise DrempelError("text-too-long")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DrempelError("text-not-utf8", "Save it as plain text in UTF-8.") from None


def is_stdin(file: BinaryIO) -> bool:
    """Whether a message file is standard input."""
    return getattr(file, "name", "-") in ("-", "<stdin>", 0)


@contextmanager
def keeping_text(file: BinaryIO, attaching: Attaching) -> Iterator[None]:
    """Let a refusal also say what became of the text in a message file and of the files sent along."""
    try:
        yield
    except DrempelError as problem:
        raise Refused(f"{problem}\n{_what_became(problem, is_stdin(file), attaching)}") from None
    except KeyboardInterrupt:
        attaching.status.end()
        raise Refused(f"Interrupted.\n{_what_became(None, is_stdin(file), attaching)}") from None


def _what_became(problem: DrempelError | None, from_stdin: bool, attaching: Attaching) -> str:
    # The server may have stored what it could not confirm; what it or we refused is stored nowhere.
    passing = isinstance(problem, ConnectionProblem) and (problem.passing or not 400 <= problem.status < 500)
    if problem is None or passing or attaching.lasting:
        goes_on = "; the files go on where they stopped" if attaching.lasting else ""
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
