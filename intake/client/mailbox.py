"""Fetching a mailbox, the same for reporters and recipients (PROTOCOL 5.3, 12.4)."""

from dataclasses import dataclass

from crypto.public.answers import StoredEnvelope, parse_mailbox_answer
from crypto.public.encoding import b64
from crypto.public.errors import WireError
from crypto.public.mailbox import CreationRecord, parse_creation
from intake.client.connection import Connection, ConnectionProblem


@dataclass(frozen=True)
class Fetched:
    """What the server holds for a mailbox: its creation record, which has been checked, and its envelopes."""

    creation: CreationRecord
    envelopes: tuple[StoredEnvelope, ...]


async def fetch(connection: Connection, organisation: bytes, mailbox: bytes, read_token: bytes) -> Fetched:
    """The mailbox of that id (32 bytes); WireError `receipt-unknown` if the server has none for this token.

    Any other answer that does not parse is a ConnectionProblem `answer-damaged`: a page from in between, such as a
    captive portal's, says nothing about the mailbox. So is a creation record of another organisation or mailbox.
    """
    response = await connection.request("GET", f"mailboxes/{b64(mailbox)}", token=read_token)
    try:
        answer = parse_mailbox_answer(response.content, read_token)
        creation = parse_creation(answer.creation)
    except WireError as problem:
        if problem.code == "receipt-unknown":
            raise
        raise ConnectionProblem("answer-damaged") from None
    if (creation.organisation, creation.mailbox) != (organisation, mailbox):
        raise ConnectionProblem("answer-damaged")
    return Fetched(creation, answer.envelopes)
