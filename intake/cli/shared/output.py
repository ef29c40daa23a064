"""Prints the results of commands: one JSON document, or text for a person; progress on a terminal."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TextIO, TypeVar

import click

from crypto.public.directory_schema import REPORTER
from crypto.public.encoding import b64, day_text
from crypto.public.errors import NOTICES
from crypto.secret.conversation import Thread
from intake.cli.shared.texts import with_line_ends
from intake.client.files.chosen_file import shown
from intake.client.message import Written

T = TypeVar("T")

REMARKS = "drempel.remarks"

# Other controls could move a terminal's cursor or turn its text around, and a message's author is unknown.
# The joiners (U+200C, U+200D) are part of Persian words and of emoji.
HARMLESS_CONTROLS = "\n\t\u200c\u200d"
DIRECTION_MARKS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Refused(Exception):
    """A refusal with a sentence of the command line's own, which is in neither the registry nor the store."""


class OutputFailed(Refused):
    """It was done, but the result could not be written to standard output."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{self.__doc__} ({reason})")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work to its end."""
    return asyncio.run(work)


def remark(text: str) -> None:
    """Add a remark, printed on standard error if the command succeeds; a refusal stands alone."""
    remarks: list[str] = click.get_current_context().meta.setdefault(REMARKS, [])
    remarks.append(text)


def emit(value: dict[str, Any], as_json: bool, text: str) -> None:
    """Print the result: `value` as one JSON document, or `text`; then the remarks.

    The JSON is ASCII: no terminal's encoding can break it, and nothing in it can play tricks on a terminal.
    """
    show(json.dumps(value) if as_json else text)
    for line in click.get_current_context().meta.get(REMARKS, []):
        say(line)


def show(text: str) -> None:
    """Write the result to standard output; OutputFailed if that fails."""
    try:
        click.echo(text.encode("utf-8", errors="replace"))
        sys.stdout.flush()
    except OSError as problem:
        _to_nowhere(sys.stdout)
        raise OutputFailed(problem.strerror or "it is closed") from None


def lost_output() -> str:
    """The system's reason if standard output could not be written, else an empty string."""
    try:
        sys.stdout.flush()
    except OSError as problem:
        _to_nowhere(sys.stdout)
        return problem.strerror or "it is closed"
    return ""


def say(words: str, *, nl: bool = True) -> None:
    """Print on standard error. A failure to do so is ignored: it must neither end the command nor change its status."""
    try:
        click.echo(words, err=True, nl=nl)
    except OSError:
        _to_nowhere(sys.stderr)


def _to_nowhere(stream: TextIO) -> None:
    """Redirect a failed stream: Python would flush the same bytes at exit, print an error and change the status."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def plain(text: str) -> str:
    """`text` with every character that a terminal acts on replaced by U+FFFD."""
    return "".join(letter if is_harmless(letter) else "\ufffd" for letter in with_line_ends(text))


def is_harmless(letter: str) -> bool:
    """Whether a character is visible, or white space that does only what it shows."""
    return letter in HARMLESS_CONTROLS or (letter.isprintable() and letter not in DIRECTION_MARKS)


def thread_json(thread: Thread) -> dict[str, Any]:
    """`messages` and `notices` of a thread."""
    messages = [
        {
            "from": "reporter" if entry.message.author == REPORTER else "recipient",
            "recipient": None if entry.message.author == REPORTER else entry.message.author,
            "day": day_text(entry.message.day),
            "body": entry.message.text,
            "attachments": [{"name": item.name, "bytes": item.size} for item in entry.message.attachments],
        }
        for entry in thread.entries
    ]
    notices = [
        {
            "code": notice.code,
            "text": NOTICES[notice.code],
            "envelope": notice.envelope and b64(notice.envelope),
        }
        for notice in thread.notices
    ]
    return {"messages": messages, "notices": notices}


def thread_text(thread: Thread) -> str:
    """A thread as a person reads it."""
    parts = []
    for entry in thread.entries:
        author = "reporter" if entry.message.author == REPORTER else f"recipient {entry.message.author}"
        said = [f"{day_text(entry.message.day)}, {author}:", plain(entry.message.text).rstrip()]
        said += [f"File: {shown(item.name)} ({item.size:,} bytes)" for item in entry.message.attachments]
        parts.append("\n".join(said))
    parts += [f"Notice: {NOTICES[notice.code]}" for notice in thread.notices]
    return "\n\n".join(parts)


def progress(what: str) -> Callable[[int, int], None]:
    """A call-back that shows progress, on a terminal and for more than a moment's work only."""

    def show(done: int, total: int) -> None:
        if sys.stderr.isatty() and total > 1 << 20:
            say(f"\r{what}: {100 * done // total} %", nl=done >= total)

    return show


def written_json(written: Written) -> dict[str, str]:
    """Where a message was stored."""
    return {"mailbox": b64(written.mailbox), "envelope": b64(written.envelope)}
