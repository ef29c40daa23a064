"""The rows of files: their owner, and which are to be erased.

The functions work on one sqlite3 connection, like those of `mailboxes`; writes run in a transaction of the group
writer.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from intake.store.errors import Conflict, Incomplete, NotFound, StorageFull
from intake.store.interface import BlobClaim
from intake.store.sqlite import chunks
from intake.store.sqlite.chunks import Place

NUMBER_BITS = 47


@dataclass(frozen=True, repr=False)
class Blob:
    """A row: until it is claimed it has an expiry day, then a mailbox and its number of chunks."""

    id: bytes
    organisation: bytes
    number: int
    mailbox: int | None  # the key
    chunks: int | None
    expiry_day: int | None


_COLUMNS = "id, organisation, number, mailbox, chunks, expiry_day"


def blob(connection: sqlite3.Connection, id: bytes) -> Blob | None:
    """A blob of any organisation."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM blob WHERE id = ?", (id,)).fetchone()  # noqa: S608 - ours
    return Blob(*row) if row else None


def keep(connection: sqlite3.Connection, organisation: bytes, id: bytes, expiry_day: int) -> Blob:
    """Make a blob, or let one that is not claimed live until `expiry_day`.

    Raises `Conflict` if it is claimed or another organisation's.
    """
    found = blob(connection, id)
    if found is None:
        found = Blob(id, organisation, secrets.randbits(NUMBER_BITS), None, None, expiry_day)
        connection.execute(
            f"INSERT INTO blob ({_COLUMNS}) VALUES (?, ?, ?, NULL, NULL, ?)",  # noqa: S608 - ours
            (id, organisation, found.number, expiry_day),
        )
        return found
    if found.organisation != organisation or found.mailbox is not None:
        raise Conflict
    connection.execute("UPDATE blob SET expiry_day = ?1 WHERE id = ?2 AND expiry_day < ?1", (expiry_day, id))
    return found


def add_chunks(
    connection: sqlite3.Connection,
    organisation: bytes,
    id: bytes,
    seen: Blob | None,
    places: Sequence[Place],
    expiry_day: int,
    quota: int | None = None,
) -> bool:
    """Let chunks whose bytes are durable belong to a blob; False if one of them is stored by now.

    `seen` is the blob as it was before they were written. Raises `Conflict` if it was deleted since, is
    claimed, or is another organisation's; `StorageFull` if they would go over the quota.
    """
    found = blob(connection, id)
    if found is not None:
        stored = chunks.find(connection, found.number, places[0].chunk, places[-1].chunk + 1)
        if {place.chunk for place in stored} & {place.chunk for place in places}:
            return False
    kept = keep(connection, organisation, id, expiry_day)
    if seen is not None and seen.number != kept.number:
        raise Conflict
    chunks.insert(connection, kept.number, places)
    size = sum(place.length for place in places)
    check_quota(connection, organisation, size, quota)
    _count(connection, organisation, size)
    return True


def check_quota(connection: sqlite3.Connection, organisation: bytes, size: int, quota: int | None) -> None:
    """Raise `StorageFull` if chunks of `size` bytes more, but not of 0, would take an organisation over its quota."""
    if quota is not None and size and file_bytes(connection, organisation) + size > quota:
        raise StorageFull


def file_bytes(connection: sqlite3.Connection, organisation: bytes) -> int:
    """How many bytes the chunks of an organisation take, those still to be erased among them."""
    row = connection.execute("SELECT file_bytes FROM organisation WHERE id = ?", (organisation,)).fetchone()
    return int(row[0]) if row else 0


def _count(connection: sqlite3.Connection, organisation: bytes, size: int) -> None:
    query = "UPDATE organisation SET file_bytes = file_bytes + ? WHERE id = ?"
    connection.execute(query, (size, organisation))


def claim(
    connection: sqlite3.Connection, organisation: bytes, mailbox: int, claims: Sequence[BlobClaim]
) -> None:
    """Give blobs to the mailbox of this key, all or none. Raises `Incomplete`."""
    for wanted in claims:
        found = blob(connection, wanted.blob)
        if found is None or found.organisation != organisation:
            raise Incomplete
        if found.mailbox is None and chunks.is_whole(connection, found.number, wanted.chunks):
            connection.execute(
                "UPDATE blob SET mailbox = ?, chunks = ?, expiry_day = NULL WHERE id = ?",
                (mailbox, wanted.chunks, wanted.blob),
            )
        elif (found.mailbox, found.chunks) != (mailbox, wanted.chunks):
            raise Incomplete


def of_mailbox(connection: sqlite3.Connection, mailbox: int) -> list[Blob]:
    """The blobs that the mailbox of this key has claimed."""
    query = f"SELECT {_COLUMNS} FROM blob WHERE mailbox = ?"  # noqa: S608 - ours
    return [Blob(*row) for row in connection.execute(query, (mailbox,)).fetchall()]


def number_of(connection: sqlite3.Connection, mailbox: int) -> int:
    """How many blobs the mailbox of this key has claimed."""
    (number,) = connection.execute("SELECT count(*) FROM blob WHERE mailbox = ?", (mailbox,)).fetchone()
    return int(number)


def drop(connection: sqlite3.Connection, dropped: Sequence[Blob]) -> list[int]:
    """Delete blobs, and note that their chunks are to be erased; returns their numbers."""
    connection.executemany(
        "INSERT INTO erasing (number, organisation) VALUES (?, ?)",
        ((found.number, found.organisation) for found in dropped),
    )
    connection.executemany("DELETE FROM blob WHERE id = ?", ((found.id,) for found in dropped))
    return [found.number for found in dropped]


def delete_blob(connection: sqlite3.Connection, organisation: bytes, id: bytes) -> list[int]:
    """Delete a blob that is not claimed; returns the numbers to erase. Raises `Conflict` if it is claimed."""
    found = blob(connection, id)
    if found is None or found.organisation != organisation:
        return []
    if found.mailbox is not None:
        raise Conflict
    return drop(connection, [found])


def expire(connection: sqlite3.Connection, today: int, limit: int) -> int:
    """Delete at most `limit` blobs that were never claimed and whose day has come; returns how many."""
    query = f"SELECT {_COLUMNS} FROM blob WHERE expiry_day <= ? LIMIT ?"  # noqa: S608 - ours
    return len(drop(connection, [Blob(*row) for row in connection.execute(query, (today, limit)).fetchall()]))


def claimed(connection: sqlite3.Connection, organisation: bytes, id: bytes) -> tuple[int, int, int] | None:
    """(number, chunks, expiry day of its mailbox) of a claimed blob of an organisation."""
    row: tuple[int, int, int] | None = connection.execute(
        "SELECT b.number, b.chunks, m.expiry_day FROM blob b JOIN mailbox m ON m.key = b.mailbox"
        " WHERE b.id = ? AND b.organisation = ?",
        (id, organisation),
    ).fetchone()
    return row


def all_claimed(connection: sqlite3.Connection) -> Iterator[tuple[bytes, bytes, int, int]]:
    """(id, id of its mailbox, number, chunks) of all claimed blobs, in the order of those ids."""
    yield from connection.execute(
        "SELECT b.id, m.id, b.number, b.chunks FROM blob b JOIN mailbox m ON m.key = b.mailbox"
        " ORDER BY b.mailbox, b.id"
    )


def put_claimed(connection: sqlite3.Connection, id: bytes, mailbox: int, chunks: int) -> int:
    """Insert a blob that belongs to the mailbox of this key, or find it; returns its number. Raises `NotFound`."""
    connection.execute(
        f"INSERT INTO blob ({_COLUMNS}) SELECT ?, organisation, ?, key, ?, NULL FROM mailbox WHERE key = ?"  # noqa: S608 - ours
        " ON CONFLICT (id) DO NOTHING",
        (id, secrets.randbits(NUMBER_BITS), chunks, mailbox),
    )
    found = blob(connection, id)
    if found is None or (found.mailbox, found.chunks) != (mailbox, chunks):
        raise NotFound
    return found.number


def put_places(connection: sqlite3.Connection, number: int, places: Sequence[Place]) -> None:
    """Insert where chunks lie of the blob of this number, and count them."""
    chunks.insert(connection, number, places)
    (owner,) = connection.execute("SELECT organisation FROM blob WHERE number = ?", (number,)).fetchone()
    _count(connection, owner, sum(place.length for place in places))


def stored(connection: sqlite3.Connection, organisation: bytes, id: bytes) -> list[tuple[int, int]]:
    """The numbers of the stored chunks of a blob, as ascending half-open ranges."""
    found = blob(connection, id)
    if found is None or found.organisation != organisation:
        return []
    ranges: list[tuple[int, int]] = []
    for chunk, _, _ in chunks.find(connection, found.number):
        if ranges and ranges[-1][1] == chunk:
            ranges[-1] = (ranges[-1][0], chunk + 1)
        else:
            ranges.append((chunk, chunk + 1))
    return ranges


def places(
    connection: sqlite3.Connection, organisation: bytes, id: bytes, first: int, limit: int
) -> list[Place]:
    """Where at most `limit` chunks of a claimed blob lie, from `first` up to the first that is missing."""
    found = claimed(connection, organisation, id)
    if found is None:
        return []
    number, count, _ = found
    stored = chunks.find(connection, number, first, min(count, first + limit))
    return [place for at, place in enumerate(stored, first) if place.chunk == at]


def owed(connection: sqlite3.Connection) -> list[int]:
    """The numbers whose chunks are to be erased."""
    return [number for (number,) in connection.execute("SELECT number FROM erasing")]


def erased(connection: sqlite3.Connection, number: int, places: Sequence[Place]) -> bool:
    """Delete the rows of chunks whose bytes are erased; True once none of this number is left."""
    chunks.remove(connection, number, places)
    owner = connection.execute("SELECT organisation FROM erasing WHERE number = ?", (number,)).fetchone()
    if owner is not None:
        _count(connection, owner[0], -sum(place.length for place in places))
    if chunks.find(connection, number, limit=1):
        return False
    connection.execute("DELETE FROM erasing WHERE number = ?", (number,))
    return True
