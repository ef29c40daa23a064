"""The rows of chunks: in which slot of the flat file each lies.

They are small and lie in the database, so that one transaction decides that a chunk is stored and whose it
is. Uploads don't hold up texts by that: the bytes are written and on the disk before (group_sync.py).
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable
from typing import NamedTuple

MOST_CHUNKS = 1 << 16


class Place(NamedTuple):
    """Where a chunk lies: its number in its blob, its slot, its length."""

    chunk: int
    slot: int
    length: int


def find(
    connection: sqlite3.Connection, number: int, first: int = 0, end: int = MOST_CHUNKS, limit: int = -1
) -> list[Place]:
    """At most `limit` stored chunks of the blob with this number, from `first` to before `end`, ascending."""
    rows = connection.execute(
        "SELECT chunk, slot, length FROM chunk WHERE number = ? AND chunk >= ? AND chunk < ?"
        " ORDER BY chunk LIMIT ?",
        (number, first, end, limit),
    )
    return [Place(*row) for row in rows.fetchall()]


def insert(connection: sqlite3.Connection, number: int, places: Iterable[Place]) -> None:
    """Insert chunks of a blob. Raises `sqlite3.IntegrityError`."""
    connection.executemany(
        "INSERT INTO chunk (number, chunk, slot, length) VALUES (?, ?, ?, ?)",
        [(number, *place) for place in places],
    )


def remove(connection: sqlite3.Connection, number: int, places: Iterable[Place]) -> None:
    """Delete the rows of chunks whose slots are erased."""
    connection.executemany(
        "DELETE FROM chunk WHERE number = ? AND chunk = ?", [(number, place.chunk) for place in places]
    )


def is_whole(connection: sqlite3.Connection, number: int, count: int) -> bool:
    """Whether exactly the chunks 0 to `count` - 1 of a blob are stored."""
    query = "SELECT count(*), max(chunk) FROM chunk WHERE number = ?"
    found: tuple[int, int | None] = connection.execute(query, (number,)).fetchone()
    return found == (count, count - 1)


def slots(connection: sqlite3.Connection) -> array[int]:
    """The slots of all chunks."""
    return array("q", (slot for (slot,) in connection.execute("SELECT slot FROM chunk")))


def is_any_used(connection: sqlite3.Connection, slots: Iterable[int]) -> bool:
    """Whether a row names one of these slots."""
    query = "SELECT 1 FROM chunk WHERE slot = ?"
    return any(connection.execute(query, (slot,)).fetchone() for slot in slots)
