"""Renders a conversation as one self-contained page: no script, no network, no text that can deceive."""

import base64
import hashlib
import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import PurePosixPath
from urllib.parse import quote

from crypto.public.directory import Directory
from crypto.public.directory_schema import REPORTER
from crypto.public.encoding import day_text
from crypto.public.errors import ERRORS, NOTICES
from crypto.secret.attachment import Attachment
from crypto.secret.conversation import Thread
from intake.cli.shared.output import is_harmless
from intake.cli.shared.texts import with_line_ends

LANGUAGE = "en"
LINKED = frozenset({".txt", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".pdf"})
NO_LINK = "No link: a browser might run what is in a file of this kind."
HERE = {
    "place-full": "There was no room for this file in the place of the export.",
    "place-too-small": "This file is larger than the place of the export takes.",
    "place-failed": "This file could not be written in the place of the export.",
}
"""Problems of the file system that files are exported to."""
STYLE = """
:root { color-scheme: light dark; --page: #f4f6f8; --sheet: #fff; --ink: #17212b; --soft: #4c5a67; --line: #d5dce2;
  --accent: #14506b; --reporter: #e3eff5; --bad: #a3161c; --warn: #fff3dc;
  font: 100%/1.55 system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; }
@media (prefers-color-scheme: dark) { :root { --page: #10161c; --sheet: #19222b; --ink: #e9eef2; --soft: #aebac5;
  --line: #34414d; --accent: #8ccbe8; --reporter: #17323f; --bad: #ff9c97; --warn: #352810; } }
* { box-sizing: border-box; }
body { max-width: 46rem; margin: 0 auto; padding: 1rem; background: var(--page); color: var(--ink); }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0.5rem 0; }
h2 { font-size: 1rem; margin: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.15rem 1rem; margin: 0 0 1rem; }
dt, .day, .detail { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
article, .notices, .warning { background: var(--sheet); border: 1px solid var(--line); border-radius: 0.5rem;
  padding: 0.75rem 1rem; margin: 0 0 1rem; }
article.reporter { background: var(--reporter); }
.warning { background: var(--warn); }
header { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; justify-content: space-between; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; overflow: hidden; padding: 0.75rem 0; }
ul { list-style: none; margin: 0; padding: 0; }
article li { border-top: 1px solid var(--line); padding: 0.5rem 0; overflow-wrap: anywhere; overflow: hidden; }
a { color: var(--accent); }
.bad { color: var(--bad); }
.sign { border: 1px solid currentColor; border-radius: 0.2rem; padding: 0 0.2rem; font: 0.75em monospace;
  unicode-bidi: isolate; }
.detail { font-size: 0.85rem; }
code { overflow-wrap: anywhere; }
@media print { body { max-width: none; } article, .warning, .notices { break-inside: avoid-page; } }
"""


@dataclass(frozen=True)
class Exported:
    """The result for a file: its safe name and SHA-256 (hexadecimal) if it was exported, or the code of the problem.

    The code is one of PROTOCOL 15.2, or of `HERE`.
    """

    attachment: Attachment
    name: str
    sha256: str = ""
    problem: str = ""

    @property
    def reason(self) -> str:
        """A sentence about why the file is missing."""
        return HERE.get(self.problem) or ERRORS[self.problem].sentence


@dataclass(frozen=True)
class Conversation:
    """A conversation and its files, each message's by the id of its envelope.

    `channel` and `kind` are None where they are not known; `reader` is the person who exports: a recipient's id, or
    `REPORTER`.
    """

    id: str
    channel: str | None
    kind: str | None
    thread: Thread
    directory: Directory
    day: int
    reader: str
    files: Mapping[bytes, list[Exported]] = field(default_factory=dict)


def page(shown: Conversation) -> bytes:
    """The page, in UTF-8."""
    hash_ = base64.b64encode(hashlib.sha256(STYLE.encode("utf-8")).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{hash_}'; base-uri 'none'; form-action 'none'"
    parts = [
        f'<!doctype html>\n<html lang="{LANGUAGE}">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>A conversation of Drempel</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>",
        *_head(shown),
        *_warning(shown),
        *_messages(shown),
        *_notices(shown.thread),
        "</main>\n</body>\n</html>\n",
    ]
    return "\n".join(parts).encode("utf-8")


def words_of(text: Mapping[str, str], directory: Directory) -> str:
    """A text of the directory in English if there is one, else in the directory's first language."""
    languages = [LANGUAGE, *directory.content["languages"], *text]
    return next((text[language] for language in languages if language in text), "")


def author_name(author: str, directory: Directory) -> str:
    """The name of a message's author. A recipient who has left has no name any more, only an id."""
    if author == REPORTER:
        return "The reporter"
    listed = directory.recipient(author)
    return words_of(listed["name"], directory) if listed else author


def _head(shown: Conversation) -> Iterable[str]:
    directory = shown.directory
    channels = {item["id"]: words_of(item["name"], directory) for item in directory.content["channels"]}
    kinds = {item["id"]: words_of(item["name"], directory) for item in directory.content["kinds"]}
    rows = [
        ("Organisation", words_of(directory.content["name"], directory)),
        ("Channel", channels.get(shown.channel, shown.channel) if shown.channel else "-"),
        ("Kind of report", kinds.get(shown.kind, shown.kind) if shown.kind else "-"),
        ("Conversation", shown.id),
        ("Exported", day_text(shown.day)),
    ]
    yield "<h1>A conversation</h1>\n<dl>"
    for name, value in rows:
        yield f"<dt>{name}</dt><dd><bdi>{visible(value, line=True)}</bdi></dd>"
    yield "</dl>"


def _warning(shown: Conversation) -> Iterable[str]:
    entries = shown.thread.entries
    if any(shown.files.get(entry.envelope) and entry.message.author != shown.reader for entry in entries):
        yield (
            '<p class="warning">The files come from people you may not know, and a file can harm the device that opens '
            "it. Open them on a machine that is never online, or in Dangerzone.</p>"
        )


def _messages(shown: Conversation) -> Iterable[str]:
    for entry in shown.thread.entries:
        message = entry.message
        side = "reporter" if message.author == REPORTER else "recipient"
        author = author_name(message.author, shown.directory)
        yield f'<article class="{side}">\n<header>'
        yield f"<h2><bdi>{visible(author, line=True)}</bdi></h2>"
        yield f'<span class="day">{day_text(message.day)}</span></header>'
        yield f'<div class="text" dir="auto">{visible(message.text)}</div>'
        files = shown.files.get(entry.envelope, [])
        if files:
            yield "<ul>"
            yield from map(_file, files)
            yield "</ul>"
        yield "</article>"


def _file(file: Exported) -> str:
    name = f"<bdi>{visible(file.attachment.name, line=True)}</bdi>"
    length = file.attachment.size
    size = f"{length:,} byte{'s' if length != 1 else ''}"
    if file.problem:
        return f'<li><span class="bad">{name}, {size}: {html.escape(file.reason)}</span></li>'
    saved = f"files/{file.name}"
    detail = f"<bdi>{visible(saved, line=True)}</bdi><br>SHA-256 <code>{file.sha256}</code>"
    if is_linked(file.name):
        name = f'<a href="{html.escape(quote(saved))}">{name}</a>'
    else:
        detail += f"<br>{NO_LINK}"
    return f'<li>{name}, {size}<div class="detail">{detail}</div></li>'


def is_linked(name: str) -> bool:
    """Whether a browser that opens a file of this safe name shows it, and runs nothing of it.

    For a page on a disk, a browser decides by the extension, and opens files that it should save: `download` has no
    effect there. An HTML or SVG file would run its author's script, with the network, at one click.
    """
    return PurePosixPath(name).suffix.lower() in LINKED


def _notices(thread: Thread) -> Iterable[str]:
    if thread.notices:
        yield '<section class="notices">\n<h2>Notices</h2>\n<ul>'
        yield from (f"<li>{html.escape(NOTICES[notice.code])}</li>" for notice in thread.notices)
        yield "</ul>\n</section>"


def visible(text: str, *, line: bool = False) -> str:
    """Escape text for HTML. Characters that are invisible, or that turn the text around them, are shown by number.

    With `line`, so are line breaks and tabs, which would split a name.
    """

    def stays(letter: str) -> bool:
        return is_harmless(letter) and not (line and letter in "\n\t")

    parts = []
    for harmless, letters in groupby(text if line else with_line_ends(text), stays):
        if harmless:
            parts.append(html.escape("".join(letters)))
        else:
            parts += [_sign(letter, len(list(same))) for letter, same in groupby(letters)]
    return "".join(parts)


def _sign(letter: str, times: int) -> str:
    number = f"U+{ord(letter):04X}" + (f" \u00d7{times}" if times > 1 else "")
    return f'<span class="sign">{number}</span>'
