"""Rows as records of a backup, and back: one table for both ways, on one sqlite3 connection."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final

from intake.store.backup import records
from intake.store.backup.records import Record
from intake.store.backup.tables import TABLES
from intake.store.interface import Clock
from intake.store.sqlite import clock
from intake.store.sqlite.mailboxes import COLUMNS, draw_key, key_of

_MAILBOXES: Final = (
    "SELECT id, organisation, creation, day, expiry_day, tombstone_day, opening_id, opening FROM mailbox"
    " ORDER BY key"
)
# By the key, which is drawn at random within a conversation.
_LATER: Final = (
    "SELECT m.id, e.id, e.day, e.bytes FROM envelope e CROSS JOIN mailbox m ON m.key = e.mailbox"
    " ORDER BY e.key"
)
_PUT_LATER: Final = (
    "INSERT INTO envelope (key, day, mailbox, organisation, id, size, bytes)"
    " VALUES (?1, ?2, ?3, (SELECT organisation FROM mailbox WHERE key = ?3), ?4, ?5, ?6)"
)


def texts(connection: sqlite3.Connection) -> Iterator[Record]:
    """All records but files and their chunks, in the order of a backup."""
    for kind, (table, order) in TABLES.items():
        for row in connection.execute(f"SELECT {_columns(kind)} FROM {table} ORDER BY {order}"):  # noqa: S608 - ours
            record: Any = kind
            yield record(*row)
    if (kept := clock.clock(connection)) is not None:
        yield kept
    for row in connection.execute(_MAILBOXES):
        yield records.OpenedMailbox(*row)
    for row in connection.execute(_LATER):
        yield records.LaterEnvelope(*row)


def counts(connection: sqlite3.Connection) -> Counter[type[Record]]:
    """How many records there are of each kind."""
    tables: dict[type[Record], str] = {kind: table for kind, (table, _) in TABLES.items()}
    tables |= {
        Clock: "clock WHERE day IS NOT NULL",
        records.OpenedMailbox: "mailbox",
        records.LaterEnvelope: "envelope",
        records.File: "blob WHERE mailbox IS NOT NULL",
        records.Chunk: "chunk",
    }
    found: Counter[type[Record]] = Counter()
    for kind, rows in tables.items():
        (found[kind],) = connection.execute(f"SELECT count(*) FROM {rows}").fetchone()  # noqa: S608 - ours
    return found


def put(connection: sqlite3.Connection, record: Record) -> None:
    """Insert a record that is neither a file nor a chunk. Raises `sqlite3.IntegrityError`."""
    if isinstance(record, Clock):
        clock.keep_clock(connection, record)
    elif isinstance(record, records.OpenedMailbox):
        m = record
        connection.execute(
            f"INSERT INTO mailbox ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - ours
            (
                *(key_of(m.id), m.day, m.expiry_day, m.tombstone_day, m.id),
                *(m.organisation, m.creation, m.opening_id, len(m.opening), m.opening),
            ),
        )
    elif isinstance(record, records.LaterEnvelope):
        key = key_of(record.mailbox)
        connection.execute(
            _PUT_LATER, (draw_key(key), record.day, key, record.id, len(record.bytes), record.bytes)
        )
    else:
        values = tuple(vars(record).values())
        table, _ = TABLES[type(record)]
        marks = ", ".join("?" * len(values))
        connection.execute(
            f"INSERT INTO {table} ({_columns(type(record))}) VALUES ({marks})",  # noqa: S608 - ours
            values,
        )


def settle(connection: sqlite3.Connection) -> None:
    """Note that all days but the newest need no shuffling: the rows were put in an order that tells nothing."""
    connection.execute(
        "UPDATE settled SET day = (SELECT coalesce(max(day), 0) - 1 FROM"
        " (SELECT max(day) AS day FROM mailbox UNION ALL SELECT max(day) FROM envelope))"
    )


def _columns(kind: type[Record]) -> str:
    return ", ".join(field.name for field in fields(kind))
