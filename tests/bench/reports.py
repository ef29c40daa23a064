"""Reports as a server sees them: right in length, header and ids, random in the rest; made in microseconds.

A sealed one takes milliseconds to make and differs in nothing that the service may look at.
"""

import os

from crypto.public.encoding import b64, utc_day, week_of
from crypto.public.envelope_format import (
    CONVERSATION,
    CONVERSATION_HEADER_LENGTH,
    CONVERSATION_SIZES,
    KEY_BLOCK_LENGTH,
    OPENING,
    OPENING_HEADER_LENGTH,
    OPENING_SIZES,
    SLOT_LENGTH,
    STUB_LENGTH,
    TAG_LENGTH,
)
from crypto.public.limits import CREATION_LENGTH, ENVELOPE_ID_LENGTH, MAILBOX_ID_LENGTH, SUITE
from crypto.public.mailbox import CreationRecord, verifier

SLOTS = 2
OPENING_LENGTH = (
    OPENING_HEADER_LENGTH
    + SLOTS * SLOT_LENGTH
    + STUB_LENGTH
    + KEY_BLOCK_LENGTH
    + OPENING_SIZES[0]
    + TAG_LENGTH
)
BODY_LENGTH = CREATION_LENGTH + OPENING_LENGTH


def opening() -> bytes:
    """An opening envelope of the smallest size."""
    head = bytes([SUITE, OPENING, SLOTS]) + week_of(utc_day()).to_bytes(4, "big")
    return head + os.urandom(OPENING_LENGTH - len(head))


def conversation_envelope() -> bytes:
    """A conversation envelope of the smallest size."""
    length = CONVERSATION_HEADER_LENGTH + CONVERSATION_SIZES[0] + TAG_LENGTH
    return bytes([SUITE, CONVERSATION]) + os.urandom(length - 2)


def creation(organisation: bytes, mailbox: bytes, tokens: dict[str, bytes]) -> bytes:
    """A creation record; capabilities without a token get a verifier that no token fits."""
    names = ("read", "write", "close", "replace", "delete")
    verifiers = (verifier(name, tokens[name]) if name in tokens else os.urandom(32) for name in names)
    return CreationRecord(organisation, mailbox, *verifiers).to_bytes()


def request(method: str, path: str, body: bytes | None = None, token: bytes | None = None) -> bytes:
    """The bytes of an HTTP request on a connection that stays open."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if token is not None:
        lines.append(f"Authorization: Bearer {b64(token)}")
    if body is not None:
        lines += ["Content-Type: application/octet-stream", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + (body or b"")


def mailbox_path(slug: str, mailbox: bytes) -> str:
    """The path of a mailbox."""
    return f"/{slug}/api/1/mailboxes/{b64(mailbox)}"


def report_requests(slug: str, organisation: bytes, number: int) -> list[bytes]:
    """Requests that bring that many new reports."""
    made = []
    for _ in range(number):
        mailbox, envelope = os.urandom(MAILBOX_ID_LENGTH), os.urandom(ENVELOPE_ID_LENGTH)
        path = f"{mailbox_path(slug, mailbox)}/opening/{b64(envelope)}"
        made.append(request("PUT", path, creation(organisation, mailbox, {}) + opening()))
    return made
