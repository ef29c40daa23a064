"""Seals envelopes (PROTOCOL 6.3, 6.9)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from crypto.public.directory import Quote
from crypto.public.encoding import Random
from crypto.public.envelope_format import (
    CONVERSATION,
    CONVERSATION_SIZES,
    OPENING,
    OPENING_SIZES,
    STUB_PLAIN_LENGTH,
    KeyBlock,
    Stub,
    slot_info,
)
from crypto.public.limits import SUITE
from crypto.public.mailbox import CreationRecord
from crypto.secret.hpke_open import PrivateKey
from crypto.secret.hpke_seal import seal_slot
from crypto.secret.message_pack import SignedContext, opening_context, pack_message
from crypto.secret.primitives import derive, seal

_SECRET_LENGTH = 32


@dataclass(frozen=True)
class Draft:
    """An opening that is to be sealed: its place, its recipients' keys, and its message (PROTOCOL 6.3)."""

    creation: CreationRecord
    envelope: bytes
    week: int
    slots: int
    recipient_keys: Sequence[bytes]
    keys: KeyBlock
    meta: dict[str, Any]
    text: str
    signing_seed: bytes


def shuffled(items: Sequence[Any], random: Random) -> list[Any]:
    """The items in a uniformly random order (Fisher-Yates, without the bias of a remainder)."""
    result = list(items)
    for last in range(len(result) - 1, 0, -1):
        limit = 2**32 - 2**32 % (last + 1)
        while (number := int.from_bytes(random(4), "big")) >= limit:
            pass
        other = number % (last + 1)
        result[last], result[other] = result[other], result[last]
    return result


def _seal_slots(draft: Draft, header: bytes, secret: bytes, random: Random) -> bytes:
    """Seal all slots (PROTOCOL 6.3 steps 2 and 3). Unused ones are sealed too, so that they look like the others."""
    unused = draft.slots - len(draft.recipient_keys)
    if unused < 0:
        raise ValueError("more recipients than slots")
    unused_key = PrivateKey(random(_SECRET_LENGTH)).public
    slots = [(key, secret) for key in draft.recipient_keys]
    slots += [(unused_key, random(_SECRET_LENGTH)) for _ in range(unused)]
    return b"".join(
        seal_slot(key, slot_info(header, draft.creation, draft.envelope, index), content)
        for index, (key, content) in enumerate(shuffled(slots, random))
    )


def seal_stub(stub: Stub | None, key: bytes, salt: bytes, associated: bytes) -> bytes:
    """Seal a stub, which always takes 158 bytes. Without a stub, zeros are sealed under a key that is not kept."""
    plain = stub.to_bytes() if stub else bytes(STUB_PLAIN_LENGTH)
    return seal(derive(key, salt, "opening/stub"), associated, plain)


def make_stub(
    signers: bytes, directory: Quote, channel: str, *, rereadable: bool, random: Random
) -> Callable[[bytes], Stub]:
    """A function that makes a reporter's stub from `Z`; with filler in place of `Z` if it may not be read again."""
    return lambda secret: Stub(rereadable, signers, directory, secret if rereadable else random(32), channel)


def seal_opening(
    draft: Draft,
    random: Random,
    *,
    stub_key: bytes | None = None,
    stub: Callable[[bytes], Stub] | None = None,
) -> tuple[bytes, bytes]:
    """Seal an opening envelope; gives it and its secret `Z` (32 bytes).

    A reporter passes the receipt's `stub_key` and `stub`, which makes the stub from `Z`; others leave both out.
    EnvelopeError `text-too-long` if the text does not fit.
    """
    secret, salt = random(_SECRET_LENGTH), random(32)
    commitment = derive(secret, salt, "opening/commit")
    header = bytes([SUITE, OPENING, draft.slots]) + draft.week.to_bytes(4, "big") + salt + commitment
    slots = _seal_slots(draft, header, secret, random)
    record = draft.creation.to_bytes()
    plain_stub = stub(secret) if stub else None
    sealed_stub = seal_stub(plain_stub, stub_key or random(32), salt, record + draft.envelope + header)
    block = draft.keys.to_bytes()
    place = opening_context(draft.creation, draft.envelope, commitment, block)
    padded = pack_message(draft.meta, draft.text, place, draft.signing_seed, OPENING_SIZES)
    associated = record + draft.envelope + header + slots + sealed_stub
    body = seal(derive(secret, salt, "opening/body"), associated, block + padded)
    return header + slots + sealed_stub + body, secret


@dataclass(frozen=True)
class ConversationPlace:
    """The place of a conversation envelope: organisation and mailbox (32 bytes each), envelope id (16 bytes)."""

    organisation: bytes
    mailbox: bytes
    envelope: bytes

    def to_bytes(self) -> bytes:
        """The associated data before the header."""
        return self.organisation + self.mailbox + self.envelope

    def committed(self, commitment: bytes) -> SignedContext:
        """The context that a message in this place is signed for."""
        return SignedContext(self.organisation, self.mailbox, self.envelope, commitment)


def seal_conversation(
    place: ConversationPlace, key: bytes, meta: dict[str, Any], text: str, signing_seed: bytes, random: Random
) -> bytes:
    """Seal a conversation envelope under the mailbox's conversation key (PROTOCOL 6.9)."""
    salt = random(32)
    commitment = derive(key, salt, "conversation/commit")
    header = bytes([SUITE, CONVERSATION]) + salt + commitment
    padded = pack_message(meta, text, place.committed(commitment), signing_seed, CONVERSATION_SIZES)
    return header + seal(derive(key, salt, "conversation/body"), place.to_bytes() + header, padded)
