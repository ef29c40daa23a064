"""Sending a message to a conversation, the same for reporters and recipients (PROTOCOL 6.9, 8.2)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from crypto.public.blobs import build_claims
from crypto.public.encoding import Random, b64, day_text, utc_day
from crypto.secret.attachment import Attachment, claims_of
from crypto.secret.conversation import Thread
from crypto.secret.envelope_seal import ConversationPlace, seal_conversation
from intake.client.connection import Connection, ConnectionProblem
from intake.client.organisation import Organisation


@dataclass(frozen=True)
class Written:
    """Where a message is durably stored: ids of its mailbox (32 bytes) and envelope (16 bytes)."""

    mailbox: bytes
    envelope: bytes


def attached(attachments: Collection[Attachment]) -> dict[str, Any]:
    """The members of a message's meta that name its files; none if there are no files."""
    return {"attachments": [item.to_json() for item in attachments]} if attachments else {}


async def send_message(
    connection: Connection,
    organisation: Organisation,
    thread: Thread,
    place: ConversationPlace,
    *,
    conversation_key: bytes,
    write_token: bytes,
    author: str,
    signing_seed: bytes,
    text: str,
    random: Random,
    attachments: Collection[Attachment] = (),
) -> Written:
    """Seal a message as an answer to the thread's heads, and store it; it is durably stored when this returns.

    All of its files must be on the server: else ConnectionProblem `attachments-incomplete`, and nothing is stored.
    """
    if not thread.heads:
        # Without the opening there is nothing to answer to: the server has withheld it.
        raise ConnectionProblem("answer-damaged")
    parents, counter = thread.parents()
    meta = {
        "kind": "message",
        "author": author,
        "day": day_text(utc_day()),
        "directory": organisation.directory.quote.to_json(),
        "counter": counter,
        "parents": [b64(parent) for parent in parents],
        **attached(attachments),
    }
    data = seal_conversation(place, conversation_key, meta, text, signing_seed, random)
    path = f"mailboxes/{b64(place.mailbox)}/envelopes/{b64(place.envelope)}"
    body = build_claims(claims_of(attachments)) + data
    await connection.request("PUT", path, token=write_token, body=body)
    return Written(place.mailbox, place.envelope)
