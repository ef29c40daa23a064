"""What the store keeps of files in its first database: whose they are, and which are to be erased.

On one sqlite3 connection, like `mailboxes`; what writes runs inside a transaction of the group writer.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from intake.store.chunk_table import NUMBER_BITS
from intake.store.errors import Conflict, Incomplete


@dataclass(frozen=True, repr=False)
class Blob:
    """A row: until it is claimed it has an expiry day, then a mailbox and its number of chunks."""

    id: bytes
    organisation: bytes
    number: int
    mailbox: bytes | None
    chunks: int | None
    expiry_day: int | None


@dataclass(frozen=True, repr=False)
class Whole:
    """A blob that was seen to have exactly these chunks, under this number."""

    id: bytes
    number: int
    chunks: int


_COLUMNS = "id, organisation, number, mailbox, chunks, expiry_day"


def blob(connection: sqlite3.Connection, id: bytes) -> Blob | None:
    """A blob, whoever's it is."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM blob WHERE id = ?", (id,)).fetchone()  # noqa: S608 - ours
    return Blob(*row) if row else None


def keep(connection: sqlite3.Connection, organisation: bytes, id: bytes, expiry_day: int) -> Blob:
    """Make a blob, or let one that is not claimed live until `expiry_day`.

    Raises `Conflict` if it is claimed or another organisation's.
    """
    found = blob(connection, id)
    if found is None:
        found = Blob(id, organisation, secrets.randbits(NUMBER_BITS), None, None, expiry_day)
        insert(connection, found)
        return found
    if found.organisation != organisation or found.mailbox is not None:
        raise Conflict
    connection.execute("UPDATE blob SET expiry_day = ?1 WHERE id = ?2 AND expiry_day < ?1", (expiry_day, id))
    return found


def insert(connection: sqlite3.Connection, row: Blob) -> None:
    """Insert a row. Raises `sqlite3.IntegrityError`."""
    connection.execute(
        f"INSERT INTO blob ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608 - ours
        (row.id, row.organisation, row.number, row.mailbox, row.chunks, row.expiry_day),
    )


def claim(
    connection: sqlite3.Connection, organisation: bytes, mailbox: bytes, wholes: Sequence[Whole | None]
) -> None:
    """Give blobs to a mailbox, all or none; None is one that was not whole. Raises `Incomplete`.

    That they are whole was seen before this transaction. It still holds if the number is the same: only a blob
    whose row is gone loses chunks, and a new row has a new number.
    """
    for whole in wholes:
        found = blob(connection, whole.id) if whole is not None else None
        if (
            whole is None
            or found is None
            or found.organisation != organisation
            or found.number != whole.number
        ):
            raise Incomplete
        if found.mailbox is None:
            connection.execute(
                "UPDATE blob SET mailbox = ?, chunks = ?, expiry_day = NULL WHERE id = ?",
                (mailbox, whole.chunks, whole.id),
            )
        elif (found.mailbox, found.chunks) != (mailbox, whole.chunks):
            raise Incomplete


def of_mailboxes(connection: sqlite3.Connection, mailboxes: Iterable[bytes]) -> list[Blob]:
    """The blobs that these mailboxes have claimed."""
    query = f"SELECT {_COLUMNS} FROM blob WHERE mailbox = ?"  # noqa: S608 - ours
    return [Blob(*row) for mailbox in mailboxes for row in connection.execute(query, (mailbox,)).fetchall()]


def number_of(connection: sqlite3.Connection, mailbox: bytes) -> int:
    """How many blobs a mailbox has claimed."""
    (number,) = connection.execute("SELECT count(*) FROM blob WHERE mailbox = ?", (mailbox,)).fetchone()
    return int(number)


def drop(connection: sqlite3.Connection, dropped: Sequence[Blob]) -> list[int]:
    """Delete blobs, and note that their chunks are to be erased; returns their numbers."""
    numbers = [found.number for found in dropped]
    connection.executemany("INSERT INTO erasing (number) VALUES (?)", ((number,) for number in numbers))
    remove(connection, dropped)
    return numbers


def remove(connection: sqlite3.Connection, removed: Sequence[Blob]) -> None:
    """Delete rows alone, to be put back in another order."""
    connection.executemany("DELETE FROM blob WHERE id = ?", ((found.id,) for found in removed))


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
        "SELECT b.number, b.chunks, m.expiry_day FROM blob b JOIN mailbox m ON m.id = b.mailbox"
        " WHERE b.id = ? AND b.organisation = ?",
        (id, organisation),
    ).fetchone()
    return row


def owed(connection: sqlite3.Connection) -> list[int]:
    """The numbers whose chunks are to be erased."""
    return [number for (number,) in connection.execute("SELECT number FROM erasing")]


def erased(connection: sqlite3.Connection, number: int) -> None:
    """No chunk of this number is left."""
    connection.execute("DELETE FROM erasing WHERE number = ?", (number,))


def strangers(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[int]:
    """Which of these numbers no blob has."""
    query = "SELECT 1 FROM blob WHERE number = ?"
    return [number for number in numbers if connection.execute(query, (number,)).fetchone() is None]
