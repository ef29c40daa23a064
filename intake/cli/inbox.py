"""`drempel inbox`: a recipient's side."""

from pathlib import Path
from typing import BinaryIO

import click

from crypto.attachment import Attachment
from crypto.conversation import Thread
from crypto.encoding import b64, day_text, unb64
from crypto.errors import DrempelError
from crypto.keyring import Conversation
from crypto.message import check_text
from crypto.sealing import os_random
from intake.cli import export_page
from intake.cli.attaching import Attaching, attach_options
from intake.cli.codes import TypedCode, code_options
from intake.cli.export import export_to, folder_option
from intake.cli.export_folder import check_folder
from intake.cli.options import (
    Call,
    TakesId,
    client_options,
    is_stdin,
    keeping_text,
    message_option,
    read_message,
)
from intake.cli.output import emit, progress, remark, run, thread_json, thread_text, written_json
from intake.client import inbox as client
from intake.client.connection import Connection
from intake.client.organisation import fetch_organisation
from intake.client.sending import Written
from intake.client.session import Session, open_session


@click.group()
def inbox() -> None:
    """List, read and answer the reports of your channels."""


async def signed_in(connection: Connection, secret: bytes) -> tuple[Session, client.Synced]:
    """A session that has synced, and what it found."""
    session = await open_session(connection, await fetch_organisation(connection), secret)
    found = await client.sync(session, os_random, progress("Looking for what is yours"))
    tell(found)
    return session, found


def tell(found: client.Synced) -> None:
    """Say, if the command succeeds, what of a sync its result does not show."""
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
    call: Call,
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
    call: Call,
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
    call: Call,
    code: TypedCode,
    message_file: BinaryIO,
    attaching: Attaching,
    id_: str,
) -> None:
    """Answer the reporter. The ID of the conversation is the one that `drempel inbox list` gives."""
    secret = code.read(stdin_taken=is_stdin(message_file))
    with keeping_text(message_file, attaching):
        attaching.check()
        text = check_text(read_message(message_file))
        written = run(_reply(call.connection, attaching, secret, mailbox_of(id_), text))
    emit(written_json(written), call.as_json, "Sent.")


async def _reply(
    connection: Connection, attaching: Attaching, secret: bytes, mailbox: bytes, text: str
) -> Written:
    async with connection:
        session, _ = await signed_in(connection, secret)
        uploads = attaching.uploads(connection, session.organisation)
        if attaching.paths:
            # Hours of sending had better not end with a conversation that is not there.
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
    call: Call,
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


async def _bring(connection: Connection, secret: bytes, mailbox: bytes) -> export_page.Conversation:
    session, _ = await signed_in(connection, secret)
    known = client.find(session, mailbox)
    thread = await client.show(session, mailbox)
    organisation = session.organisation
    return export_page.Conversation(
        b64(mailbox),
        known.channel,
        known.report,
        thread,
        organisation.directory,
        day=organisation.day,
        reader=session.recipient,
    )
