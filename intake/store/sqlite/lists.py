"""The store's functions for what recipients fetch, on one sqlite3 connection: without what has expired."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Sequence
from contextlib import closing

from intake.store.interface import Envelope, MailboxDays
from intake.store.sqlite.mailboxes import key_of

# Mailboxes that have expired: few, since each round erases them, unless the clock is doubted.
_EXPIRED = "(SELECT key FROM mailbox WHERE expiry_day <= :today)"


def mailboxes(
    connection: sqlite3.Connection, organisation: bytes, after: MailboxDays | None, limit: int, today: int
) -> list[MailboxDays]:
    """A page of an organisation's mailboxes by day, then id: the order of an index that has all of it."""
    day, id_ = (after.day, after.id) if after else (-1, b"")
    rows = connection.execute(
        "SELECT id, day, expiry_day FROM mailbox INDEXED BY mailbox_by_day"
        " WHERE organisation = ? AND (day, id) > (?, ?) AND expiry_day > ? ORDER BY day, id LIMIT ?",
        (organisation, day, id_, today, limit),
    )
    return [MailboxDays(*row) for row in rows]


def days(
    connection: sqlite3.Connection, organisation: bytes, first_day: int, today: int
) -> list[tuple[int, int, int]]:
    """(day, envelopes, bytes), oldest first."""
    return connection.execute(
        "SELECT day, sum(number), sum(size) FROM ("  # noqa: S608 - ours
        " SELECT day, count(*) AS number, sum(size) AS size FROM mailbox"
        f"  WHERE organisation = :organisation AND day >= :first AND key NOT IN {_EXPIRED} GROUP BY day"
        " UNION ALL SELECT day, count(*) AS number, sum(size) AS size FROM envelope"
        f"  WHERE organisation = :organisation AND day >= :first AND mailbox NOT IN {_EXPIRED} GROUP BY day"
        ") GROUP BY day ORDER BY day",
        {"organisation": organisation, "first": first_day, "today": today},
    ).fetchall()


def envelopes_by_day(
    connection: sqlite3.Connection,
    organisation: bytes,
    day: int,
    after: tuple[bytes, bytes] | None,
    limit_bytes: int,
    today: int,
) -> list[tuple[Envelope, bytes | None]]:
    """One page of a day's envelopes with the creation records of openings."""
    mailbox, envelope_id = after or (b"", b"")
    openings = connection.execute(
        "SELECT id, opening_id, 1, opening, creation FROM mailbox"
        " WHERE organisation = ? AND day = ? AND (id, opening_id) > (?, ?) AND expiry_day > ? ORDER BY id",
        (organisation, day, mailbox, envelope_id, today),
    )
    later = connection.execute(
        "SELECT m.id, e.id, 0, e.bytes, NULL FROM envelope e CROSS JOIN mailbox m ON m.key = e.mailbox"
        " WHERE e.organisation = ? AND e.day = ? AND (e.mailbox, e.id) > (?, ?) AND m.expiry_day > ?"
        " ORDER BY e.mailbox, e.id",
        (organisation, day, key_of(mailbox), envelope_id, today),
    )
    page: list[tuple[Envelope, bytes | None]] = []
    # An unfinished cursor would keep its snapshot, and so the log, alive.
    with closing(openings), closing(later):
        for box, id_, opening, content, creation in heapq.merge(openings, later, key=lambda row: row[:2]):
            limit_bytes -= len(content)
            if page and limit_bytes < 0:
                break
            page.append((Envelope(box, id_, day, bool(opening), content), creation))
    return page


def envelope_ids(
    connection: sqlite3.Connection,
    organisation: bytes,
    day: int,
    after: tuple[bytes, bytes] | None,
    limit: int,
    today: int,
) -> list[tuple[bytes, bytes]]:
    """The (mailbox, id) of some of a day's envelopes, ascending."""
    mailbox, envelope_id = after or (b"", b"")
    openings = connection.execute(
        "SELECT id, opening_id FROM mailbox"
        " WHERE organisation = ? AND day = ? AND (id, opening_id) > (?, ?) AND expiry_day > ?"
        " ORDER BY id LIMIT ?",
        (organisation, day, mailbox, envelope_id, today, limit),
    )
    later = connection.execute(
        "SELECT m.id, e.id FROM envelope e CROSS JOIN mailbox m ON m.key = e.mailbox"
        " WHERE e.organisation = ? AND e.day = ? AND (e.mailbox, e.id) > (?, ?) AND m.expiry_day > ?"
        " ORDER BY e.mailbox, e.id LIMIT ?",
        (organisation, day, key_of(mailbox), envelope_id, today, limit),
    )
    return list(heapq.merge(openings.fetchall(), later.fetchall()))[:limit]


def envelopes_among(
    connection: sqlite3.Connection,
    organisation: bytes,
    day: int,
    wanted: Sequence[tuple[bytes, bytes]],
    limit_bytes: int,
    today: int,
) -> list[tuple[Envelope, bytes | None]]:
    """One page of those of a day's envelopes that are wanted, with the creation records of openings."""
    page: list[tuple[Envelope, bytes | None]] = []
    for mailbox, envelope_id in wanted:
        row = connection.execute(
            "SELECT 1, opening, creation FROM mailbox"
            " WHERE key = :key AND id = :mailbox AND opening_id = :id AND organisation = :organisation"
            " AND day = :day AND expiry_day > :today"
            " UNION ALL SELECT 0, e.bytes, NULL FROM mailbox m JOIN envelope e ON e.mailbox = m.key"
            " WHERE m.key = :key AND m.id = :mailbox AND e.id = :id AND m.organisation = :organisation"
            " AND e.day = :day AND m.expiry_day > :today",
            {
                "key": key_of(mailbox),
                "mailbox": mailbox,
                "id": envelope_id,
                "organisation": organisation,
                "day": day,
                "today": today,
            },
        ).fetchone()
        if row is None:
            continue
        opening, content, creation = row
        limit_bytes -= len(content)
        if page and limit_bytes < 0:
            break
        page.append((Envelope(mailbox, envelope_id, day, bool(opening), content), creation))
    return page
