"""Gives all that the store holds at one moment, for a backup, while the store goes on.

Texts come from one read transaction. While it lasts the log can't be moved: it grows, and what is deleted stays in
it. So it lasts only for the texts, and is given up when the log has grown too long: moving that holds up writes.

Files would take it much longer. Of them, the transaction gives only the list. Their chunks are read after it, out of
slots which nobody overwrites until the end (`Files.keeping`): a file that is deleted meanwhile is whole in the backup,
as its mailbox is.
"""

from __future__ import annotations

import asyncio
import sqlite3
import struct
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Final

from intake.store.backup.format import PORTION_BYTES
from intake.store.backup.records import Chunk, File, Record
from intake.store.errors import ChunksMissing, StoreUnavailable, TooMuchWritten
from intake.store.sqlite import blobs, records
from intake.store.sqlite.connection import DISK_FAILED, LOG_BYTES, Connection, connect, unavailable
from intake.store.sqlite.files import Files
from intake.store.sqlite.readers import Readers
from intake.store.sqlite.room import TEXT_BYTES, free_bytes
from intake.store.sqlite.slots import SLOT_BYTES

# The log may grow to this meanwhile: moving 240 MiB of it, once, at the end, held up writes for half a second.
# On a disk that is nearly full, it may grow to what deletions are sure to find room for.
LOG_MOST: Final = 16 * LOG_BYTES
LOG_MOST_NEARLY_FULL: Final = 2 * LOG_BYTES
WATCH_SECONDS: Final = 0.25
RECORD_BYTES: Final = 256  # about what a record takes beside its content
CHUNKS_AT_ONCE: Final = PORTION_BYTES // SLOT_BYTES

_LISTED: Final = struct.Struct("32s32sQI")  # a file while it waits for its turn: id, mailbox, number, chunks


class Dump:
    """One reading of the whole store. Only one task may use it."""

    def __init__(self, database: Path, files: Files) -> None:
        self._database = database
        self._log = database.with_name(f"{database.name}-wal")
        self._files = files
        self._reader: Readers | None = None
        self._listed = bytearray()
        self._is_closed = self._is_too_long = False

    async def portions(self) -> AsyncGenerator[list[Record], None]:
        """All records, some at a time. Raises `StoreUnavailable`, `TooMuchWritten`."""
        try:
            connection = await Connection(lambda: connect(self._database, query_only=True)).open()
        except sqlite3.Error as error:
            raise unavailable(error) from None
        self._reader = Readers([connection])
        if self._is_closed:  # while it was opened
            await self.close()
        try:
            with self._files.keeping():
                async with aclosing(self._texts(self._reader)) as texts:
                    async for portion in texts:
                        yield portion
                for blob, mailbox, number, chunks in _LISTED.iter_unpack(self._listed):
                    yield [File(blob, mailbox, chunks)]
                    for first in range(0, chunks, CHUNKS_AT_ONCE):
                        count = min(CHUNKS_AT_ONCE, chunks - first)
                        yield await self._chunks(self._reader, number, first, count)
        except StoreUnavailable:
            if self._is_too_long:
                raise TooMuchWritten from None
            raise
        finally:
            await self.close()

    async def close(self) -> None:
        """End it, so that its next step raises `StoreUnavailable`. May be called again."""
        self._is_closed = True
        if self._reader is not None:
            await self._reader.close()

    async def _texts(self, reader: Readers) -> AsyncGenerator[list[Record], None]:
        """All texts, of one moment; and the list of files of that moment is noted."""
        await reader.read(lambda c: c.execute("BEGIN"))
        portions = await reader.read(self._portions)
        watching = asyncio.create_task(self._watch_log(), name="store dump")
        try:
            while portion := await reader.read(lambda _: next(portions, None)):
                yield portion
        finally:
            watching.cancel()
            with suppress(StoreUnavailable):  # closed, which ends the transaction too
                await reader.read(lambda _: portions.close())
                await reader.read(lambda c: c.rollback())

    def _portions(self, connection: sqlite3.Connection) -> Generator[list[Record], None, None]:
        portion, size = list[Record](), 0
        for record in records.texts(connection):
            portion.append(record)
            size += _size(record)
            if size >= PORTION_BYTES:
                yield portion
                portion, size = [], 0
        for listed in blobs.all_claimed(connection):
            self._listed += _LISTED.pack(*listed)
        if portion:
            yield portion

    async def _watch_log(self) -> None:
        """End it when the log has grown too long, whether whoever reads it takes another step or not."""
        while not self._is_too_long:
            await asyncio.sleep(WATCH_SECONDS)
            is_room = free_bytes(self._log.parent) >= TEXT_BYTES
            most = LOG_MOST if is_room else LOG_MOST_NEARLY_FULL
            self._is_too_long = self._log.stat().st_size > most
        await self.close()

    async def _chunks(self, reader: Readers, number: int, first: int, count: int) -> list[Record]:
        try:
            found = await reader.read(lambda c: self._files.kept_chunks(c, number, first, count))
        except OSError:
            raise StoreUnavailable(DISK_FAILED) from None
        if len(found) < count:
            raise ChunksMissing
        return [Chunk(at, content) for at, content in enumerate(found, first)]


def _size(record: Record) -> int:
    return RECORD_BYTES + sum(len(value) for value in vars(record).values() if isinstance(value, bytes))
