"""Gives all that a database holds at one moment, for a backup, while the service goes on.

All of it comes from one transaction and its snapshot. A night's work must not begin meanwhile: what it writes anew
would be newer than the snapshot, and so not seen. So this holds the night's lock; a later round makes up for the night.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import fields
from typing import Any, Final

from psycopg.sql import SQL, Composed, Identifier

from intake.store.backup import records
from intake.store.backup.records import Record
from intake.store.backup.tables import TABLES
from intake.store.errors import ChunksMissing
from intake.store.interface import Clock
from intake.store.postgresql import clock, partitions
from intake.store.postgresql.connections import Link, every, one

# Day by day, as the partitions are, and in the order of their keys, which needs no sorting.
_OPENINGS: Final = (
    "SELECT e.mailbox, e.organisation, e.creation, e.day, m.expiry_day, m.tombstone_day, e.id, e.bytes"
    " FROM envelope e JOIN mailbox_id m ON m.id = e.mailbox WHERE e.day = %s AND e.creation IS NOT NULL"
    " ORDER BY e.organisation, e.mailbox, e.id"
)
_LATER: Final = (
    "SELECT mailbox, id, day, bytes FROM envelope WHERE day = %s AND creation IS NULL"
    " ORDER BY organisation, mailbox, id"
)
_FILES: Final = (
    "SELECT id, mailbox, chunks, day FROM blob WHERE mailbox IS NOT NULL AND id > %s ORDER BY id LIMIT 1000"
)
_CHUNKS: Final = (
    "SELECT chunk, bytes FROM chunk WHERE day = %s AND blob = %s"
    " AND chunk >= %s::int AND chunk < %s::int ORDER BY chunk"
)
ROWS_AT_ONCE, CHUNKS_AT_ONCE = 100, 8


async def portions(link: Link) -> AsyncGenerator[list[Record], None]:
    """All records, some at a time, on a connection of its own. Raises `ChunksMissing`, `psycopg.Error`."""
    await link.execute("SELECT pg_advisory_lock(%s)", (partitions.NIGHT,))
    # Only now, or the snapshot would be from before a night that was waited for.
    await link.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    await link.execute(
        "SELECT set_config('statement_timeout', '0', true),"
        " set_config('idle_in_transaction_session_timeout', '0', true)"
    )
    for kind in TABLES:
        async for portion in _rows(link, kind, select(kind)):
            yield portion
    if (kept := await clock.clock(link)) is not None:
        yield [kept]
    days = [
        day
        for (day,) in await every(link, "SELECT day FROM partition WHERE parent = 'envelope' ORDER BY day")
    ]
    for record, query in ((records.OpenedMailbox, _OPENINGS), (records.LaterEnvelope, _LATER)):
        for day in days:
            async for portion in _rows(link, record, SQL(query), (day,)):
                yield portion
    last = b""
    while files := await every(link, _FILES, (last,)):
        for blob, mailbox, chunks, day in files:
            yield [records.File(blob, mailbox, chunks)]
            for first in range(0, chunks, CHUNKS_AT_ONCE):
                yield await _chunks(link, day, blob, first, min(chunks, first + CHUNKS_AT_ONCE))
        last = files[-1][0]


async def counts(link: Link) -> Counter[type[Record]]:
    """How many records there are of each kind. Counts partition by partition, so that few are locked at a time."""
    found: Counter[type[Record]] = Counter()
    for kind, (table, _) in TABLES.items():
        found[kind] = await _count(link, SQL("FROM {}").format(Identifier(table)))
    found[Clock] = await _count(link, SQL("FROM clock WHERE day IS NOT NULL"))
    found[records.OpenedMailbox] = await _count(link, SQL("FROM mailbox_id"))
    found[records.File] = await _count(link, SQL("FROM blob WHERE mailbox IS NOT NULL"))
    of_parent = {"envelope": SQL("creation IS NULL"), "chunk": SQL("true")}
    kinds: dict[str, type[Record]] = {"envelope": records.LaterEnvelope, "chunk": records.Chunk}
    for parent, day in await every(link, "SELECT parent, day FROM partition"):
        rows = SQL("FROM {} WHERE {}").format(Identifier(f"{parent}_{day}"), of_parent[parent])
        found[kinds[parent]] += await _count(link, rows)
    return found


async def _count(link: Link, rows: SQL | Composed) -> int:
    (found,) = await one(link, SQL("SELECT count(*) {}").format(rows))
    return int(found)


def select(kind: type[Record]) -> Composed:
    """The query for all records of a kind that has a table."""
    table, order = TABLES[kind]
    return SQL("SELECT {} FROM {} ORDER BY {}").format(columns(kind), Identifier(table), SQL(order))


def columns(kind: type[Record]) -> Composed:
    """The names of a record's fields, and so of its table's columns."""
    return SQL(", ").join(Identifier(field.name) for field in fields(kind))


async def _rows(
    link: Link, kind: Any, query: SQL | Composed, given: tuple[int, ...] = ()
) -> AsyncIterator[list[Record]]:
    async with link.cursor(name="dump") as cursor:
        await cursor.execute(query, given, binary=True)
        while rows := await cursor.fetchmany(ROWS_AT_ONCE):
            yield [kind(*row) for row in rows]


async def _chunks(link: Link, day: int, blob: bytes, first: int, end: int) -> list[Record]:
    found = await every(link, _CHUNKS, (day, blob, first, end))
    if [number for number, _ in found] != list(range(first, end)):
        raise ChunksMissing
    return [records.Chunk(number, content) for number, content in found]
