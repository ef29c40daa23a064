"""`drempel report`: send a report to a channel."""

from typing import BinaryIO

import click

from crypto.attachment import Attachment
from crypto.encoding import b64
from crypto.sealing import os_random
from intake.cli.attaching import Attaching, attach_options
from intake.cli.options import Call, client_options, keeping_text, message_option, read_message
from intake.cli.output import OutputFailed, Refused, emit, run
from intake.client.organisation import fetch_organisation
from intake.client.report import SealedReport, check_report, seal_report, send_report


@click.command()
@client_options
@click.option("--channel", required=True, metavar="ID", help="The channel that the report is for.")
@click.option("--kind", metavar="ID", help="The kind of report; may be left out.")
@click.option(
    "--not-rereadable", is_flag=True, help="The receipt will show the answers, but never the report itself."
)
@click.option(
    "--without",
    multiple=True,
    metavar="ID",
    help="Send it although this recipient can't be reached. Can be given more than once.",
)
@message_option
@attach_options
def report(
    call: Call,
    channel: str,
    kind: str | None,
    not_rereadable: bool,
    without: tuple[str, ...],
    message_file: BinaryIO,
    attaching: Attaching,
) -> None:
    """Send a report. Prints the receipt: the only thing there is to keep."""
    with keeping_text(message_file, attaching):
        attaching.check()
        text = read_message(message_file)
        sent = run(_send(call, attaching, channel, kind, text, not not_rereadable, without))
    words = f"Received. Your receipt, the only way back to this report:\n\n  {sent.receipt}\n\nKeep it to yourself."
    try:
        emit({"receipt": sent.receipt, "mailbox": b64(sent.mailbox)}, call.as_json, words)
    except OutputFailed as problem:
        lost = "The report has arrived, but its receipt is lost: to be able to come back, report again."
        raise Refused(f"{problem}\n{lost}") from None


async def _send(
    call: Call,
    attaching: Attaching,
    channel: str,
    kind: str | None,
    text: str,
    rereadable: bool,
    without: tuple[str, ...],
) -> SealedReport:
    async with call.connection as connection:
        organisation = await fetch_organisation(connection)
        check_report(organisation, channel, kind, text, without)

        async def send(attachments: tuple[Attachment, ...]) -> SealedReport:
            sealed = seal_report(
                organisation,
                channel,
                kind,
                text,
                os_random,
                rereadable=rereadable,
                without=without,
                attachments=attachments,
            )
            await send_report(connection, sealed)
            return sealed

        return await attaching.uploads(connection, organisation).deliver(send)
