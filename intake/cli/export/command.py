"""Writes a conversation with its files to a folder, to be read where there is no network.

`drempel inbox export` and `drempel receipt export` differ only in how they fetch it.
"""

import errno
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from crypto.public.encoding import b64, day_text
from crypto.public.errors import DrempelError
from crypto.secret.attachment import Attachment
from crypto.secret.conversation import Thread
from intake.cli.export.folder import CONTENT, FILES, PAGE, ExportFolder, readable_json
from intake.cli.export.page import Conversation, Exported, author_name, page, words_of
from intake.cli.shared.options import ClientCall
from intake.cli.shared.output import Refused, emit, remark, run, thread_json
from intake.client.connection import Connection, ConnectionProblem
from intake.client.files.chosen_file import shown
from intake.client.files.download import download

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)

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


def export_to(to: Path, call: ClientCall, bring: Bring) -> None:
    """Fetch a conversation, write it with its files to the folder, and print the list of files."""
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
        reasons = dict.fromkeys(file.reason for file in missing)
        names = ", ".join(shown(file.attachment.name) for file in missing)
        raise Refused(f"Not exported: {names}. {' '.join(reasons)} All the rest is in the folder.")


async def _export(to: Path, call: ClientCall, bring: Bring) -> list[Exported]:
    async with call.connection as connection:
        brought = await bring(connection)
        folder = ExportFolder(to)
        fetching = _Fetching(call, connection, brought.directory.organisation, folder)
        content = _finish(folder, replace(brought, files=await fetching.all(brought.thread)))
    if not folder.is_private:
        remark("Others who use this device may be able to read the folder: this place keeps nobody out.")
    return _files(content)


def _finish(folder: ExportFolder, content: Conversation) -> Conversation:
    """Write the texts and the manifest. Texts come first: files are removed where there is no room for all."""
    while True:
        missing = [
            {"name": file.attachment.name, "code": file.problem, "text": file.reason}
            for file in _files(content)
            if file.problem
        ]
        try:
            texts = {PAGE: page(content), CONTENT: readable_json(_as_json(content))}
            folder.finish(texts, missing)
            return content
        except OSError as problem:
            given = folder.give_way() if problem.errno in NO_ROOM else ""
            if not given:
                raise
        content = replace(content, files=_without(given, content.files))


def _files(content: Conversation) -> list[Exported]:
    return [file for of_message in content.files.values() for file in of_message]


def _without(name: str, files: Mapping[bytes, list[Exported]]) -> dict[bytes, list[Exported]]:
    return {
        envelope: [
            replace(file, sha256="", problem="place-full") if file.name == name else file
            for file in of_message
        ]
        for envelope, of_message in files.items()
    }


@dataclass
class _Fetching:
    """Fetches the files of a conversation, one after the other. A failure of one does not affect the others."""

    call: ClientCall
    connection: Connection
    organisation: bytes
    folder: ExportFolder
    given_up: str = ""
    """The code of a problem that outlasted all retries: the server is asked nothing more after that."""
    _done: dict[tuple[bytes, bytes, int], Exported] = field(default_factory=dict, init=False)

    async def all(self, thread: Thread) -> dict[bytes, list[Exported]]:
        """The files of each message, by the id of its envelope."""
        return {
            entry.envelope: [await self.one(item) for item in entry.message.attachments]
            for entry in thread.entries
        }

    async def one(self, attachment: Attachment) -> Exported:
        """Fetch a file once, however many messages name it: a few files that all messages name could fill any disk."""
        same = attachment.secret, attachment.hash, attachment.size
        if same not in self._done:
            self._done[same] = await self._one(attachment)
        return replace(self._done[same], attachment=attachment)

    async def _one(self, attachment: Attachment) -> Exported:
        name = self.folder.name_for(attachment.name)
        if self.given_up:
            return Exported(attachment, name, problem=self.given_up)
        try:
            return await self._fetch(attachment, name)
        except DrempelError as problem:
            if isinstance(problem, ConnectionProblem) and problem.is_transient:
                self.given_up = problem.code
            return Exported(attachment, name, problem=problem.code)
        except OSError as problem:
            return Exported(attachment, name, problem=_of_the_place(problem))

    async def _fetch(self, attachment: Attachment, name: str) -> Exported:
        def progress(written: int) -> None:
            self.call.status.progress(attachment.name, min(written, attachment.size), attachment.size)

        progress(0)
        kept = False
        taken, opened = self.folder.begin(name)
        if taken != name:
            remark(f"This place does not take the name {shown(name)}: the file is there as {taken}.")
        with opened as target:
            try:
                sha256 = await download(self.connection, self.organisation, attachment, target, progress)
                self.folder.keep(taken, attachment.size, sha256)
                kept = True
            finally:
                if not kept:
                    self.folder.drop(taken)
                self.call.status.end()
        return Exported(attachment, taken, sha256)


def _of_the_place(problem: OSError) -> str:
    if problem.errno in NO_ROOM:
        return "place-full"
    return "place-too-small" if problem.errno == errno.EFBIG else "place-failed"


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
