"""The store's functions for mailboxes and envelopes, on one sqlite3 connection.

They mirror `interface.Store`; writes run in a transaction of the group writer. A mailbox and its opening are one row.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Sequence

from intake.store.errors import Conflict, MailboxFull, NotFound
from intake.store.interface import BlobClaim, Envelope, Mailbox
from intake.store.sqlite import blobs
from intake.store.tombstone import tombstone_of

# An envelope's key: the first bits of its mailbox's key, so that a conversation lies together, and random ones.
_MAILBOX_BITS, _RANDOM_BITS = 24, 39
COLUMNS = "key, day, expiry_day, tombstone_day, id, organisation, creation, opening_id, size, opening"


def key_of(id: bytes) -> int:
    """The key of a mailbox: the first bits of its random id. So keys tell no order, and sort as the ids do."""
    return int.from_bytes(id[:8].ljust(8, b"\0"), "big") >> 1


def draw_key(mailbox: int) -> int:
    """A new key for an envelope of the mailbox of this key."""
    return mailbox >> (63 - _MAILBOX_BITS) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)


def create_mailbox(
    connection: sqlite3.Connection,
    mailbox: Mailbox,
    envelope_id: bytes,
    bytes: bytes,
    claims: Sequence[BlobClaim] = (),
) -> bool:
    """Insert a mailbox with its opening envelope and claim blobs for it; False if it is stored already.

    Raises `Conflict`, `Incomplete`.
    """
    m, key = mailbox, key_of(mailbox.id)
    if _is_gone(connection, m.id):
        raise Conflict
    identity = (m.id, m.organisation, m.creation, envelope_id, len(bytes), bytes)
    inserted = connection.execute(
        f"INSERT INTO mailbox ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",  # noqa: S608 - ours
        (key, m.day, m.expiry_day, m.tombstone_day, *identity),
    )
    if inserted.rowcount:
        blobs.claim(connection, m.organisation, key, claims)
        return True
    stored = connection.execute(f"SELECT {COLUMNS} FROM mailbox WHERE key = ?", (key,)).fetchone()  # noqa: S608 - ours
    if stored[4:] != identity:
        raise Conflict
    return False


def append(
    connection: sqlite3.Connection,
    envelope: Envelope,
    max_bytes: int,
    max_envelopes: int,
    max_files: int,
    claims: Sequence[BlobClaim] = (),
) -> bool:
    """Add an envelope within the limits and claim blobs for its mailbox; False if it is stored already.

    Raises `Conflict`, `NotFound`, `MailboxFull`, `Incomplete`.
    """
    e, key = envelope, key_of(envelope.mailbox)
    mailbox = _mailbox(connection, e.mailbox)
    if mailbox is None:
        raise NotFound
    stored = _content(connection, key, e.id)
    if stored is not None:
        if stored != e.bytes:
            raise Conflict
        return False
    count, held = total(connection, e.mailbox)
    if count >= max_envelopes or held + len(e.bytes) > max_bytes:
        raise MailboxFull
    connection.execute(
        "INSERT INTO envelope (key, day, mailbox, organisation, id, size, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (draw_key(key), e.day, key, mailbox.organisation, e.id, len(e.bytes), e.bytes),
    )
    blobs.claim(connection, mailbox.organisation, key, claims)
    if claims and blobs.number_of(connection, key) > max_files:
        raise MailboxFull
    return True


def total(connection: sqlite3.Connection, mailbox: bytes) -> tuple[int, int]:
    """(number, bytes) of all envelopes of a mailbox."""
    found: tuple[int, int] = connection.execute(
        "SELECT count(*), coalesce(sum(size), 0) FROM (SELECT size FROM mailbox WHERE key = ?1 AND id = ?2"
        " UNION ALL SELECT size FROM envelope WHERE mailbox = ?1)",
        (key_of(mailbox), mailbox),
    ).fetchone()
    return found


def mailbox(connection: sqlite3.Connection, organisation: bytes, id: bytes) -> Mailbox | None:
    """A mailbox of an organisation."""
    found = _mailbox(connection, id)
    return found if found is not None and found.organisation == organisation else None


def envelopes(connection: sqlite3.Connection, mailbox: bytes) -> list[Envelope]:
    """All envelopes of a mailbox, by id."""
    rows = connection.execute(
        "SELECT opening_id, day, 1, opening FROM mailbox WHERE key = ?1 AND id = ?2"
        " UNION ALL SELECT e.id, e.day, 0, e.bytes FROM mailbox m JOIN envelope e ON e.mailbox = m.key"
        " WHERE m.key = ?1 AND m.id = ?2",
        (key_of(mailbox), mailbox),
    ).fetchall()
    return [
        Envelope(mailbox, id_, day, bool(opening), content) for id_, day, opening, content in sorted(rows)
    ]


def holds(connection: sqlite3.Connection, mailbox: bytes, envelope: bytes | None = None) -> bool:
    """Whether there is such a mailbox; with `envelope`, whether it was added to it."""
    if envelope is not None:
        return _content(connection, key_of(mailbox), envelope) is not None
    return (
        connection.execute("SELECT 1 FROM mailbox WHERE key = ?", (key_of(mailbox),)).fetchone() is not None
    )


def delete_mailbox(connection: sqlite3.Connection, organisation: bytes, id: bytes) -> tuple[bool, list[int]]:
    """Delete a mailbox with its envelopes and blobs; gives whether it existed, and the numbers to erase."""
    found = mailbox(connection, organisation, id)
    if found is None:
        return False, []
    key = key_of(id)
    numbers = blobs.drop(connection, blobs.of_mailbox(connection, key))
    connection.execute("DELETE FROM envelope WHERE mailbox = ?", (key,))
    connection.execute("DELETE FROM mailbox WHERE key = ?", (key,))
    connection.execute("INSERT INTO tombstone VALUES (?, ?)", (tombstone_of(id), found.tombstone_day))
    return True, numbers


def expire(connection: sqlite3.Connection, today: int, limit: int) -> int:
    """Delete some expired mailboxes with their envelopes and files; returns how many.

    At most `limit`, and fewer if they have as many files: each of those is a row in the same transaction.
    """
    expired = connection.execute(
        "SELECT organisation, id FROM mailbox WHERE expiry_day <= ? LIMIT ?", (today, limit)
    ).fetchall()
    deleted = files = 0
    for organisation, mailbox_id in expired:
        _, numbers = delete_mailbox(connection, organisation, mailbox_id)
        deleted, files = deleted + 1, files + len(numbers)
        if files >= limit:
            break
    return deleted


def forget(connection: sqlite3.Connection, today: int, limit: int) -> int:
    """Delete some tombstones whose day has come, at most `limit`; returns how many."""
    return connection.execute(
        "DELETE FROM tombstone WHERE hash IN (SELECT hash FROM tombstone WHERE expiry_day <= ? LIMIT ?)",
        (today, limit),
    ).rowcount


def _is_gone(connection: sqlite3.Connection, id: bytes) -> bool:
    return bool(connection.execute("SELECT 1 FROM tombstone WHERE hash = ?", (tombstone_of(id),)).fetchone())


def _mailbox(connection: sqlite3.Connection, id: bytes) -> Mailbox | None:
    row = connection.execute(
        "SELECT id, organisation, creation, day, expiry_day, tombstone_day FROM mailbox WHERE key = ? AND id = ?",
        (key_of(id), id),
    ).fetchone()
    return Mailbox(*row) if row else None


def _content(connection: sqlite3.Connection, key: int, id: bytes) -> bytes | None:
    """The bytes of an envelope of a mailbox."""
    row = connection.execute(
        "SELECT opening FROM mailbox WHERE key = ?1 AND opening_id = ?2"
        " UNION ALL SELECT bytes FROM envelope WHERE mailbox = ?1 AND id = ?2",
        (key, id),
    ).fetchone()
    return row[0] if row else None
