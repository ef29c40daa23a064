"""`drempel receipt`: come back to a report."""

from pathlib import Path
from typing import BinaryIO

import click

from crypto.attachment import Attachment
from crypto.encoding import b64
from crypto.message import REPORTER, check_text
from crypto.sealing import os_random
from intake.cli.attaching import Attaching, attach_options
from intake.cli.codes import TypedCode, code_options
from intake.cli.export import export_to, folder_option
from intake.cli.export_folder import check_folder
from intake.cli.export_page import Conversation
from intake.cli.options import (
    Call,
    client_options,
    is_stdin,
    keeping_text,
    message_option,
    read_message,
)
from intake.cli.output import emit, run, thread_json, thread_text, written_json
from intake.client import receipt as client
from intake.client.connection import Connection
from intake.client.organisation import fetch_organisation
from intake.client.sending import Written


@click.group()
def receipt() -> None:
    """Come back to a report: read, write again, export, or delete it."""


@receipt.command()
@client_options
@code_options("receipt")
def read(
    call: Call,
    code: TypedCode,
) -> None:
    """Show the conversation, oldest message first."""
    secret = code.read()
    visit = run(_visit(call.connection, secret))
    words = f"Channel: {visit.channel}\n\n{thread_text(visit.thread)}"
    emit({"channel": visit.channel, **thread_json(visit.thread)}, call.as_json, words)


async def _visit(connection: Connection, secret: bytes) -> client.Visit:
    async with connection:
        return await client.visit(connection, await fetch_organisation(connection), secret)


@receipt.command()
@client_options
@code_options("receipt")
@message_option
@attach_options
def write(
    call: Call,
    code: TypedCode,
    message_file: BinaryIO,
    attaching: Attaching,
) -> None:
    """Add a message to the conversation."""
    secret = code.read(stdin_taken=is_stdin(message_file))
    with keeping_text(message_file, attaching):
        attaching.check()
        text = check_text(read_message(message_file))
        written = run(_write(call.connection, attaching, secret, text))
    emit(written_json(written), call.as_json, "Received.")


async def _write(connection: Connection, attaching: Attaching, secret: bytes, text: str) -> Written:
    async with connection:
        organisation = await fetch_organisation(connection)
        uploads = attaching.uploads(connection, organisation)
        if attaching.paths:
            # Hours of sending had better not end with a receipt that belongs to nothing.
            await client.visit(connection, organisation, secret)

        async def send(attachments: tuple[Attachment, ...]) -> Written:
            return await client.write(connection, organisation, secret, text, os_random, attachments)

        return await uploads.deliver(send)


@receipt.command()
@client_options
@code_options("receipt")
@folder_option
def export(
    call: Call,
    code: TypedCode,
    to: Path,
) -> None:
    """Write the conversation with its files to a folder. Whoever gets at the folder can read it.

    conversation.html is for reading, conversation.json for programs, manifest.json has the SHA-256 of each file.
    """
    check_folder(to)
    secret = code.read()
    export_to(to, call, lambda connection: _bring(connection, secret))


async def _bring(connection: Connection, secret: bytes) -> Conversation:
    organisation = await fetch_organisation(connection)
    visit = await client.visit(connection, organisation, secret)
    # Said before anything is written, since what was written may stay even where it is deleted.
    click.echo("This leaves the conversation readable on this device.", err=True)
    return Conversation(
        b64(visit.keys.mailbox),
        visit.channel,
        visit.kind,
        visit.thread,
        organisation.directory,
        day=organisation.day,
        reader=REPORTER,
    )


@receipt.command()
@client_options
@code_options("receipt")
def delete(
    call: Call,
    code: TypedCode,
) -> None:
    """Delete the conversation from the server. At once, without asking, and for good."""
    secret = code.read()
    run(_delete(call.connection, secret))
    emit({"deleted": True}, call.as_json, "Deleted from the server. What recipients have copied is not.")


async def _delete(connection: Connection, secret: bytes) -> None:
    async with connection:
        await client.delete(connection, await fetch_organisation(connection), secret)
