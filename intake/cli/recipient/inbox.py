"""`drempel inbox`: a recipient's side."""

from pathlib import Path
from typing import BinaryIO

import click

from crypto.public.encoding import b64, day_text, unb64
from crypto.public.errors import DrempelError
from crypto.secret.attachment import Attachment
from crypto.secret.conversation import Thread
from crypto.secret.keyring import Conversation
from crypto.secret.message_pack import check_text
from crypto.secret.primitives import os_random
from intake.cli.export import page
from intake.cli.export.command import export_to, folder_option
from intake.cli.export.folder import check_folder
from intake.cli.shared.attach_option import AttachedFiles, attach_options
from intake.cli.shared.codes import TypedCode, code_options
from intake.cli.shared.options import (
    ClientCall,
    TakesId,
    client_options,
    explain_refusal,
    is_stdin,
    message_option,
    read_message,
)
from intake.cli.shared.output import emit, progress, remark, run, thread_json, thread_text, written_json
from intake.client.connection import Connection
from intake.client.message import Written
from intake.client.organisation import fetch_organisation
from intake.client.recipient import inbox as client
from intake.client.recipient.session import Session, open_session


@click.group()
def inbox() -> None:
    """List, read and answer the reports of your channels."""


async def signed_in(connection: Connection, secret: bytes) -> tuple[Session, client.Synced]:
    """A session that has synced, and the result of the sync."""
    session = await open_session(connection, await fetch_organisation(connection), secret)
    found = await client.sync(session, os_random, progress("Looking for what is yours"))
    remark_on(found)
    return session, found


def remark_on(found: client.Synced) -> None:
    """Add remarks about a sync, for what the command's result does not show."""
    if found.damaged:
        remark(f"{found.damaged} items on the server could not be opened; they may be damaged.")
    if found.gone:
        remark(f"No longer on the server, deleted by the reporter or expired: {len(found.gone)}.")
    if found.full:
        remark("Your keyring is full: every command reads all that is new again, and takes longer each time.")


def mailbox_of(text: str) -> bytes:
    """The mailbox id (32 bytes) in an ID as it is typed; DrempelError `conversation-unknown` if it is none."""
    try:
        return unb64(text, 32)
    except ValueError:
        raise DrempelError("conversation-unknown") from None


@inbox.command("list")
@client_options
@code_options("access")
def list_(
    call: ClientCall,
    code: TypedCode,
) -> None:
    """List the conversations, newest first. A line is: id, day, channel, kind of report, number of messages."""
    rows = run(_list(call.connection, code.read()))
    conversations = [
        {
            "id": b64(row.mailbox),
            "channel": row.channel,
            "kind": row.report,
            "day": day_text(row.day),
            "messages": row.messages,
        }
        for row in rows
    ]
    lines = [
        f"{b64(row.mailbox)}  {day_text(row.day)}  {row.channel}  {row.report or '-'}  {_count(row.messages)}"
        for row in rows
    ]
    emit({"conversations": conversations}, call.as_json, "\n".join(lines) or "There is nothing yet.")


def _count(messages: int) -> str:
    return f"{messages} message{'s' if messages != 1 else ''}"


async def _list(connection: Connection, secret: bytes) -> list[client.Listed]:
    async with connection:
        return client.listed(*await signed_in(connection, secret))


@inbox.command(cls=TakesId)
@client_options
@code_options("access")
@click.argument("id_", metavar="ID")
def show(
    call: ClientCall,
    code: TypedCode,
    id_: str,
) -> None:
    """Show a conversation, oldest message first. The ID is the one that `drempel inbox list` gives."""
    known, thread = run(_show(call.connection, code.read(), mailbox_of(id_)))
    head = {"id": id_, "channel": known.channel, "kind": known.report}
    words = f"Channel: {known.channel}\nKind: {known.report or '-'}\n\n{thread_text(thread)}"
    emit({**head, **thread_json(thread)}, call.as_json, words)


async def _show(connection: Connection, secret: bytes, mailbox: bytes) -> tuple[Conversation, Thread]:
    async with connection:
        session, _ = await signed_in(connection, secret)
        return client.find(session, mailbox), await client.show(session, mailbox)


@inbox.command(cls=TakesId)
@client_options
@code_options("access")
@message_option
@attach_options
@click.argument("id_", metavar="ID")
def reply(
    call: ClientCall,
    code: TypedCode,
    message_file: BinaryIO,
    attached: AttachedFiles,
    id_: str,
) -> None:
    """Answer the reporter. The ID of the conversation is the one that `drempel inbox list` gives."""
    secret = code.read(stdin_taken=is_stdin(message_file))
    with explain_refusal(message_file, attached):
        attached.check()
        text = check_text(read_message(message_file))
        written = run(_reply(call.connection, attached, secret, mailbox_of(id_), text))
    emit(written_json(written), call.as_json, "Sent.")


async def _reply(
    connection: Connection, attached: AttachedFiles, secret: bytes, mailbox: bytes, text: str
) -> Written:
    async with connection:
        session, _ = await signed_in(connection, secret)
        uploads = attached.uploads(connection, session.organisation)
        if attached.paths:
            # Check the conversation first: hours of sending must not end with an unknown one.
            await client.show(session, mailbox)

        async def send(attachments: tuple[Attachment, ...]) -> Written:
            return await client.reply(session, mailbox, text, os_random, attachments)

        return await uploads.deliver(send)


@inbox.command(cls=TakesId)
@client_options
@code_options("access")
@folder_option
@click.argument("id_", metavar="ID")
def export(
    call: ClientCall,
    code: TypedCode,
    to: Path,
    id_: str,
) -> None:
    """Write a conversation with its files to a folder.

    conversation.html is for reading, conversation.json for programs, manifest.json has the SHA-256 of each file.
    """
    check_folder(to)
    secret = code.read()
    export_to(to, call, lambda connection: _bring(connection, secret, mailbox_of(id_)))


async def _bring(connection: Connection, secret: bytes, mailbox: bytes) -> page.Conversation:
    session, _ = await signed_in(connection, secret)
    known = client.find(session, mailbox)
    thread = await client.show(session, mailbox)
    organisation = session.organisation
    return page.Conversation(
        b64(mailbox),
        known.channel,
        known.report,
        thread,
        organisation.directory,
        day=organisation.day,
        reader=session.recipient,
    )
