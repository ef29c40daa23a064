"""The layout of envelopes, parsed and built without any key (PROTOCOL 6.2, 6.4, 6.5, 6.9)."""

from dataclasses import dataclass

from crypto.public.directory import Quote
from crypto.public.encoding import hash_labelled, is_id
from crypto.public.errors import EnvelopeError, WireError
from crypto.public.limits import SLOT_COUNTS, SUITE
from crypto.public.mailbox import CreationRecord, mailbox_id, verifier

OPENING, CONVERSATION, KEYRING, CLAIMS = 1, 2, 3, 4
SLOT_LENGTH = 1168
STUB_LENGTH = 158
KEY_BLOCK_LENGTH = 1408
TAG_LENGTH = 16
OPENING_HEADER_LENGTH = 71
CONVERSATION_HEADER_LENGTH = 66
OPENING_SIZES = tuple(8192 << n for n in range(8))
CONVERSATION_SIZES = tuple(4096 << n for n in range(9))


@dataclass(frozen=True)
class OpeningParts:
    """An opening envelope cut into its parts (PROTOCOL 6.2). `header` is the first 71 bytes."""

    header: bytes
    week: int
    salt: bytes
    commitment: bytes
    slots: tuple[bytes, ...]
    stub: bytes
    body: bytes


def _check_form(data: bytes, form: int, header_length: int) -> None:
    if len(data) < 2:
        raise WireError("envelope-header")
    if data[0] != SUITE:
        raise WireError("envelope-suite")
    if data[1] != form or len(data) < header_length:
        raise WireError("envelope-header")


def parse_opening(data: bytes) -> OpeningParts:
    """Parse an opening envelope (PROTOCOL 6.6 step 1); WireError `envelope-header` or `envelope-suite`."""
    _check_form(data, OPENING, OPENING_HEADER_LENGTH)
    count = data[2]
    stub_at = OPENING_HEADER_LENGTH + count * SLOT_LENGTH
    body_at = stub_at + STUB_LENGTH
    if count not in SLOT_COUNTS or len(data) - body_at - KEY_BLOCK_LENGTH - TAG_LENGTH not in OPENING_SIZES:
        raise WireError("envelope-header")
    slots = tuple(data[at : at + SLOT_LENGTH] for at in range(OPENING_HEADER_LENGTH, stub_at, SLOT_LENGTH))
    week = int.from_bytes(data[3:7], "big")
    return OpeningParts(
        data[:71], week, data[7:39], data[39:71], slots, data[stub_at:body_at], data[body_at:]
    )


@dataclass(frozen=True)
class ConversationParts:
    """A conversation envelope cut into its parts (PROTOCOL 6.9). `header` is the first 66 bytes."""

    header: bytes
    salt: bytes
    commitment: bytes
    body: bytes


def parse_conversation(data: bytes) -> ConversationParts:
    """Parse a conversation envelope; WireError `envelope-header` or `envelope-suite`."""
    _check_form(data, CONVERSATION, CONVERSATION_HEADER_LENGTH)
    if len(data) - CONVERSATION_HEADER_LENGTH - TAG_LENGTH not in CONVERSATION_SIZES:
        raise WireError("envelope-header")
    return ConversationParts(data[:66], data[2:34], data[34:66], data[66:])


def check_opening(data: bytes, slots: int) -> int:
    """The week of an opening envelope; WireError unless it has that many slots: all of an organisation look alike."""
    parts = parse_opening(data)
    if len(parts.slots) != slots:
        raise WireError("envelope-header")
    return parts.week


def check_conversation(data: bytes) -> None:
    """Raise WireError unless the data is a conversation envelope."""
    parse_conversation(data)


def envelope_hash(mailbox: bytes, envelope: bytes, data: bytes) -> bytes:
    """The hash by which later messages refer to an envelope (PROTOCOL 8.1), 32 bytes."""
    return hash_labelled("envelope", mailbox + envelope + data)


STUB_PLAIN_LENGTH = 142
_CHANNEL_LENGTH = 40
_REREADABLE = 1


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
        """The key block's 1,408 bytes."""
        tokens = self.read + self.write + self.close + self.replace
        return self.conversation + tokens + self.signing_key + self.xwing_public


def read_key_block(data: bytes) -> KeyBlock:
    """Parse the 1,408 bytes of a key block."""
    conversation, read, write, close, replace, signing_key = (data[at : at + 32] for at in range(0, 192, 32))
    return KeyBlock(conversation, read, write, close, replace, signing_key, data[192:])


def creation_of(keys: KeyBlock, organisation: bytes, delete_verifier: bytes) -> CreationRecord:
    """The creation record of a mailbox with these keys; the caller decides who holds the delete token."""
    read = verifier("read", keys.read)
    return CreationRecord(
        organisation=organisation,
        mailbox=mailbox_id(read, keys.signing_key),
        read=read,
        write=verifier("write", keys.write),
        close=verifier("close", keys.close),
        replace=verifier("replace", keys.replace),
        delete=delete_verifier,
    )


@dataclass(frozen=True)
class Stub:
    """The note of the reporter's client at sending: hashes of 32 bytes; `secret` is `Z`, or filler."""

    rereadable: bool
    signers: bytes
    directory: Quote
    secret: bytes
    channel: str

    def to_bytes(self) -> bytes:
        """The stub's 142 bytes."""
        head = bytes([_REREADABLE if self.rereadable else 0]) + self.signers
        quote = self.directory.version.to_bytes(4, "big") + self.directory.hash
        channel = self.channel.encode("ascii")
        return head + quote + self.secret + bytes([len(channel)]) + channel.ljust(_CHANNEL_LENGTH, b"\x00")


def parse_stub(plain: bytes) -> Stub:
    """Parse a stub's 142 bytes; EnvelopeError `envelope-stub` if they are not its canonical form."""
    try:
        channel = plain[102 : 102 + plain[101]].decode("ascii")
    except UnicodeDecodeError:
        raise EnvelopeError("envelope-stub") from None
    quote = Quote(int.from_bytes(plain[33:37], "big"), plain[37:69])
    stub = Stub(bool(plain[0] & _REREADABLE), plain[1:33], quote, plain[69:101], channel)
    if not is_id(channel) or not quote.version or stub.to_bytes() != plain:
        raise EnvelopeError("envelope-stub")
    return stub


def slot_info(header: bytes, creation: CreationRecord, envelope: bytes, index: int) -> bytes:
    """The HPKE info of a key slot, which binds it to its envelope and index (PROTOCOL 6.3)."""
    week, commitment = header[3:7], header[39:71]
    place = creation.organisation + creation.mailbox + envelope
    return b"drempel/1/slot" + bytes([SUITE]) + place + week + commitment + bytes([index])
