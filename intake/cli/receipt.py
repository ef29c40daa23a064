"""`drempel receipt`: come back to a report."""

from pathlib import Path
from typing import BinaryIO

import click

from crypto.errors import DrempelError
from crypto.sealing import os_random
from intake.cli.options import (
    client_options,
    code_options,
    connection_to,
    is_stdin,
    message_option,
    read_code,
    read_message,
    with_text_kept,
)
from intake.cli.output import emit, run, thread_json, thread_text, written_json
from intake.client import receipt as client
from intake.client.connection import Connection
from intake.client.organisation import fetch_organisation
from intake.client.sending import Written


@click.group()
def receipt() -> None:
    """Read, write on, or delete what belongs to a receipt."""


@receipt.command()
@client_options
@code_options
def read(
    server: str,
    pin: str | None,
    patience: float,
    as_json: bool,
    code_file: Path | None,
    accept_correction: bool,
) -> None:
    """Show the conversation, oldest first."""
    connection = connection_to(server, pin, patience)
    secret = read_code("receipt", code_file, accept_correction)
    visit = run(_visit(connection, secret))
    words = f"Channel: {visit.channel}\n\n{thread_text(visit.thread)}"
    emit({"channel": visit.channel, **thread_json(visit.thread)}, as_json, words)


async def _visit(connection: Connection, secret: bytes) -> client.Visit:
    async with connection:
        return await client.visit(connection, await fetch_organisation(connection), secret)


@receipt.command()
@client_options
@code_options
@message_option
def write(
    server: str,
    pin: str | None,
    patience: float,
    as_json: bool,
    code_file: Path | None,
    accept_correction: bool,
    message_file: BinaryIO,
) -> None:
    """Write another message."""
    connection = connection_to(server, pin, patience)
    secret = read_code("receipt", code_file, accept_correction, stdin_taken=is_stdin(message_file))
    text = read_message(message_file)
    try:
        written = run(_write(connection, secret, text))
    except DrempelError as problem:
        raise with_text_kept(problem, message_file) from None
    emit(written_json(written), as_json, "Received.")


async def _write(connection: Connection, secret: bytes, text: str) -> Written:
    async with connection:
        organisation = await fetch_organisation(connection)
        return await client.write(connection, organisation, secret, text, os_random)


@receipt.command()
@client_options
@code_options
def delete(
    server: str,
    pin: str | None,
    patience: float,
    as_json: bool,
    code_file: Path | None,
    accept_correction: bool,
) -> None:
    """Delete the report and all that followed from the server, for good."""
    connection = connection_to(server, pin, patience)
    secret = read_code("receipt", code_file, accept_correction)
    run(_delete(connection, secret))
    emit({"deleted": True}, as_json, "Deleted from the server. What recipients have copied is not.")


async def _delete(connection: Connection, secret: bytes) -> None:
    async with connection:
        await client.delete(connection, await fetch_organisation(connection), secret)
