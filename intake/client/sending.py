"""Sending a message to a conversation, the same for reporters and recipients (PROTOCOL 6.9, 8.2)."""

from dataclasses import dataclass

from crypto.conversation import Thread
from crypto.encoding import Random, b64, day_text, utc_day
from crypto.envelope import ConversationPlace, seal_conversation
from intake.client.connection import Connection, ConnectionProblem
from intake.client.organisation import Organisation


@dataclass(frozen=True)
class Written:
    """A message that is stored durably: ids of its mailbox (32 bytes) and envelope (16 bytes)."""

    mailbox: bytes
    envelope: bytes


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
) -> Written:
    """Seal a message after all that its author has seen, and store it; when this returns it is stored durably."""
    if not thread.heads:
        # Without the opening there is nothing to answer to: the server withheld it.
        raise ConnectionProblem("answer-damaged")
    parents, counter = thread.parents()
    meta = {
        "kind": "message",
        "author": author,
        "day": day_text(utc_day()),
        "directory": organisation.directory.quote.to_json(),
        "counter": counter,
        "parents": [b64(parent) for parent in parents],
    }
    data = seal_conversation(place, conversation_key, meta, text, signing_seed, random)
    path = f"mailboxes/{b64(place.mailbox)}/envelopes/{b64(place.envelope)}"
    await connection.request("PUT", path, token=write_token, body=data)
    return Written(place.mailbox, place.envelope)
