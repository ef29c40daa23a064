"""Parts of the protocol that only tests build or parse as a whole."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from crypto.public import signatures
from crypto.public.answers import DayItem, DayParser, ListParser, build_day_item, build_end
from crypto.public.directory import Signers
from crypto.public.encoding import b64, parse_object, write_object
from crypto.public.signatures import make_dsse

CAPABILITIES = ("read", "write", "close", "replace", "delete")


def first_day_of(week: int) -> int:
    """The Monday of a week (PROTOCOL 1.4), as days since 1970-01-01."""
    return week * 7 - 3


def parse_day_answer(data: bytes) -> Iterator[DayItem]:
    """Parse a whole day's answer into its envelopes; WireError `answer-damaged` if it is cut off."""
    parser = DayParser()
    yield from parser.feed(data)
    parser.finish()


def build_day_answer(items: Iterable[DayItem]) -> bytes:
    """Build a whole day's answer (PROTOCOL 12.5), which the service sends piece by piece."""
    frames = [build_day_item(item) for item in items]
    return b"".join(frames) + build_end(len(frames))


def parse_list(data: bytes, length: int) -> list[tuple[bytes, bytes]]:
    """Parse a whole list (PROTOCOL 12.10), of which an item has `length` bytes beside its mailbox's id."""
    parser = ListParser(length)
    items = list(parser.feed(data))
    parser.finish()
    return items


def build_list(items: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Build a whole list (PROTOCOL 12.10), which the service sends piece by piece."""
    return b"".join(mailbox + told for mailbox, told in items) + build_end(len(items))


def make_rotation(
    organisation: bytes, sequence: int, signers: Signers, seeds: Iterable[bytes]
) -> dict[str, Any]:
    """Make a change of signers (PROTOCOL 9.5), signed with the earlier signers' seeds. No command does so yet."""
    content = {"organisation": b64(organisation), "sequence": sequence, "signers": signers.to_json()}
    return parse_object(make_dsse(signatures.ROTATION, write_object(content), seeds))
