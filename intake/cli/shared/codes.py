"""Reads codes from a file, the environment or a prompt, never from an argument.

A prompt without a terminal is answered by the first lines of standard input, unless that carries the message. A code
from any of these is parsed in the same way (PROTOCOL 3.4).
"""

import codecs
import functools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import click

from crypto.public.code_text import groups_of
from crypto.public.errors import CodeError
from crypto.secret.codes import GROUPS, NAMES, parse_code
from intake.cli.shared.hidden_prompt import ask_hidden
from intake.cli.shared.output import say
from intake.cli.shared.texts import text_in

VARIABLES = {"receipt": "DREMPEL_RECEIPT", "access": "DREMPEL_ACCESS_CODE"}
LONGEST_CODE = 4096


@dataclass(frozen=True)
class TypedCode:
    """The source of a command's code of that kind: `file`, else the environment, else a prompt."""

    kind: str
    file: Path | None
    accept_correction: bool

    def read(self, *, stdin_taken: bool = False) -> bytes:
        """The 14 secret bytes of the code. CodeError, or a usage error, if it can't be read."""
        typed = _typed(self.kind, self.file, stdin_taken)
        return _parse(typed, self.kind, self.accept_correction, stdin_taken)


def code_options(kind: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`--code-file` and `--accept-correction`; the command gets `code`, a TypedCode of that kind."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def command(*args: Any, code_file: Path | None, accept_correction: bool, **others: Any) -> Any:
            return function(*args, code=TypedCode(kind, code_file, accept_correction), **others)

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
                help=f"A file that holds {NAMES[kind]}. Without it: {VARIABLES[kind]} in the environment, or a prompt.",
            ),
        ):
            command = option(command)
        return command

    return decorate


def _typed(kind: str, code_file: Path | None, stdin_taken: bool) -> str:
    if code_file:
        typed, where = _from_file(code_file), "The file"
    elif VARIABLES[kind] in os.environ:
        # As bytes, since a locale may not know the invisible characters in it.
        typed, where = _readable(os.environb[os.fsencode(VARIABLES[kind])]), VARIABLES[kind]
    else:
        return _asked(kind, stdin_taken)
    if not groups_of(typed):
        raise CodeError("code-malformed", f"{where} is empty.")
    return typed


def _asked(kind: str, stdin_taken: bool) -> str:
    if not stdin_taken and sys.stdin.isatty():
        name = NAMES[kind].partition(" ")[2].capitalize()
        return ask_hidden(name, _is_whole, _go_on)
    typed = "" if stdin_taken else _from_pipe(sys.stdin.buffer)
    if not groups_of(typed):
        raise click.UsageError(f"Give {NAMES[kind]} with --code-file FILE or in {VARIABLES[kind]}.")
    return typed


def _from_pipe(pipe: BinaryIO) -> str:
    """Read lines until the code is whole, and no more: the writer may keep the pipe open."""
    data, typed = b"", ""
    while len(data) < LONGEST_CODE and not _is_whole(typed):
        line = pipe.readline(LONGEST_CODE - len(data))
        if not line:
            break
        data += line
        if data.startswith(codecs.BOM_UTF16_LE) and len(data) % 2:
            data += pipe.read(1)  # the other half of the line's end
        typed = _readable(data)
    return typed


def _readable(data: bytes) -> str:
    """Decode a code, which is ASCII; the text around it may be in an encoding older than Unicode."""
    try:
        return text_in(data)
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _is_whole(typed: str) -> bool:
    return len(groups_of(typed)) >= GROUPS


def _go_on(typed: str) -> str:
    return f"{len(groups_of(typed))} of {GROUPS} groups. Go on with the next, or end it with an empty line."


def _parse(typed: str, kind: str, accept: bool, stdin_taken: bool) -> bytes:
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
            return _readable(file.read(LONGEST_CODE))
    except OSError as problem:
        raise click.UsageError(f"The code file can't be read: {problem.strerror}.") from None


def _confirms(typed: str, problem: CodeError, stdin_taken: bool) -> bool:
    """Ask on a terminal whether a correction is right. Only the groups that differ are shown on the screen."""
    if stdin_taken or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    groups = problem.correction.split("-")
    pairs = enumerate(zip(groups, groups_of(typed), strict=True), start=1)
    changed = ", ".join(f"group {place}: '{right}'" for place, (right, wrong) in pairs if right != wrong)
    say(f"There is a typing error. One slip explains it: {changed}.")
    return click.confirm("Is that right?", err=True)
