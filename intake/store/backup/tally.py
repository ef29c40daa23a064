"""Counts the records of a store and sums their hashes, so that two stores can be compared whatever order they keep."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence

from intake.store.backup.format import frame
from intake.store.backup.records import Chunk, File, LaterEnvelope, OpenedMailbox, Record


class Tally:
    """What has been counted so far. Two are equal if they have counted the same records."""

    def __init__(self) -> None:
        self._counts: Counter[type[Record]] = Counter()
        self._sum = self.bytes = 0
        self._blob = b""  # whose chunks come

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tally) and (self._counts, self._sum) == (other._counts, other._sum)

    __hash__ = None  # type: ignore[assignment]

    @property
    def mailboxes(self) -> int:
        """How many."""
        return self._counts[OpenedMailbox]

    @property
    def envelopes(self) -> int:
        """How many, openings among them."""
        return self.mailboxes + self._counts[LaterEnvelope]

    @property
    def files(self) -> int:
        """How many."""
        return self._counts[File]

    def add(self, record: Record) -> None:
        """Count a record; a chunk as one of the file before it."""
        if isinstance(record, File):
            self._blob = record.blob
        written = frame(record)
        self._counts[type(record)] += 1
        self.bytes += len(written)
        of = self._blob if isinstance(record, Chunk) else b""
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(of + written).digest())) % (1 << 256)


async def tallied(tally: Tally, portions: AsyncIterator[Sequence[Record]]) -> AsyncIterator[Sequence[Record]]:
    """Count all records on their way."""
    async for portion in portions:
        for record in portion:
            tally.add(record)
        yield portion
