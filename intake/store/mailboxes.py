"""What the store does for mailboxes and envelopes, on one sqlite3 connection.

The functions mirror `interface.Store`; those that write run inside a transaction of the group writer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from intake.store import blobs
from intake.store.blobs import Whole
from intake.store.errors import Conflict, MailboxFull, NotFound
from intake.store.interface import Envelope, Mailbox

_FIRST = (b"", b"")  # sorts before every (mailbox, id)

INSERT_MAILBOX = (
    "INSERT INTO mailbox (id, organisation, creation, read_verifier, write_verifier, close_verifier,"
    " replace_verifier, delete_verifier, day, expiry_day) VALUES "
)
MAILBOX_ROW = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
INSERT_ENVELOPE = "INSERT INTO envelope (mailbox, id, organisation, day, opening, size, bytes) VALUES "
ENVELOPE_ROW = "(?, ?, ?, ?, ?, ?, ?)"
ROWS = 32  # inserted by one statement; there are at most twice as many statements to keep prepared


def row_of(mailbox: Mailbox) -> tuple[bytes | int, ...]:
    """A mailbox as a row of its table, in the order of `insert_mailbox`."""
    m = mailbox
    verifiers = (m.read, m.write, m.close, m.replace, m.delete)
    return (m.id, m.organisation, m.creation, *verifiers, m.day, m.expiry_day)


def insert_mailbox(connection: sqlite3.Connection, row: tuple[bytes | int, ...]) -> None:
    """Insert a row of `row_of`. Raises `sqlite3.IntegrityError`."""
    connection.execute(INSERT_MAILBOX + MAILBOX_ROW, row)


def envelope_row(envelope: Envelope, organisation: bytes) -> tuple[bytes | int, ...]:
    """An envelope as a row of its table, in the order of `insert_envelope`."""
    e = envelope
    return (e.mailbox, e.id, organisation, e.day, int(e.opening), len(e.bytes), e.bytes)


def insert_envelope(connection: sqlite3.Connection, envelope: Envelope, organisation: bytes) -> None:
    """Insert an envelope. Raises `sqlite3.IntegrityError`."""
    connection.execute(INSERT_ENVELOPE + ENVELOPE_ROW, envelope_row(envelope, organisation))


def create_mailbox(
    connection: sqlite3.Connection,
    mailbox: Mailbox,
    envelope_id: bytes,
    bytes: bytes,
    wholes: Sequence[Whole | None] = (),
) -> bool:
    """Insert a mailbox with its opening envelope and claim blobs for it; False if it is there.

    Raises `Conflict`, `Incomplete`.
    """
    stored = _mailbox(connection, mailbox.id)
    opening = Envelope(mailbox.id, envelope_id, mailbox.day, True, bytes)
    if stored is None:
        insert_mailbox(connection, row_of(mailbox))
        insert_envelope(connection, opening, mailbox.organisation)
        blobs.claim(connection, mailbox.organisation, mailbox.id, wholes)
        return True
    *identity, _, _ = row_of(mailbox)
    *stored_identity, _, _ = row_of(stored)
    if identity != stored_identity or _content(connection, mailbox.id, envelope_id) != (1, bytes):
        raise Conflict
    return False


@dataclass(frozen=True, repr=False)
class Creation:
    """`create_mailbox` as something that the writer can do by itself, or together with others of its kind."""

    mailbox: Mailbox
    envelope_id: bytes
    bytes: bytes

    def __call__(self, connection: sqlite3.Connection) -> bool:
        """By itself."""
        return create_mailbox(connection, self.mailbox, self.envelope_id, self.bytes)


def insert_together(connection: sqlite3.Connection, creations: Sequence[Creation]) -> bool:
    """Insert new mailboxes with their openings in few statements. Raises `sqlite3.IntegrityError` if one is there.

    Several rows a statement spare the writer's thread most of its waiting for Python's lock.
    """
    for start in range(0, len(creations), ROWS):
        some = creations[start : start + ROWS]
        mailboxes = [value for item in some for value in row_of(item.mailbox)]
        connection.execute(INSERT_MAILBOX + ", ".join([MAILBOX_ROW] * len(some)), mailboxes)
        envelopes = [value for item in some for value in _opening_row(item)]
        connection.execute(INSERT_ENVELOPE + ", ".join([ENVELOPE_ROW] * len(some)), envelopes)
    return True


def _opening_row(creation: Creation) -> tuple[bytes | int, ...]:
    m = creation.mailbox
    opening = Envelope(m.id, creation.envelope_id, m.day, True, creation.bytes)
    return envelope_row(opening, m.organisation)


def append(
    connection: sqlite3.Connection,
    envelope: Envelope,
    max_bytes: int,
    max_envelopes: int,
    max_files: int,
    wholes: Sequence[Whole | None] = (),
) -> bool:
    """Add an envelope within the limits and claim blobs for its mailbox; False if it is there.

    Raises `Conflict`, `NotFound`, `MailboxFull`, `Incomplete`.
    """
    mailbox = _mailbox(connection, envelope.mailbox)
    if mailbox is None:
        raise NotFound
    stored = _content(connection, envelope.mailbox, envelope.id)
    if stored is not None:
        if stored[1] != envelope.bytes:
            raise Conflict
        return False
    count, held = total(connection, envelope.mailbox)
    if count >= max_envelopes or held + len(envelope.bytes) > max_bytes:
        raise MailboxFull
    insert_envelope(connection, envelope, mailbox.organisation)
    blobs.claim(connection, mailbox.organisation, mailbox.id, wholes)
    if wholes and blobs.number_of(connection, mailbox.id) > max_files:
        raise MailboxFull
    return True


def total(connection: sqlite3.Connection, mailbox: bytes) -> tuple[int, int]:
    """(number, bytes) of all envelopes of a mailbox."""
    found: tuple[int, int] = connection.execute(
        "SELECT count(*), coalesce(sum(size), 0) FROM envelope WHERE mailbox = ?", (mailbox,)
    ).fetchone()
    return found


def mailbox(connection: sqlite3.Connection, organisation: bytes, id: bytes) -> Mailbox | None:
    """A mailbox of an organisation."""
    found = _mailbox(connection, id)
    return found if found is not None and found.organisation == organisation else None


def envelopes(connection: sqlite3.Connection, mailbox: bytes) -> list[Envelope]:
    """All envelopes of a mailbox, by id."""
    rows = connection.execute(
        "SELECT mailbox, id, day, opening, bytes FROM envelope WHERE mailbox = ? ORDER BY id", (mailbox,)
    )
    return [_envelope(*row) for row in rows]


def delete_mailbox(connection: sqlite3.Connection, organisation: bytes, id: bytes) -> tuple[bool, list[int]]:
    """Delete a mailbox with its envelopes and blobs: whether it was there, and the numbers of chunks to erase."""
    numbers = (
        blobs.drop(connection, blobs.of_mailboxes(connection, [id]))
        if mailbox(connection, organisation, id)
        else []
    )
    return remove(connection, organisation, id), numbers


def remove(connection: sqlite3.Connection, organisation: bytes, id: bytes) -> bool:
    """Delete a mailbox with its envelopes alone, of which blobs know nothing until the transaction ends."""
    deleted = connection.execute("DELETE FROM mailbox WHERE id = ? AND organisation = ?", (id, organisation))
    return deleted.rowcount == 1


def ids(connection: sqlite3.Connection, organisation: bytes) -> list[bytes]:
    """The ids of all mailboxes of an organisation, ascending."""
    rows = connection.execute("SELECT id FROM mailbox WHERE organisation = ? ORDER BY id", (organisation,))
    return [id_ for (id_,) in rows]


def days(connection: sqlite3.Connection, organisation: bytes, first_day: int) -> list[tuple[int, int, int]]:
    """(day, envelopes, bytes), oldest first."""
    return connection.execute(
        "SELECT day, count(*), sum(size) FROM envelope WHERE organisation = ? AND day >= ?"
        " GROUP BY day ORDER BY day",
        (organisation, first_day),
    ).fetchall()


def envelopes_by_day(
    connection: sqlite3.Connection,
    organisation: bytes,
    day: int,
    after: tuple[bytes, bytes] | None,
    limit_bytes: int,
) -> list[tuple[Envelope, bytes | None]]:
    """One page of a day's envelopes with the creation records of openings."""
    rows = connection.execute(
        "SELECT e.mailbox, e.id, e.day, e.opening, e.bytes, CASE WHEN e.opening THEN m.creation END"
        " FROM envelope e CROSS JOIN mailbox m ON m.id = e.mailbox"
        " WHERE e.organisation = ? AND e.day = ? AND (e.mailbox, e.id) > (?, ?) ORDER BY e.mailbox, e.id",
        (organisation, day, *(after or _FIRST)),
    )
    page: list[tuple[Envelope, bytes | None]] = []
    with closing(rows):  # an unfinished cursor would keep its snapshot, and so the log, alive
        for *columns, creation in rows:
            limit_bytes -= len(columns[-1])
            if page and limit_bytes < 0:
                break
            page.append((_envelope(*columns), creation))
    return page


def expire(connection: sqlite3.Connection, today: int, limit: int) -> int:
    """Delete some mailboxes whose expiry day has come, with all they have; returns how many.

    At most `limit`, and no more once they had as many files: each of those is a row in the same transaction.
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


def _mailbox(connection: sqlite3.Connection, id: bytes) -> Mailbox | None:
    row = connection.execute(
        "SELECT id, organisation, creation, read_verifier, write_verifier, close_verifier,"
        " replace_verifier, delete_verifier, day, expiry_day FROM mailbox WHERE id = ?",
        (id,),
    ).fetchone()
    return Mailbox(*row) if row else None


def _content(connection: sqlite3.Connection, mailbox: bytes, id: bytes) -> tuple[int, bytes] | None:
    """(opening, bytes) of an envelope."""
    row: tuple[int, bytes] | None = connection.execute(
        "SELECT opening, bytes FROM envelope WHERE mailbox = ? AND id = ?", (mailbox, id)
    ).fetchone()
    return row


def _envelope(mailbox: bytes, id: bytes, day: int, opening: int, content: bytes) -> Envelope:
    return Envelope(mailbox, id, day, bool(opening), content)
