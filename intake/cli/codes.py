"""Codes on the command line: from a file, the environment or a prompt, never from an argument."""

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
    """Where a command's code comes from: `file`, else the environment, else a prompt."""

    file: Path | None
    accept_correction: bool

    def read(self, kind: str, *, stdin_taken: bool = False) -> bytes:
        """The 14 secret bytes of the code. CodeError, or a usage error, if it can't be read."""
        return _parse(_typed(kind, self.file, stdin_taken), kind, self.accept_correction, stdin_taken)


def code_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--code-file` and `--accept-correction`; the command gets `code`, a TypedCode."""

    @functools.wraps(function)
    def command(*args: Any, code_file: Path | None, accept_correction: bool, **others: Any) -> Any:
        return function(*args, code=TypedCode(code_file, accept_correction), **others)

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
        command = option(command)
    return command


def _typed(kind: str, code_file: Path | None, stdin_taken: bool) -> str:
    typed = _from_file(code_file) if code_file else os.environ.get(VARIABLES[kind])
    if typed is None:
        if stdin_taken or not sys.stdin.isatty():
            raise click.UsageError(f"Give {NAMES[kind]} with --code-file FILE or in {VARIABLES[kind]}.")
        typed = click.prompt(
            NAMES[kind][NAMES[kind].index(" ") + 1 :].capitalize(), hide_input=True, err=True
        )
    return str(typed)


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
