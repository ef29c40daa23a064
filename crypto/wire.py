"""What both ends read without any secret: creation record, envelope headers, answers (PROTOCOL 5, 6, 12).

The blind server imports this module, so nothing here can decrypt.
"""

import hmac
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from crypto.encoding import LARGEST_DAY, Random, hash_labelled
from crypto.errors import WireError

SUITE = 1
OPENING, CONVERSATION, KEYRING, CLAIMS = 1, 2, 3, 4
SLOT_COUNTS = (2, 4, 8, 16, 32, 64)
SLOT_LENGTH = 1168
STUB_LENGTH = 158
KEY_BLOCK_LENGTH = 1408
TAG_LENGTH = 16
OPENING_HEADER_LENGTH = 71
CONVERSATION_HEADER_LENGTH = 66
OPENING_SIZES = tuple(8192 << n for n in range(8))
CONVERSATION_SIZES = tuple(4096 << n for n in range(9))
CREATION_LENGTH = 225
TOKEN_LENGTH = 32
MAILBOX_ID_LENGTH = 32
ENVELOPE_ID_LENGTH = 16
ANSWER_LENGTH = 65536
MOST_ENVELOPES = 1024  # PROTOCOL 13
OPENING_BODY_LIMIT = 1_310_720
CONVERSATION_BODY_LIMIT = 1_064_960
LONGEST_OPENING = OPENING_BODY_LIMIT - CREATION_LENGTH
CAPABILITIES = ("read", "write", "close", "replace", "delete")


def verifier(capability: str, token: bytes) -> bytes:
    """What the server keeps of a token (PROTOCOL 5.1, 16.1), 32 bytes."""
    return hash_labelled(f"verifier/{capability}", token)


def mailbox_id(read_verifier: bytes, signing_key: bytes) -> bytes:
    """The mailbox id commits to who may read and who signs as its maker (PROTOCOL 5.2), 32 bytes."""
    return hash_labelled("mailbox", read_verifier + signing_key)


@dataclass(frozen=True)
class CreationRecord:
    """What a mailbox is made from (PROTOCOL 5.3): ids and verifiers of 32 bytes each, no token."""

    organisation: bytes
    mailbox: bytes
    read: bytes
    write: bytes
    close: bytes
    replace: bytes
    delete: bytes

    def to_bytes(self) -> bytes:
        """The 225 bytes."""
        parts = (
            self.organisation,
            self.mailbox,
            self.read,
            self.write,
            self.close,
            self.replace,
            self.delete,
        )
        return bytes([SUITE]) + b"".join(parts)


def parse_creation(data: bytes) -> CreationRecord:
    """The creation record in 225 bytes; WireError `envelope-header` or `envelope-suite`."""
    if len(data) != CREATION_LENGTH:
        raise WireError("envelope-header")
    if data[0] != SUITE:
        raise WireError("envelope-suite")
    return CreationRecord(*(data[1 + 32 * n : 33 + 32 * n] for n in range(7)))


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
    """The parts of an opening envelope; WireError `envelope-header` or `envelope-suite` (PROTOCOL 6.6 step 1)."""
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
    """The parts of a conversation envelope; WireError `envelope-header` or `envelope-suite`."""
    _check_form(data, CONVERSATION, CONVERSATION_HEADER_LENGTH)
    if len(data) - CONVERSATION_HEADER_LENGTH - TAG_LENGTH not in CONVERSATION_SIZES:
        raise WireError("envelope-header")
    return ConversationParts(data[:66], data[2:34], data[34:66], data[66:])


def check_opening(data: bytes, slots: int) -> int:
    """The week of an opening envelope. Other numbers of slots are refused: all of an organisation look alike."""
    parts = parse_opening(data)
    if len(parts.slots) != slots:
        raise WireError("envelope-header")
    return parts.week


def check_conversation(data: bytes) -> None:
    """Refuse what is not a conversation envelope."""
    parse_conversation(data)


def envelope_hash(mailbox: bytes, envelope: bytes, data: bytes) -> bytes:
    """The hash by which later messages refer to an envelope (PROTOCOL 8.1), 32 bytes."""
    return hash_labelled("envelope", mailbox + envelope + data)


@dataclass(frozen=True)
class StoredEnvelope:
    """An envelope as the server gives it back: its id (16 bytes), the server's day, its bytes."""

    id: bytes
    day: int
    data: bytes


@dataclass(frozen=True)
class MailboxAnswer:
    """All of a mailbox (PROTOCOL 12.4)."""

    creation: bytes
    envelopes: tuple[StoredEnvelope, ...]


def build_mailbox_answer(read_token: bytes, creation: bytes, envelopes: Sequence[StoredEnvelope]) -> bytes:
    """The answer to a return visit, 64 KiB or the next power of two that fits."""
    parts = [creation, len(envelopes).to_bytes(4, "big")]
    for item in envelopes:
        parts += [item.id, item.day.to_bytes(4, "big"), len(item.data).to_bytes(4, "big"), item.data]
    content = b"".join(parts)
    framed = hash_labelled("present", read_token) + len(content).to_bytes(4, "big") + content
    size = ANSWER_LENGTH
    while size < len(framed):
        size *= 2
    return framed.ljust(size, b"\x00")


def build_unknown_answer(random: Random) -> bytes:
    """What an unknown mailbox is answered with: as long as the shortest answer, and random."""
    return random(ANSWER_LENGTH)


class _CutOff(WireError):
    """There are too few bytes."""


class _Reader:
    """Takes bytes off the front; a WireError `answer-damaged` when there are too few."""

    def __init__(self, data: bytes | bytearray) -> None:
        self.data = data
        self.at = 0

    def take(self, length: int) -> bytes:
        if self.at + length > len(self.data):
            raise _CutOff("answer-damaged")
        self.at += length
        return bytes(self.data[self.at - length : self.at])

    def number(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def day(self) -> int:
        # A server's day ends up in JSON, where a later one can't be written (PROTOCOL 1.4).
        if (day := self.number()) > LARGEST_DAY:
            raise WireError("answer-damaged")
        return day


def parse_mailbox_answer(data: bytes, read_token: bytes) -> MailboxAnswer:
    """The mailbox in an answer; WireError `receipt-unknown`, or `answer-damaged` if it does not parse."""
    if len(data) < ANSWER_LENGTH or len(data) & (len(data) - 1):
        raise WireError("answer-damaged")
    if not hmac.compare_digest(data[:32], hash_labelled("present", read_token)):
        raise WireError("receipt-unknown")
    outer = _Reader(data)
    outer.take(32)
    reader = _Reader(outer.take(outer.number()))
    creation = reader.take(CREATION_LENGTH)
    count = reader.number()
    # Empty ones by the million would keep a reader busy for minutes, and deaf.
    if count > MOST_ENVELOPES:
        raise WireError("answer-damaged")
    envelopes = []
    for _ in range(count):
        id_, day = reader.take(ENVELOPE_ID_LENGTH), reader.day()
        envelopes.append(StoredEnvelope(id_, day, reader.take(reader.number())))
    if reader.at != len(reader.data) or len({item.id for item in envelopes}) != len(envelopes):
        raise WireError("answer-damaged")
    return MailboxAnswer(creation, tuple(envelopes))


@dataclass(frozen=True)
class DayItem:
    """One envelope of a day's answer (PROTOCOL 12.5); `creation` only comes with an opening."""

    mailbox: bytes
    envelope: StoredEnvelope
    creation: bytes | None


DAY_END = bytes(32)


def build_day_item(item: DayItem) -> bytes:
    """One frame of a day's answer."""
    flags = b"\x00" if item.creation is None else b"\x01" + item.creation
    envelope = item.envelope
    head = item.mailbox + envelope.id + envelope.day.to_bytes(4, "big") + flags
    return head + len(envelope.data).to_bytes(4, "big") + envelope.data


def build_day_end(count: int) -> bytes:
    """The frame that tells a reader that nothing was cut off."""
    return DAY_END + count.to_bytes(4, "big")


class DayParser:
    """A day's answer (PROTOCOL 12.5) as it comes, piece by piece: a day may hold more than a reader's memory does."""

    def __init__(self) -> None:
        # It grows and shrinks in place, so that pieces as small as a server likes cost no more than large ones.
        self._left = bytearray()
        self._count = 0
        self._ended = False

    def feed(self, piece: bytes) -> Iterator[DayItem]:
        """The envelopes that are whole now; WireError `answer-damaged`."""
        self._left += piece
        reader = _Reader(self._left)
        whole = 0
        with suppress(_CutOff):
            while not self._ended:
                item = self._next(reader)
                whole = reader.at
                if item is not None:
                    yield item
        del self._left[:whole]
        if self._ended and self._left:
            raise WireError("answer-damaged")

    def finish(self) -> None:
        """Nothing more comes; WireError `answer-damaged` if it was cut off."""
        if not self._ended:
            raise WireError("answer-damaged")

    def _next(self, reader: _Reader) -> DayItem | None:
        if (mailbox := reader.take(MAILBOX_ID_LENGTH)) == DAY_END:
            if reader.number() != self._count:
                raise WireError("answer-damaged")
            self._ended = True
            return None
        id_, day, flags = reader.take(ENVELOPE_ID_LENGTH), reader.day(), reader.take(1)[0]
        if flags > 1:
            raise WireError("answer-damaged")
        creation = reader.take(CREATION_LENGTH) if flags else None
        length = reader.number()
        if length > (LONGEST_OPENING if flags else CONVERSATION_BODY_LIMIT):
            raise WireError("answer-damaged")
        data = reader.take(length)
        self._count += 1
        return DayItem(mailbox, StoredEnvelope(id_, day, data), creation)


def parse_day_answer(data: bytes) -> Iterator[DayItem]:
    """The envelopes of a whole day's answer, one by one; WireError `answer-damaged` if it is cut off."""
    parser = DayParser()
    yield from parser.feed(data)
    parser.finish()


def day_answer(items: Iterable[DayItem]) -> bytes:
    """A whole day's answer in one piece, as a test or a file would hold it."""
    frames = [build_day_item(item) for item in items]
    return b"".join(frames) + build_day_end(len(frames))
