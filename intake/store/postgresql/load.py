"""Takes the records of a backup into a database, each portion in a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from itertools import groupby
from typing import Any, Final

from psycopg.sql import SQL, Identifier, Placeholder

from intake.store.backup.records import Chunk, File, LaterEnvelope, OpenedMailbox, Record
from intake.store.backup.tables import TABLES
from intake.store.errors import Malformed, NotFound
from intake.store.interface import Clock
from intake.store.postgresql import clock, partitions
from intake.store.postgresql.connections import Link, one, transact
from intake.store.postgresql.dump import columns

_MAILBOX: Final = (
    "INSERT INTO mailbox_id (id, organisation, expiry_day, tombstone_day, days)"
    " SELECT %s, id, %s::int, %s::int, ARRAY[%s::int] FROM organisation WHERE id = %s"
)
_OPENING: Final = (
    "INSERT INTO envelope (day, organisation, mailbox, id, creation, size, bytes)"
    " VALUES (%s::int, %s, %s, %s, %s, %s, %s)"
)
_LATER: Final = (
    "INSERT INTO envelope (day, organisation, mailbox, id, size, bytes)"
    " SELECT %s::int, organisation, id, %s, %s, %s FROM mailbox_id WHERE id = %s"
)
_DAYS: Final = "UPDATE mailbox_id SET days = days || %s::int WHERE id = %s AND NOT %s = ANY(days)"
# Its partition is that of its mailbox's first day: an expiry day of its own it has no more.
_FILE: Final = (
    "INSERT INTO blob (id, organisation, day, mailbox, chunks)"
    " SELECT %s, organisation, days[1], id, %s::int FROM mailbox_id WHERE id = %s ON CONFLICT DO NOTHING"
)
_BEGUN: Final = "SELECT day, organisation FROM blob WHERE id = %s AND chunks = %s::int AND mailbox = %s"
_CHUNK: Final = "INSERT INTO chunk (day, blob, chunk, sha256, bytes) VALUES (%s::int, %s, %s::int, %s, %s)"


class Load:
    """One loading of records, in the order of a backup, on one connection."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._file: tuple[bytes, int, bytes] | None = (
            None  # blob, partition, organisation of the chunks that come
        )

    async def take(self, portion: Sequence[Record]) -> None:
        """Take some of them, all or none. Raises `NotFound`, `Malformed`, `OutcomeUnknown`, `psycopg.Error`."""

        async def take(_: Link) -> None:
            for kind, some in groupby(portion, type):
                await self._take(kind, list(some))

        await transact(self._link, take)

    async def _take(self, kind: type[Record], some: list[Any]) -> None:
        if kind is OpenedMailbox:
            await self._mailboxes(some)
        elif kind is LaterEnvelope:
            await self._later(some)
        elif kind is File:
            for file in some:
                await self._begin(file)
        elif kind is Chunk:
            await self._chunks(some)
        elif kind is Clock:
            for kept in some:
                await clock.keep_clock(self._link, kept)
        else:
            table, _ = TABLES[kind]
            marks = SQL(", ").join(Placeholder() for _ in vars(some[0]))
            query = SQL("INSERT INTO {} ({}) VALUES ({})").format(Identifier(table), columns(kind), marks)
            await self._many(query, [tuple(vars(record).values()) for record in some])

    async def _mailboxes(self, some: list[OpenedMailbox]) -> None:
        await partitions.hold(self._link, "envelope", (m.day for m in some))
        await self._many(
            SQL(_MAILBOX), [(m.id, m.expiry_day, m.tombstone_day, m.day, m.organisation) for m in some]
        )
        await self._many(
            SQL(_OPENING),
            [
                (m.day, m.organisation, m.id, m.opening_id, m.creation, len(m.opening), m.opening)
                for m in some
            ],
        )

    async def _later(self, some: list[LaterEnvelope]) -> None:
        await partitions.hold(self._link, "envelope", (e.day for e in some))
        await self._many(SQL(_LATER), [(e.day, e.id, len(e.bytes), e.bytes, e.mailbox) for e in some])
        async with self._link.cursor() as cursor:
            await cursor.executemany(_DAYS, [(e.day, e.mailbox, e.day) for e in some])

    async def _begin(self, file: File) -> None:
        """Insert a file, or find it."""
        await self._link.execute(_FILE, (file.blob, file.chunks, file.mailbox))
        row = await one(self._link, _BEGUN, (file.blob, file.chunks, file.mailbox))
        if row is None:
            raise NotFound
        day, organisation = row
        await partitions.hold(self._link, "chunk", [day])
        self._file = file.blob, day, organisation

    async def _chunks(self, some: list[Chunk]) -> None:
        if self._file is None:
            raise Malformed
        blob, day, organisation = self._file
        await self._many(
            SQL(_CHUNK), [(day, blob, c.number, sha256(c.bytes).digest(), c.bytes) for c in some]
        )
        await self._link.execute(
            "UPDATE organisation SET file_bytes = file_bytes + %s::bigint WHERE id = %s",
            (sum(len(c.bytes) for c in some), organisation),
        )

    async def _many(self, query: Any, rows: list[tuple[Any, ...]]) -> None:
        """Insert a row for each of `rows`. Raises `NotFound` if one belongs to nothing that is there."""
        async with self._link.cursor() as cursor:
            await cursor.executemany(query, rows)
            if cursor.rowcount != len(rows):
                raise NotFound
