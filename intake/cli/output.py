"""What commands print: one JSON document, or text for a person; progress for a terminal."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import click

from crypto.conversation import Thread
from crypto.encoding import b64, day_text
from crypto.errors import NOTICES
from crypto.message import REPORTER
from intake.client.choosing import shown
from intake.client.sending import Written

T = TypeVar("T")

REMARKS = "drempel.remarks"

# What could move a terminal's cursor or turn its text around; a message is written by somebody unknown.
# The joiners (U+200C, U+200D) are part of Persian words and of emoji.
HARMLESS_CONTROLS = "\n\t\u200c\u200d"
DIRECTION_MARKS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Refused(Exception):
    """A refusal in the command line's own words, for what the registry and the store have none."""


class OutputFailed(Refused):
    """It was done, but the result could not be written to standard output."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{self.__doc__} ({reason})")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work to its end."""
    return asyncio.run(work)


def remark(text: str) -> None:
    """Something to say on standard error if the command succeeds; a refusal stands alone."""
    remarks: list[str] = click.get_current_context().meta.setdefault(REMARKS, [])
    remarks.append(text)


def emit(value: dict[str, Any], as_json: bool, text: str) -> None:
    """Print the result: `value` as one JSON document, or `text`; then the remarks.

    The JSON is ASCII: no terminal's encoding can break it, and nothing in it can play tricks on a terminal.
    """
    try:
        click.echo(json.dumps(value) if as_json else text.encode("utf-8"))
        sys.stdout.flush()
    except OSError as problem:
        # Python would try the same bytes again at its end, and fail with words of its own.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise OutputFailed(problem.strerror or "it is closed") from None
    for line in click.get_current_context().meta.get(REMARKS, []):
        click.echo(line, err=True)


def plain(text: str) -> str:
    """`text` with everything that could play tricks on a terminal made visible."""
    return "".join(letter if is_harmless(letter) else "\ufffd" for letter in text.replace("\r\n", "\n"))


def is_harmless(letter: str) -> bool:
    """Whether a character of a text is seen, or breaks its line as it seems to."""
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
    """Shows how much is done, on a terminal only, once it is more than a moment's work."""

    def show(done: int, total: int) -> None:
        if sys.stderr.isatty() and total > 1 << 20:
            click.echo(f"\r{what}: {100 * done // total} %", err=True, nl=done >= total)

    return show


def written_json(written: Written) -> dict[str, str]:
    """Where a message was stored."""
    return {"mailbox": b64(written.mailbox), "envelope": b64(written.envelope)}
