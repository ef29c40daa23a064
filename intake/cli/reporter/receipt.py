"""`drempel receipt`: come back to a report."""

from pathlib import Path
from typing import BinaryIO

import click

from crypto.public.directory_schema import REPORTER
from crypto.public.encoding import b64
from crypto.secret.attachment import Attachment
from crypto.secret.message_pack import check_text
from crypto.secret.primitives import os_random
from intake.cli.export.command import export_to, folder_option
from intake.cli.export.folder import check_folder
from intake.cli.export.page import Conversation
from intake.cli.shared.attach_option import AttachedFiles, attach_options
from intake.cli.shared.codes import TypedCode, code_options
from intake.cli.shared.options import (
    ClientCall,
    client_options,
    explain_refusal,
    is_stdin,
    message_option,
    read_message,
)
from intake.cli.shared.output import emit, run, say, thread_json, thread_text, written_json
from intake.client.connection import Connection
from intake.client.message import Written
from intake.client.organisation import fetch_organisation
from intake.client.reporter import visit as client


@click.group()
def receipt() -> None:
    """Come back to a report: read, write again, export, or delete it."""


@receipt.command()
@client_options
@code_options("receipt")
def read(
    call: ClientCall,
    code: TypedCode,
) -> None:
    """Show the conversation, oldest message first."""
    secret = code.read()
    visit = run(_visit(call.connection, secret))
    words = f"Channel: {visit.channel}\n\n{thread_text(visit.thread)}"
    emit({"channel": visit.channel, **thread_json(visit.thread)}, call.as_json, words)


async def _visit(connection: Connection, secret: bytes) -> client.Visit:
    async with connection:
        organisation = await fetch_organisation(connection)
        return await client.visit(connection, organisation, client.open_receipt(organisation, secret))


@receipt.command()
@client_options
@code_options("receipt")
@message_option
@attach_options
def write(
    call: ClientCall,
    code: TypedCode,
    message_file: BinaryIO,
    attached: AttachedFiles,
) -> None:
    """Add a message to the conversation."""
    secret = code.read(stdin_taken=is_stdin(message_file))
    with explain_refusal(message_file, attached):
        attached.check()
        text = check_text(read_message(message_file))
        written = run(_write(call.connection, attached, secret, text))
    emit(written_json(written), call.as_json, "Received.")


async def _write(connection: Connection, attached: AttachedFiles, secret: bytes, text: str) -> Written:
    async with connection:
        organisation = await fetch_organisation(connection)
        uploads = attached.uploads(connection, organisation)
        keys = client.open_receipt(organisation, secret)
        if attached.paths:
            # Check the receipt first: hours of sending must not end with an unknown one.
            await client.visit(connection, organisation, keys)

        async def send(attachments: tuple[Attachment, ...]) -> Written:
            return await client.write(connection, organisation, keys, text, os_random, attachments)

        return await uploads.deliver(send)


@receipt.command()
@client_options
@code_options("receipt")
@folder_option
def export(
    call: ClientCall,
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
    visit = await client.visit(connection, organisation, client.open_receipt(organisation, secret))
    # Printed before anything is written: a file may stay on the disk even after it is deleted.
    say("This leaves the conversation readable on this device.")
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
    call: ClientCall,
    code: TypedCode,
) -> None:
    """Delete the conversation from the server. At once, without asking, and for good."""
    secret = code.read()
    run(_delete(call.connection, secret))
    emit({"deleted": True}, call.as_json, "Deleted from the server. What recipients have copied is not.")


async def _delete(connection: Connection, secret: bytes) -> None:
    async with connection:
        organisation = await fetch_organisation(connection)
        await client.delete(connection, organisation, client.open_receipt(organisation, secret))
