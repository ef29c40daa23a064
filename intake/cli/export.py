"""A conversation with its files, written to a folder, to be read where there is no network.

`drempel inbox export` and `drempel receipt export` only bring it; how it is written is the same for both.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from crypto.attachment import Attachment
from crypto.conversation import Thread
from crypto.encoding import b64, day_text
from crypto.errors import ERRORS, DrempelError
from intake.cli.export_folder import CONTENT, FILES, PAGE, ExportFolder, readable_json
from intake.cli.export_page import Conversation, Exported, author_name, page, words_of
from intake.cli.options import Call
from intake.cli.output import Refused, emit, run, thread_json
from intake.client.choosing import shown
from intake.client.connection import Connection, ConnectionProblem
from intake.client.downloading import download

Bring = Callable[[Connection], Awaitable[Conversation]]
"""Fetches a conversation, without its files."""

folder_option = click.option(
    "--to",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder to make. It must not exist yet, or be empty.",
)
"""`--to`, which the command has checked by `check_folder` before it asks for a code."""


def export_to(to: Path, call: Call, bring: Bring) -> None:
    """Bring a conversation, write it with its files to the folder, and print which files there are."""
    try:
        exported = run(_export(to, call, bring))
    except OSError as problem:
        raise Refused(f"{problem.strerror or 'Writing failed'}. {_INCOMPLETE}") from None
    except KeyboardInterrupt:
        raise Refused(f"Interrupted. {_INCOMPLETE}") from None
    _refuse_missing(exported)
    rows = [{"name": file.name, "bytes": file.attachment.size, "sha256": file.sha256} for file in exported]
    lines = [f"{row['sha256']}  {row['bytes']}  {shown(str(row['name']))}" for row in rows]
    emit({"files": rows}, call.as_json, "\n".join(lines) or "Exported. There are no files in it.")


_INCOMPLETE = "The export is not complete: remove the folder, if it is there, and export again."


def _refuse_missing(exported: list[Exported]) -> None:
    missing = [file for file in exported if file.problem]
    if missing:
        reasons = dict.fromkeys(ERRORS[file.problem].sentence for file in missing)
        names = ", ".join(shown(file.attachment.name) for file in missing)
        raise Refused(f"Not exported: {names}. {' '.join(reasons)} All the rest is in the folder.")


async def _export(to: Path, call: Call, bring: Bring) -> list[Exported]:
    async with call.connection as connection:
        brought = await bring(connection)
        folder = ExportFolder(to)
        fetching = _Fetching(call, connection, brought.directory.organisation, folder)
        content = replace(brought, files=await fetching.all(brought.thread))
    folder.write(PAGE, page(content))
    folder.write(CONTENT, readable_json(_as_json(content)))
    every = [file for of_message in content.files.values() for file in of_message]
    folder.finish(
        [
            {"name": file.attachment.name, "code": file.problem, "text": ERRORS[file.problem].sentence}
            for file in every
            if file.problem
        ]
    )
    return every


@dataclass
class _Fetching:
    """Fetches the files of a conversation, one after the other. One that fails never costs another."""

    call: Call
    connection: Connection
    organisation: bytes
    folder: ExportFolder
    given_up: str = ""
    """The code of what even patience did not help: nothing is asked of that server any more."""
    _done: dict[tuple[bytes, bytes, int], Exported] = field(default_factory=dict, init=False)

    async def all(self, thread: Thread) -> dict[bytes, list[Exported]]:
        """The files of each message, by the id of its envelope."""
        return {
            entry.envelope: [await self.one(item) for item in entry.message.attachments]
            for entry in thread.entries
        }

    async def one(self, attachment: Attachment) -> Exported:
        """Fetch a file, once, however many messages name it: a few files named by all could fill any disk."""
        same = attachment.secret, attachment.hash, attachment.size
        if same not in self._done:
            self._done[same] = await self._one(attachment)
        return replace(self._done[same], attachment=attachment)

    async def _one(self, attachment: Attachment) -> Exported:
        name = self.folder.name_for(attachment.name)
        if self.given_up:
            return Exported(attachment, name, problem=self.given_up)
        try:
            sha256 = await self._fetch(attachment, name)
        except DrempelError as problem:
            if isinstance(problem, ConnectionProblem) and problem.passing:
                self.given_up = problem.code
            return Exported(attachment, name, problem=problem.code)
        return Exported(attachment, name, sha256)

    async def _fetch(self, attachment: Attachment, name: str) -> str:
        def progress(written: int) -> None:
            self.call.status.progress(attachment.name, min(written, attachment.size), attachment.size)

        progress(0)
        kept = False
        with self.folder.begin(name) as target:
            try:
                sha256 = await download(self.connection, self.organisation, attachment, target, progress)
                self.folder.keep(name, attachment.size, sha256)
                kept = True
            finally:
                if not kept:
                    self.folder.drop(name)
                self.call.status.end()
        return sha256


def _as_json(content: Conversation) -> dict[str, Any]:
    directory = content.directory
    said = thread_json(content.thread)
    for message, entry in zip(said["messages"], content.thread.entries, strict=True):
        message["name"] = author_name(entry.message.author, directory)
        message["attachments"] = [
            {
                "name": file.attachment.name,
                "type": file.attachment.type,
                "bytes": file.attachment.size,
                "file": None if file.problem else f"{FILES}/{file.name}",
                "sha256": file.sha256 or None,
                "problem": file.problem or None,
            }
            for file in content.files[entry.envelope]
        ]
    return {
        "version": 1,
        "organisation": {
            "id": b64(directory.organisation),
            "name": words_of(directory.content["name"], directory),
        },
        "id": content.id,
        "channel": content.channel,
        "kind": content.kind,
        "exported": day_text(content.day),
        **said,
    }
