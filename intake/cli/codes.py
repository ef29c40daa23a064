"""Codes on the command line: from a file, the environment or a prompt, never from an argument.

A prompt without a terminal is answered by the first line of standard input, unless that carries the message.
"""

import functools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from crypto.codes import NAMES, parse_code
from crypto.errors import CodeError

VARIABLES = {"receipt": "DREMPEL_RECEIPT", "access": "DREMPEL_ACCESS_CODE"}
LONGEST_CODE = 1024


@dataclass(frozen=True)
class TypedCode:
    """Where a command's code of that kind comes from: `file`, else the environment, else a prompt."""

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
        typed, where = os.environ[VARIABLES[kind]], VARIABLES[kind]
    else:
        return _asked(kind, stdin_taken)
    if not typed.strip():
        raise CodeError("code-malformed", f"{where} is empty.")
    return typed


def _asked(kind: str, stdin_taken: bool) -> str:
    if not stdin_taken and sys.stdin.isatty():
        name = NAMES[kind].partition(" ")[2].capitalize()
        return str(click.prompt(name, hide_input=True, err=True))
    line = b"" if stdin_taken else sys.stdin.buffer.readline(LONGEST_CODE)
    if not line.strip():
        raise click.UsageError(f"Give {NAMES[kind]} with --code-file FILE or in {VARIABLES[kind]}.")
    return line.decode("utf-8", errors="replace")


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
