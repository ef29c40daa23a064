"""Options that several commands share."""

import functools
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import click

from crypto.errors import DrempelError
from intake.cli.output import Refused, remark
from intake.client.address import Address, read_address
from intake.client.connection import PATIENCE, Connection

MAILBOX_ID = re.compile(r"-[A-Za-z0-9_-]{42}")


@dataclass(frozen=True)
class Call:
    """What every client command is told: which organisation, and how to print."""

    connection: Connection
    as_json: bool


def client_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--server`, `--pin`, `--patience` and `--json`; the command gets `call`, a Call."""

    @functools.wraps(function)
    def command(
        *args: Any, server: str, pin: str | None, patience: float, as_json: bool, **others: Any
    ) -> Any:
        return function(*args, call=Call(connection_to(server, pin, patience), as_json), **others)

    for option in (
        click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output."),
        click.option(
            "--patience",
            type=click.FloatRange(min=0),
            default=PATIENCE,
            metavar="SECONDS",
            help="How long to go on trying when the server can't be reached.",
            show_default=True,
        ),
        click.option(
            "--pin", metavar="FINGERPRINT", help="The organisation's fingerprint, if not in the address."
        ),
        click.option("--server", required=True, metavar="URL", help="The organisation's address."),
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


def connection_to(server: str, pin: str | None, patience: float) -> Connection:
    """A connection to the address; says on a terminal why it is waiting, and in the end that nobody vouches for it."""
    address = address_of(server, pin)
    if address.pin is None:
        remark("Not verified by link: use the address with its #fingerprint, or --pin.")
    return Connection(address, patience=patience, waiting=_say_waiting)


def _say_waiting(reason: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"{reason} Trying again.", err=True)


def read_message(file: BinaryIO) -> str:
    """The text of a message file; a usage error, without a byte of it, if it is not UTF-8."""
    try:
        return file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.UsageError("The text is not valid UTF-8.") from None


def is_stdin(file: BinaryIO) -> bool:
    """Whether a message file is standard input."""
    return getattr(file, "name", "-") in ("-", "<stdin>")


def with_text_kept(problem: DrempelError, file: BinaryIO) -> Refused:
    """The same problem, which also says what became of the text: nothing is lost without a word."""
    if is_stdin(file):
        kept = "Not confirmed. The text came from standard input and is nowhere else: keep it, and try again."
    else:
        kept = "Not confirmed. The text is still in the file you named: run the command again."
    return Refused(f"{problem}\n{kept}")
