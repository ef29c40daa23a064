"""Sealed files: their rows in the first database, their chunks in the second, and both in step.

A row comes before its first chunk and goes before its last, so chunks without a row are nobody's and may be erased at
any time. That is all that a crash between the two can leave.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from intake.store import blobs, chunk_table
from intake.store.blobs import Blob, Whole
from intake.store.connection import DISK_FAILED, DISK_FULL, Connection, unavailable
from intake.store.errors import Conflict, StorageFull, StoreBusy, StoreError, StoreUnavailable
from intake.store.free_pages import FreePages
from intake.store.interface import BlobClaim, ClaimedBlob
from intake.store.readers import Readers
from intake.store.writer import QUEUE_BYTES, GroupWriter

T = TypeVar("T")

# Kept free for texts: as many reports as come while an operator looks for room.
RESERVE_BYTES = 256 * 1024 * 1024
# Requests with up to 4 MiB each that share a transaction. Each transaction costs some five writes that wait for the
# disk, and memory for the requests in it.
BATCH_ITEMS = 16
# Chunks erased in one transaction, which takes some tens of milliseconds; others are served between two.
ERASE_AT_ONCE = 16
SWEEP_AT_ONCE = 256
# After a failure, what is to be erased is tried again this often.
ERASE_AGAIN_SECONDS = 5.0


class Files:
    """What `SqliteStore` does for files. Built on a running event loop; ends with `close()`."""

    def __init__(
        self,
        rows: GroupWriter,
        readers: Readers,
        connection: Connection,
        pages: FreePages,
        *,
        folder: Path,
        reserve_bytes: int,
    ) -> None:
        """`rows` and `readers` are of the first database, `connection` and `pages` of the second, to be closed here."""
        self._rows = rows
        self._readers = readers
        self._connection = connection
        self._pages = pages
        self._folder = folder
        self._reserve_bytes = reserve_bytes
        self._held = 0
        self._erasing: asyncio.Task[None] | None = None
        self.writer = GroupWriter(connection, pages, batch_items=BATCH_ITEMS, shares_thread=True)

    async def put(
        self, organisation: bytes, blob: bytes, first: int, chunks: Sequence[bytes], expiry_day: int
    ) -> None:
        """Store chunks. Raises `Conflict`, `StorageFull`, `StoreBusy`, `NotFound`."""
        with self.holding(sum(map(len, chunks))):
            try:
                await self._put(organisation, blob, first, chunks, expiry_day)
            except StorageFull:
                if not await self._gives_back():
                    raise
                await self._put(organisation, blob, first, chunks, expiry_day)

    async def _put(
        self, organisation: bytes, blob: bytes, first: int, chunks: Sequence[bytes], expiry_day: int
    ) -> None:
        row = await self._row(organisation, blob, first, chunks, expiry_day)
        if row is None:
            return
        await self._insert(row, first, chunks)
        now = await self._readers.read(lambda c: blobs.blob(c, blob))
        if now is None or now.number != row.number:  # it went meanwhile, and what came too late is nobody's
            await self.erase([row.number])
            raise Conflict

    async def _gives_back(self) -> bool:
        """Whether the disk has more room now that what is free in the file was given back to it."""
        try:
            return await self._read(self._pages.give_back)
        except StoreUnavailable:
            return False

    @contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Count what a request holds in memory, whatever it waits for. Raises `StoreBusy` if that is too much."""
        if self._held + size > QUEUE_BYTES:
            raise StoreBusy
        self._held += size
        try:
            yield
        finally:
            self._held -= size

    async def _row(
        self, organisation: bytes, blob: bytes, first: int, chunks: Sequence[bytes], expiry_day: int
    ) -> Blob | None:
        """The row of the blob these chunks are for, made or kept until `expiry_day`; None if they are all there."""
        row = await self._readers.read(lambda c: blobs.blob(c, blob))
        if row is not None and row.organisation != organisation:
            raise Conflict
        if row is not None and row.expiry_day is not None and row.expiry_day >= expiry_day:
            return row

        def is_wanted(connection: sqlite3.Connection) -> bool:
            if row is not None and not chunk_table.is_new(connection, row.number, first, chunks):
                return False  # a repetition lets nothing live longer
            if row is not None and row.mailbox is not None:
                raise Conflict
            # Before there is a row, or one lives longer: of what is refused nothing is kept.
            self._check_room(connection, len(chunks) * chunk_table.ROW_BYTES)
            return True

        if not await self._read(is_wanted):
            return None
        return await self._rows.write(lambda c: blobs.keep(c, organisation, blob, expiry_day))

    async def _insert(self, row: Blob, first: int, chunks: Sequence[bytes]) -> None:
        def insert(connection: sqlite3.Connection) -> None:
            if chunk_table.is_new(connection, row.number, first, chunks):
                self._check_room(connection, len(chunks) * chunk_table.ROW_BYTES)
                chunk_table.put(connection, row.number, first, chunks)

        try:
            await self.writer.write(insert, size=sum(map(len, chunks)))
        except asyncio.CancelledError:
            self._pages.is_suspect = True  # nobody will hear how it went
            raise
        except StoreUnavailable as failure:
            self._pages.is_suspect = True
            if failure.detail in (DISK_FULL, DISK_FAILED):
                raise StorageFull from None
            raise

    def _check_room(self, connection: sqlite3.Connection, size: int) -> None:
        """Raise `StorageFull` if that would touch the reserve, counting what deleted chunks left in the file."""
        disk = os.statvfs(self._folder)
        free = max(0, disk.f_bavail * disk.f_frsize - self._reserve_bytes)
        if size > free and size > free + self._pages.room(connection):
            raise StorageFull

    async def stored(self, organisation: bytes, blob: bytes) -> list[tuple[int, int]]:
        """Which chunks of a blob are there, as half-open ranges."""
        row = await self._readers.read(lambda c: blobs.blob(c, blob))
        if row is None or row.organisation != organisation:
            return []
        return await self._read(lambda c: chunk_table.stored(c, row.number))

    async def claimed(self, organisation: bytes, blob: bytes) -> ClaimedBlob | None:
        """A blob that belongs to a mailbox."""
        found = await self._readers.read(lambda c: blobs.claimed(c, organisation, blob))
        return ClaimedBlob(*found[1:]) if found else None

    async def chunks(self, organisation: bytes, blob: bytes, first: int, limit: int) -> list[bytes]:
        """Some chunks of a blob that belongs to a mailbox, from `first` on."""
        found = await self._readers.read(lambda c: blobs.claimed(c, organisation, blob))
        if found is None:
            return []
        number, count, _ = found
        return await self._read(lambda c: chunk_table.read(c, number, first, min(count, first + limit)))

    async def whole(self, claims: Sequence[BlobClaim]) -> list[Whole | None]:
        """Which of these are whole, to be claimed in a transaction of the first database.

        All are looked at in one turn: while others send, each turn waits for a batch of megabytes.
        """
        rows = await self._readers.read(lambda c: [blobs.blob(c, claim.blob) for claim in claims])
        unclaimed = [row.number for row in rows if row is not None and row.mailbox is None]
        there = await self._stored(unclaimed) if unclaimed else {}
        return [
            Whole(claim.blob, row.number, claim.chunks)
            if row is not None and there.get(row.number, [(0, claim.chunks)]) == [(0, claim.chunks)]
            else None
            for claim, row in zip(claims, rows, strict=True)
        ]

    async def _stored(self, numbers: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
        return await self._read(lambda c: {number: chunk_table.stored(c, number) for number in numbers})

    async def delete(self, organisation: bytes, blob: bytes) -> None:
        """Erase a blob that is not claimed. Raises `Conflict`."""
        await self.erase(
            await self._rows.write(lambda c: blobs.delete_blob(c, organisation, blob), erases=True)
        )

    async def erase(self, numbers: Sequence[int]) -> None:
        """Take the chunks of these numbers, whose rows are gone, off the disk.

        A disk that does not let itself be written is no reason to say that they are still there: they are nobody's.
        They stay noted, and it is tried again and again.
        """
        try:
            await self._erase_all(numbers)
        except StoreError:
            self._erase_later()

    async def _erase_all(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            await self._erase_one(number)

    async def _erase_one(self, number: int) -> None:
        await self._erase_chunks(number)
        await self._rows.write(lambda c: blobs.erased(c, number))

    def _erase_later(self) -> None:
        if self._erasing is None or self._erasing.done():
            self._erasing = asyncio.create_task(self._go_on_erasing(), name="store erasing")

    async def _go_on_erasing(self) -> None:
        is_owed = True
        while is_owed:
            await asyncio.sleep(ERASE_AGAIN_SECONDS)
            with suppress(StoreError):
                await self._erase_noted()
                is_owed = False

    async def _erase_noted(self) -> None:
        await self._erase_all(await self._readers.read(blobs.owed))

    async def _erase_chunks(self, number: int) -> None:
        def step(connection: sqlite3.Connection) -> bool:
            return chunk_table.erase(connection, number, ERASE_AT_ONCE)

        while not await self.writer.write(step, erases=True):
            pass

    async def erase_owed(self) -> None:
        """Erase what is noted, then what no row knows: a chunk may have come just after its row was gone.

        Then let the disk have the room.
        """
        try:
            await self._erase_noted()
        except StoreError:
            self._erase_later()
            raise
        last = -1
        while numbers := await self._numbers(last):
            last = numbers[-1]
            for number in await self._strangers(numbers):
                await self._erase_chunks(number)
        await self.writer.sweep()
        await self._read(self._pages.give_back)

    async def _numbers(self, after: int) -> list[int]:
        return await self._read(lambda c: chunk_table.numbers(c, after, SWEEP_AT_ONCE))

    async def _strangers(self, numbers: Sequence[int]) -> list[int]:
        return await self._readers.read(lambda c: blobs.strangers(c, numbers))

    async def close(self) -> None:
        """Finish what waits to be written, then close the second database. May be called again."""
        if self._erasing is not None:
            self._erasing.cancel()
            await asyncio.wait([self._erasing])
        await self.writer.close()

    async def _read(self, operation: Callable[[sqlite3.Connection], T]) -> T:
        """Read from the second database, between two transactions of its writer, with which it shares a thread."""
        try:
            return await self._connection.run(operation)
        except sqlite3.Error as error:
            raise unavailable(error) from None
        except OSError:
            raise StoreUnavailable(DISK_FAILED) from None
