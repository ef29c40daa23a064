"""The server's binary answers: a mailbox, a day of envelopes, lists of ids (PROTOCOL 12.4, 12.5, 12.10, 12.11)."""

import hmac
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from crypto.public.encoding import LARGEST_DAY, Random, hash_labelled
from crypto.public.errors import WireError
from crypto.public.limits import (
    CONVERSATION_BODY_LIMIT,
    CREATION_LENGTH,
    ENVELOPE_ID_LENGTH,
    LONGEST_OPENING,
    MAILBOX_ID_LENGTH,
    MOST_ENVELOPES,
    MOST_WANTED,
)

_ANSWER_LENGTH = 65536
_WANTED_LENGTH = MAILBOX_ID_LENGTH + ENVELOPE_ID_LENGTH

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class StoredEnvelope:
    """An envelope from the server: its id (16 bytes), the server's day, its bytes."""

    id: bytes
    day: int
    data: bytes


@dataclass(frozen=True)
class MailboxAnswer:
    """A mailbox's creation record and all its envelopes (PROTOCOL 12.4)."""

    creation: bytes
    envelopes: tuple[StoredEnvelope, ...]


def build_mailbox_answer(read_token: bytes, creation: bytes, envelopes: Sequence[StoredEnvelope]) -> bytes:
    """Build the answer to a return visit: 64 KiB, or the next power of two that fits."""
    parts = [creation, len(envelopes).to_bytes(4, "big")]
    for item in envelopes:
        parts += [item.id, item.day.to_bytes(4, "big"), len(item.data).to_bytes(4, "big"), item.data]
    content = b"".join(parts)
    framed = hash_labelled("present", read_token) + len(content).to_bytes(4, "big") + content
    size = _ANSWER_LENGTH
    while size < len(framed):
        size *= 2
    return framed.ljust(size, b"\x00")


def build_unknown_answer(random: Random) -> bytes:
    """Build the answer for an unknown mailbox: random bytes, as long as the shortest answer."""
    return random(_ANSWER_LENGTH)


class _CutOff(WireError):
    """The data ends too early."""


class _Reader:
    """Takes bytes off the front; a WireError `answer-damaged` when there are too few."""

    def __init__(self, data: bytes | bytearray) -> None:
        self.data = data
        self.offset = 0

    def take(self, length: int) -> bytes:
        if self.offset + length > len(self.data):
            raise _CutOff("answer-damaged")
        self.offset += length
        return bytes(self.data[self.offset - length : self.offset])

    def number(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def day(self) -> int:
        # A server's day is written in JSON, where a later one has no form (PROTOCOL 1.4).
        if (day := self.number()) > LARGEST_DAY:
            raise WireError("answer-damaged")
        return day


def parse_mailbox_answer(data: bytes, read_token: bytes) -> MailboxAnswer:
    """Parse the mailbox in an answer; WireError `receipt-unknown`, or `answer-damaged` if it does not parse."""
    if len(data) < _ANSWER_LENGTH or len(data) & (len(data) - 1):
        raise WireError("answer-damaged")
    if not hmac.compare_digest(data[:32], hash_labelled("present", read_token)):
        raise WireError("receipt-unknown")
    outer = _Reader(data)
    outer.take(32)
    reader = _Reader(outer.take(outer.number()))
    creation = reader.take(CREATION_LENGTH)
    count = reader.number()
    # Millions of empty envelopes would block a reader for minutes.
    if count > MOST_ENVELOPES:
        raise WireError("answer-damaged")
    envelopes = []
    for _ in range(count):
        id_, day = reader.take(ENVELOPE_ID_LENGTH), reader.day()
        envelopes.append(StoredEnvelope(id_, day, reader.take(reader.number())))
    if reader.offset != len(reader.data) or len({item.id for item in envelopes}) != len(envelopes):
        raise WireError("answer-damaged")
    return MailboxAnswer(creation, tuple(envelopes))


@dataclass(frozen=True)
class DayItem:
    """One envelope of a day's answer (PROTOCOL 12.5); `creation` is None unless it is an opening."""

    mailbox: bytes
    envelope: StoredEnvelope
    creation: bytes | None


_END = bytes(32)


def build_day_item(item: DayItem) -> bytes:
    """Build one frame of a day's answer."""
    flags = b"\x00" if item.creation is None else b"\x01" + item.creation
    envelope = item.envelope
    head = item.mailbox + envelope.id + envelope.day.to_bytes(4, "big") + flags
    return head + len(envelope.data).to_bytes(4, "big") + envelope.data


def build_end(count: int) -> bytes:
    """Build the last frame of a day or a list, which shows a reader that the answer was not cut off."""
    return _END + count.to_bytes(4, "big")


class _Parser(Generic[_Item]):
    """Parses what comes piece by piece: frames that begin with a mailbox's id, and their end."""

    def __init__(self) -> None:
        # It grows and shrinks in place, so that a server's small pieces cost no more than large ones.
        self._left = bytearray()
        self._count = 0
        self._ended = False

    def feed(self, piece: bytes) -> Iterator[_Item]:
        """Take a piece; gives the items that are whole now. WireError `answer-damaged`."""
        self._left += piece
        reader = _Reader(self._left)
        whole = 0
        with suppress(_CutOff):
            while not self._ended:
                if (mailbox := reader.take(MAILBOX_ID_LENGTH)) == _END:
                    self._end(reader.number())
                    whole = reader.offset
                else:
                    item = self._item(mailbox, reader)
                    whole = reader.offset
                    self._count += 1
                    yield item
        del self._left[:whole]
        if self._ended and self._left:
            raise WireError("answer-damaged")

    def finish(self) -> None:
        """End the answer; WireError `answer-damaged` if it was cut off."""
        if not self._ended:
            raise WireError("answer-damaged")

    def _end(self, count: int) -> None:
        if count != self._count:
            raise WireError("answer-damaged")
        self._ended = True

    def _item(self, mailbox: bytes, reader: _Reader) -> _Item:
        raise NotImplementedError


class DayParser(_Parser[DayItem]):
    """Parses a day's answer (PROTOCOL 12.5) piece by piece: a day may be larger than a reader's memory."""

    def _item(self, mailbox: bytes, reader: _Reader) -> DayItem:
        id_, day, flags = reader.take(ENVELOPE_ID_LENGTH), reader.day(), reader.take(1)[0]
        if flags > 1:
            raise WireError("answer-damaged")
        creation = reader.take(CREATION_LENGTH) if flags else None
        length = reader.number()
        if length > (LONGEST_OPENING if flags else CONVERSATION_BODY_LIMIT):
            raise WireError("answer-damaged")
        return DayItem(mailbox, StoredEnvelope(id_, day, reader.take(length)), creation)


class ListParser(_Parser[tuple[bytes, bytes]]):
    """Parses a list of mailboxes or of a day's envelopes (PROTOCOL 12.10) piece by piece.

    An item is a mailbox's id, and what is told of it: `length` bytes.
    """

    def __init__(self, length: int) -> None:
        super().__init__()
        self._length = length

    def _item(self, mailbox: bytes, reader: _Reader) -> tuple[bytes, bytes]:
        return mailbox, reader.take(self._length)


def split_wanted(data: bytes) -> list[tuple[bytes, bytes]]:
    """The (mailbox, id) of the envelopes that a reader asks for; WireError `request-malformed` (PROTOCOL 12.11)."""
    wanted = [
        (data[at : at + MAILBOX_ID_LENGTH], data[at + MAILBOX_ID_LENGTH : at + _WANTED_LENGTH])
        for at in range(0, len(data), _WANTED_LENGTH)
    ]
    if len(data) % _WANTED_LENGTH or not 0 < len(wanted) <= MOST_WANTED or wanted != sorted(set(wanted)):
        raise WireError("request-malformed")
    return wanted
