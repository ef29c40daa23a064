"""`drempel inbox export`: a conversation with its files, to be read where there is no network."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from crypto.attachment import Attachment
from crypto.conversation import Thread
from crypto.encoding import b64, day_text
from crypto.errors import ERRORS, DrempelError
from intake.cli.codes import TypedCode, code_options
from intake.cli.export_folder import FILES, ExportFolder, check_folder, readable_json
from intake.cli.export_page import Conversation, Exported, author_name, page, words_of
from intake.cli.inbox import mailbox_of, signed_in
from intake.cli.options import Call, TakesId, client_options
from intake.cli.output import Refused, emit, run, thread_json
from intake.client import inbox as client
from intake.client.choosing import shown
from intake.client.connection import Connection, ConnectionProblem
from intake.client.downloading import download
from intake.client.session import Session


@click.command(cls=TakesId)
@client_options
@code_options("access")
@click.argument("id_", metavar="ID")
@click.option(
    "--to",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder to make. It must not exist yet, or be empty.",
)
def export(call: Call, code: TypedCode, id_: str, to: Path) -> None:
    """Write a conversation with its files to a folder.

    conversation.html is for reading, conversation.json for programs, manifest.json has the SHA-256 of each file.
    """
    check_folder(to)
    secret = code.read()
    try:
        exported = run(_export(call, secret, mailbox_of(id_), to))
    except OSError as problem:
        raise Refused(f"{problem.strerror or 'Writing failed'}.\n{_INCOMPLETE}") from None
    except KeyboardInterrupt:
        raise Refused(f"Interrupted.\n{_INCOMPLETE}") from None
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
        raise Refused(f"Not exported: {names}. {' '.join(reasons)}\nAll the rest is in the folder.")


async def _export(call: Call, secret: bytes, mailbox: bytes, to: Path) -> list[Exported]:
    async with call.connection as connection:
        session, _ = await signed_in(connection, secret)
        known = client.find(session, mailbox)
        thread = await client.show(session, mailbox)
        folder = ExportFolder(to)
        fetching = _Fetching(call, connection, session, folder)
        files = await fetching.all(thread)
    directory = session.organisation.directory
    content = Conversation(
        b64(mailbox), known.channel, known.report, thread, files, directory, session.organisation.day
    )
    folder.write("conversation.html", page(content))
    folder.write("conversation.json", readable_json(_as_json(content)))
    every = [file for of_message in files.values() for file in of_message]
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
    session: Session
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
        organisation = self.session.organisation.directory.organisation
        kept = False
        with self.folder.begin(name) as target:
            try:
                sha256 = await download(self.connection, organisation, attachment, target, progress)
                self.folder.keep(name, attachment.size, sha256)
                kept = True
            finally:
                self.call.status.end()
                if not kept:
                    self.folder.drop(name)
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
