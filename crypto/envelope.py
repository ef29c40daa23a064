"""Sealing and opening envelopes (PROTOCOL 6). The service must not import this."""

import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from crypto import hpke, wire
from crypto.directory import Quote
from crypto.encoding import Random, is_id
from crypto.errors import EnvelopeError, WireError
from crypto.message import AuthorKeys, Message, Place, keys_hash, pack, unpack
from crypto.sealing import DoesNotOpen, derive, seal, unseal

SECRET_LENGTH = 32
STUB_PLAIN_LENGTH = 142
CHANNEL_LENGTH = 40
REREADABLE = 1


@dataclass(frozen=True)
class KeyBlock:
    """The keys and tokens of a mailbox (PROTOCOL 6.4): 32 bytes each, the X-Wing public key 1,216."""

    conversation: bytes
    read: bytes
    write: bytes
    close: bytes
    replace: bytes
    signing_key: bytes
    xwing_public: bytes

    def to_bytes(self) -> bytes:
        """The 1,408 bytes."""
        tokens = self.read + self.write + self.close + self.replace
        return self.conversation + tokens + self.signing_key + self.xwing_public

    def creation(self, organisation: bytes, delete_verifier: bytes) -> wire.CreationRecord:
        """The creation record of a mailbox with these keys; who holds the delete token is decided elsewhere."""
        read = wire.verifier("read", self.read)
        return wire.CreationRecord(
            organisation=organisation,
            mailbox=wire.mailbox_id(read, self.signing_key),
            read=read,
            write=wire.verifier("write", self.write),
            close=wire.verifier("close", self.close),
            replace=wire.verifier("replace", self.replace),
            delete=delete_verifier,
        )


def read_key_block(data: bytes) -> KeyBlock:
    """The key block in 1,408 bytes."""
    conversation, read, write, close, replace, signing_key = (data[at : at + 32] for at in range(0, 192, 32))
    return KeyBlock(conversation, read, write, close, replace, signing_key, data[192:])


@dataclass(frozen=True)
class Opening:
    """What an opening envelope says. `secret` is `Z` (32 bytes), which opens it again."""

    secret: bytes
    keys: KeyBlock
    message: Message


@dataclass(frozen=True)
class Stub:
    """What the reporter's client noted at sending: hashes of 32 bytes; `secret` is `Z`, or filler."""

    rereadable: bool
    signers: bytes
    directory: Quote
    secret: bytes
    channel: str

    def to_bytes(self) -> bytes:
        """The 142 bytes."""
        head = bytes([REREADABLE if self.rereadable else 0]) + self.signers
        quote = self.directory.version.to_bytes(4, "big") + self.directory.hash
        channel = self.channel.encode("ascii")
        return head + quote + self.secret + bytes([len(channel)]) + channel.ljust(CHANNEL_LENGTH, b"\x00")


@dataclass(frozen=True)
class Draft:
    """An opening that is to be sealed: its place, who may open it, and what it says (PROTOCOL 6.3)."""

    creation: wire.CreationRecord
    envelope: bytes
    week: int
    slots: int
    recipient_keys: Sequence[bytes]
    keys: KeyBlock
    meta: dict[str, Any]
    text: str
    signing_seed: bytes


def _slot_info(header: bytes, creation: wire.CreationRecord, envelope: bytes, index: int) -> bytes:
    week, commitment = header[3:7], header[39:71]
    place = creation.organisation + creation.mailbox + envelope
    return b"drempel/1/slot" + bytes([wire.SUITE]) + place + week + commitment + bytes([index])


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
    """PROTOCOL 6.3 steps 2 and 3: an unused slot is a real seal too, or it could be told apart."""
    unused = draft.slots - len(draft.recipient_keys)
    if unused < 0:
        raise ValueError("more recipients than slots")
    nobody = hpke.PrivateKey(random(SECRET_LENGTH)).public
    slots = [(key, secret) for key in draft.recipient_keys]
    slots += [(nobody, random(SECRET_LENGTH)) for _ in range(unused)]
    return b"".join(
        hpke.seal(key, _slot_info(header, draft.creation, draft.envelope, index), content)
        for index, (key, content) in enumerate(shuffled(slots, random))
    )


def seal_stub(stub: Stub | None, key: bytes, salt: bytes, associated: bytes) -> bytes:
    """158 bytes, whatever they say; without a stub, zeros under a key nobody keeps."""
    plain = stub.to_bytes() if stub else bytes(STUB_PLAIN_LENGTH)
    return seal(derive(key, salt, "opening/stub"), associated, plain)


def open_stub(sealed: bytes, key: bytes, salt: bytes, associated: bytes) -> Stub:
    """The stub under a receipt's stub key; EnvelopeError `envelope-stub`."""
    try:
        plain = unseal(derive(key, salt, "opening/stub"), associated, sealed)
        channel = plain[102 : 102 + plain[101]].decode("ascii")
    except (DoesNotOpen, UnicodeDecodeError):
        raise EnvelopeError("envelope-stub") from None
    quote = Quote(int.from_bytes(plain[33:37], "big"), plain[37:69])
    stub = Stub(bool(plain[0] & REREADABLE), plain[1:33], quote, plain[69:101], channel)
    if not is_id(channel) or not quote.version or stub.to_bytes() != plain:
        raise EnvelopeError("envelope-stub")
    return stub


def seal_opening(
    draft: Draft,
    random: Random,
    *,
    stub_key: bytes | None = None,
    stub: Callable[[bytes], Stub] | None = None,
) -> tuple[bytes, bytes]:
    """The opening envelope and its secret `Z` (32 bytes).

    A reporter passes the receipt's `stub_key` and `stub`, which makes the stub from `Z`; others leave both out.
    EnvelopeError `text-too-long` if the text does not fit.
    """
    secret, salt = random(SECRET_LENGTH), random(32)
    commitment = derive(secret, salt, "opening/commit")
    header = (
        bytes([wire.SUITE, wire.OPENING, draft.slots]) + draft.week.to_bytes(4, "big") + salt + commitment
    )
    slots = _seal_slots(draft, header, secret, random)
    record = draft.creation.to_bytes()
    plain_stub = stub(secret) if stub else None
    sealed_stub = seal_stub(plain_stub, stub_key or random(32), salt, record + draft.envelope + header)
    block = draft.keys.to_bytes()
    place = _place(draft.creation, draft.envelope, commitment, block)
    padded = pack(draft.meta, draft.text, place, draft.signing_seed, wire.OPENING_SIZES)
    associated = record + draft.envelope + header + slots + sealed_stub
    body = seal(derive(secret, salt, "opening/body"), associated, block + padded)
    return header + slots + sealed_stub + body, secret


def _place(creation: wire.CreationRecord, envelope: bytes, commitment: bytes, block: bytes) -> Place:
    return Place(creation.organisation, creation.mailbox, envelope, commitment, keys_hash(block))


def _parse_opening(data: bytes) -> wire.OpeningParts:
    try:
        return wire.parse_opening(data)
    except WireError as problem:
        raise EnvelopeError(problem.code) from None


def open_opening(
    data: bytes,
    creation: wire.CreationRecord,
    envelope: bytes,
    week_keys: Callable[[int], Iterable[hpke.PrivateKey]],
    author_keys: Callable[[Message, KeyBlock], Sequence[bytes]],
) -> Opening:
    """An opening read by a recipient (PROTOCOL 6.6). `week_keys` gives the private keys held for a week.

    EnvelopeError names the layer; `envelope-no-slot` just means that it is for somebody else.
    """
    parts = _parse_opening(data)
    for key in week_keys(parts.week):
        for index, slot in enumerate(parts.slots):
            try:
                secret = key.open(_slot_info(parts.header, creation, envelope, index), slot)
            except DoesNotOpen:
                continue
            return open_with_secret(data, creation, envelope, secret, author_keys)
    raise EnvelopeError("envelope-no-slot")


def open_with_secret(
    data: bytes,
    creation: wire.CreationRecord,
    envelope: bytes,
    secret: bytes,
    author_keys: Callable[[Message, KeyBlock], Sequence[bytes]],
) -> Opening:
    """An opening read with its secret `Z`: PROTOCOL 6.6 from step 3 on."""
    parts = _parse_opening(data)
    if not hmac.compare_digest(derive(secret, parts.salt, "opening/commit"), parts.commitment):
        raise EnvelopeError("envelope-commitment")
    associated = creation.to_bytes() + envelope + parts.header + b"".join(parts.slots) + parts.stub
    try:
        content = unseal(derive(secret, parts.salt, "opening/body"), associated, parts.body)
    except DoesNotOpen:
        raise EnvelopeError("envelope-body") from None
    block = content[: wire.KEY_BLOCK_LENGTH]
    keys = read_key_block(block)
    # Whoever sealed this also made the mailbox, and every holder gets the tokens the server will honour.
    if keys.creation(creation.organisation, creation.delete) != creation:
        raise EnvelopeError("envelope-record")
    place = _place(creation, envelope, parts.commitment, block)
    padded = content[wire.KEY_BLOCK_LENGTH :]
    message = unpack(padded, place, lambda message: author_keys(message, keys), opening=True)
    return Opening(secret, keys, message)


def read_stub(data: bytes, creation: wire.CreationRecord, envelope: bytes, stub_key: bytes) -> Stub:
    """The stub of an opening, read with the receipt (PROTOCOL 6.7); EnvelopeError `envelope-stub`."""
    parts = _parse_opening(data)
    return open_stub(parts.stub, stub_key, parts.salt, creation.to_bytes() + envelope + parts.header)


def make_stub(
    signers: bytes, directory: Quote, channel: str, *, rereadable: bool, random: Random
) -> Callable[[bytes], Stub]:
    """How a reporter's stub is made once `Z` is known; filler takes the place of `Z` if it may not be read again."""
    return lambda secret: Stub(rereadable, signers, directory, secret if rereadable else random(32), channel)


@dataclass(frozen=True)
class ConversationPlace:
    """Where a conversation envelope lies: organisation and mailbox (32 bytes each), envelope id (16 bytes)."""

    organisation: bytes
    mailbox: bytes
    envelope: bytes

    def to_bytes(self) -> bytes:
        """The associated data before the header."""
        return self.organisation + self.mailbox + self.envelope

    def committed(self, commitment: bytes) -> Place:
        """The place a message in it is signed for."""
        return Place(self.organisation, self.mailbox, self.envelope, commitment)


def seal_conversation(
    place: ConversationPlace, key: bytes, meta: dict[str, Any], text: str, signing_seed: bytes, random: Random
) -> bytes:
    """A conversation envelope under the mailbox's conversation key (PROTOCOL 6.9)."""
    salt = random(32)
    commitment = derive(key, salt, "conversation/commit")
    header = bytes([wire.SUITE, wire.CONVERSATION]) + salt + commitment
    padded = pack(meta, text, place.committed(commitment), signing_seed, wire.CONVERSATION_SIZES)
    return header + seal(derive(key, salt, "conversation/body"), place.to_bytes() + header, padded)


def open_conversation(data: bytes, place: ConversationPlace, key: bytes, author_keys: AuthorKeys) -> Message:
    """The message in a conversation envelope; EnvelopeError names the layer (PROTOCOL 6.9)."""
    try:
        parts = wire.parse_conversation(data)
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
    return unpack(padded, place.committed(parts.commitment), author_keys, opening=False)
