"""Goes on with a loading that was interrupted: leaves out what the store has taken already.

A store gives its records in the same order again while nothing changes in it, and another takes them in that order. So
what that one has of each kind are the first of them, and their number says which.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence

from intake.store.backup.records import Chunk, File, Record


async def missing(
    portions: AsyncIterator[Sequence[Record]], there: Mapping[type[Record], int]
) -> AsyncIterator[list[Record]]:
    """The records but for the first of each kind, as many as are `there`.

    A file that is there comes again if a chunk of it is missing, before that chunk.
    """
    left = Counter(there)
    begun: File | None = None  # is there, and its chunks come
    async for portion in portions:
        found: list[Record] = []
        for record in portion:
            is_there = left[type(record)] > 0
            left[type(record)] -= is_there
            if isinstance(record, File):
                begun = record if is_there else None
            elif begun is not None and isinstance(record, Chunk) and not is_there:
                found.append(begun)
                begun = None
            if not is_there:
                found.append(record)
        if found:
            yield found
