"""Options that several commands share, and the codes, which are never arguments."""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click

from crypto.codes import NAMES, parse_code
from crypto.errors import CodeError, DrempelError
from intake.cli.output import Refused, remark
from intake.client.address import Address, read_address
from intake.client.connection import PATIENCE, Connection

F = TypeVar("F", bound=Callable[..., Any])

MAILBOX_ID = re.compile(r"-[A-Za-z0-9_-]{42}")

VARIABLES = {"receipt": "DREMPEL_RECEIPT", "access": "DREMPEL_ACCESS_CODE"}
LONGEST_CODE = 1024


def client_options(function: F) -> F:
    """`--server`, `--pin`, `--patience` and `--json`, as every client command has them."""
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
        function = option(function)
    return function


def code_options(function: F) -> F:
    """`--code-file` and `--accept-correction`."""
    for option in (
        click.option(
            "--accept-correction",
            is_flag=True,
            help="If one typing error explains a wrong code, use the corrected code without asking.",
        ),
        click.option(
            "--code-file",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Read the code from this file.",
        ),
    ):
        function = option(function)
    return function


def message_option(function: F) -> F:
    """`--message-file`."""
    return click.option(
        "--message-file",
        required=True,
        type=click.File("rb"),
        metavar="FILE",
        help="The text, in UTF-8; '-' is standard input.",
    )(function)


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


def read_code(kind: str, code_file: Path | None, accept: bool, *, stdin_taken: bool = False) -> bytes:
    """The 14 secret bytes of a code from its file, the environment, or a prompt. CodeError if it can't be read."""
    typed = _from_file(code_file) if code_file else os.environ.get(VARIABLES[kind])
    if typed is None:
        if stdin_taken or not sys.stdin.isatty():
            raise click.UsageError(f"Give {NAMES[kind]} with --code-file FILE or in {VARIABLES[kind]}.")
        typed = click.prompt(
            NAMES[kind][NAMES[kind].index(" ") + 1 :].capitalize(), hide_input=True, err=True
        )
    try:
        return parse_code(typed, kind)
    except CodeError as problem:
        if not problem.correction:
            raise
        if accept or _confirms(typed, problem, stdin_taken):
            return parse_code(problem.correction, kind)
        raise CodeError(
            problem.code,
            f"{problem.detail} One slip explains it: look again, or use --accept-correction.".strip(),
        ) from None


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(LONGEST_CODE).decode("utf-8", errors="replace").strip()
    except OSError as problem:
        raise click.UsageError(f"The code file can't be read: {problem.strerror}.") from None


def _confirms(typed: str, problem: CodeError, stdin_taken: bool) -> bool:
    """Ask, on a terminal. Only the groups that differ are shown: the rest of the code stays off the screen."""
    if stdin_taken or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    groups = problem.correction.split("-")
    written = [group for group in typed.lower().replace("-", " ").split() if group]
    pairs = (
        list(enumerate(zip(groups, written, strict=False), start=1)) if len(written) == len(groups) else []
    )
    changed = ", ".join(f"group {place}: '{right}'" for place, (right, wrong) in pairs if right != wrong)
    click.echo(f"There is a typing error. One slip explains it{': ' + changed if changed else ''}.", err=True)
    return click.confirm("Is that right?", err=True)
