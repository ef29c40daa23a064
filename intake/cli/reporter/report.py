"""`drempel report`: send a report to a channel."""

from typing import BinaryIO

import click

from crypto.public.encoding import b64
from crypto.secret.attachment import Attachment
from crypto.secret.primitives import os_random
from intake.cli.shared.attach_option import AttachedFiles, attach_options
from intake.cli.shared.options import (
    ClientCall,
    client_options,
    explain_refusal,
    message_option,
    read_message,
)
from intake.cli.shared.output import OutputFailed, Refused, emit, run
from intake.client.organisation import fetch_organisation
from intake.client.reporter.report import SealedReport, check_report, seal_report, send_report


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
    call: ClientCall,
    channel: str,
    kind: str | None,
    not_rereadable: bool,
    without: tuple[str, ...],
    message_file: BinaryIO,
    attached: AttachedFiles,
) -> None:
    """Send a report. Prints the receipt: the only thing there is to keep."""
    with explain_refusal(message_file, attached):
        attached.check()
        text = read_message(message_file)
        sent = run(_send(call, attached, channel, kind, text, not not_rereadable, without))
    words = f"Received. Your receipt, the only way back to this report:\n\n  {sent.receipt}\n\nKeep it to yourself."
    try:
        emit({"receipt": sent.receipt, "mailbox": b64(sent.mailbox)}, call.as_json, words)
    except OutputFailed as problem:
        lost = "The report has arrived, but its receipt is lost: to be able to come back, report again."
        raise Refused(f"{problem}\n{lost}") from None


async def _send(
    call: ClientCall,
    attached: AttachedFiles,
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

        return await attached.uploads(connection, organisation).deliver(send)
