"""Opens envelopes. Each failure names its layer (PROTOCOL 6.6, 6.7, 6.9)."""

import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from crypto.public.envelope_format import (
    KEY_BLOCK_LENGTH,
    KeyBlock,
    OpeningParts,
    Stub,
    creation_of,
    parse_conversation,
    parse_opening,
    parse_stub,
    read_key_block,
    slot_info,
)
from crypto.public.errors import EnvelopeError, WireError
from crypto.public.mailbox import CreationRecord
from crypto.secret.envelope_seal import (
    ConversationPlace,
)
from crypto.secret.hpke_open import PrivateKey
from crypto.secret.message_pack import opening_context
from crypto.secret.message_unpack import AuthorKeys, Message, unpack_message
from crypto.secret.primitives import DoesNotOpen, derive, unseal


@dataclass(frozen=True)
class Opening:
    """The content of an opening envelope. `secret` is `Z` (32 bytes), which opens it again."""

    secret: bytes
    keys: KeyBlock
    message: Message


def open_stub(sealed: bytes, key: bytes, salt: bytes, associated: bytes) -> Stub:
    """Open a stub with a receipt's stub key; EnvelopeError `envelope-stub`."""
    try:
        return parse_stub(unseal(derive(key, salt, "opening/stub"), associated, sealed))
    except DoesNotOpen:
        raise EnvelopeError("envelope-stub") from None


def _parse_opening(data: bytes) -> OpeningParts:
    try:
        return parse_opening(data)
    except WireError as problem:
        raise EnvelopeError(problem.code) from None


def open_opening(
    data: bytes,
    creation: CreationRecord,
    envelope: bytes,
    week_keys: Callable[[int], Iterable[PrivateKey]],
    author_keys: Callable[[Message, KeyBlock], Sequence[bytes]],
) -> Opening:
    """Open an opening as a recipient (PROTOCOL 6.6). `week_keys` gives the private keys held for a week.

    EnvelopeError names the layer; `envelope-no-slot` only means that it is for another recipient.
    """
    parts = _parse_opening(data)
    for key in week_keys(parts.week):
        for index, slot in enumerate(parts.slots):
            try:
                secret = key.open(slot_info(parts.header, creation, envelope, index), slot)
            except DoesNotOpen:
                continue
            return _open_body(parts, creation, envelope, secret, author_keys)
    raise EnvelopeError("envelope-no-slot")


def open_with_secret(
    data: bytes,
    creation: CreationRecord,
    envelope: bytes,
    secret: bytes,
    author_keys: Callable[[Message, KeyBlock], Sequence[bytes]],
) -> Opening:
    """Open an opening with its secret `Z`: PROTOCOL 6.6 from step 3 on."""
    return _open_body(_parse_opening(data), creation, envelope, secret, author_keys)


def _open_body(
    parts: OpeningParts,
    creation: CreationRecord,
    envelope: bytes,
    secret: bytes,
    author_keys: Callable[[Message, KeyBlock], Sequence[bytes]],
) -> Opening:
    if not hmac.compare_digest(derive(secret, parts.salt, "opening/commit"), parts.commitment):
        raise EnvelopeError("envelope-commitment")
    associated = creation.to_bytes() + envelope + parts.header + b"".join(parts.slots) + parts.stub
    try:
        content = unseal(derive(secret, parts.salt, "opening/body"), associated, parts.body)
    except DoesNotOpen:
        raise EnvelopeError("envelope-body") from None
    block = content[:KEY_BLOCK_LENGTH]
    keys = read_key_block(block)
    # So the sealer has also made the mailbox, and each reader gets the tokens that the server accepts.
    if creation_of(keys, creation.organisation, creation.delete) != creation:
        raise EnvelopeError("envelope-record")
    place = opening_context(creation, envelope, parts.commitment, block)
    padded = content[KEY_BLOCK_LENGTH:]
    message = unpack_message(padded, place, lambda message: author_keys(message, keys), opening=True)
    return Opening(secret, keys, message)


def read_stub(data: bytes, creation: CreationRecord, envelope: bytes, stub_key: bytes) -> Stub:
    """Open the stub of an opening with the receipt (PROTOCOL 6.7); EnvelopeError `envelope-stub`."""
    parts = _parse_opening(data)
    return open_stub(parts.stub, stub_key, parts.salt, creation.to_bytes() + envelope + parts.header)


def open_conversation(data: bytes, place: ConversationPlace, key: bytes, author_keys: AuthorKeys) -> Message:
    """Open the message in a conversation envelope; EnvelopeError names the layer (PROTOCOL 6.9)."""
    try:
        parts = parse_conversation(data)
    except WireError as problem:
        raise EnvelopeError(problem.code) from None
    if not hmac.compare_digest(derive(key, parts.salt, "conversation/commit"), parts.commitment):
        raise EnvelopeError("envelope-commitment")
    try:
        padded = unseal(
            derive(key, parts.salt, "conversation/body"), place.to_bytes() + parts.header, parts.body
        )
    except DoesNotOpen:
        raise EnvelopeError("envelope-body") from None
    return unpack_message(padded, place.committed(parts.commitment), author_keys, opening=False)
