"""`drempel report`: send a report to a channel."""

from typing import BinaryIO

import click

from crypto.encoding import b64
from crypto.errors import DrempelError
from crypto.sealing import os_random
from intake.cli.options import Call, client_options, message_option, read_message, with_text_kept
from intake.cli.output import emit, run
from intake.client.connection import Connection
from intake.client.organisation import fetch_organisation
from intake.client.report import SealedReport, seal_report, send_report


@click.command()
@client_options
@click.option("--channel", required=True, metavar="ID", help="Who the report is for.")
@click.option("--kind", metavar="ID", help="The kind of report.")
@click.option("--not-rereadable", is_flag=True, help="The receipt will not open this report again.")
@click.option(
    "--without", multiple=True, metavar="ID", help="Go on although this recipient can't be reached."
)
@message_option
def report(
    call: Call,
    channel: str,
    kind: str | None,
    not_rereadable: bool,
    without: tuple[str, ...],
    message_file: BinaryIO,
) -> None:
    """Send a report. Prints the receipt: the only thing there is to keep."""
    text = read_message(message_file)
    try:
        sent = run(_send(call.connection, channel, kind, text, not not_rereadable, without))
    except DrempelError as problem:
        raise with_text_kept(problem, message_file) from None
    words = f"Received. Your receipt, the only way back to this report:\n\n  {sent.receipt}\n\nKeep it to yourself."
    emit({"receipt": sent.receipt, "mailbox": b64(sent.mailbox)}, call.as_json, words)


async def _send(
    connection: Connection,
    channel: str,
    kind: str | None,
    text: str,
    rereadable: bool,
    without: tuple[str, ...],
) -> SealedReport:
    async with connection:
        organisation = await fetch_organisation(connection)
        sealed = seal_report(
            organisation, channel, kind, text, os_random, rereadable=rereadable, without=without
        )
        await send_report(connection, sealed)
    return sealed
