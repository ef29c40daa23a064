"""Sealed files: their rows are in the database, the bytes of their chunks in slots of a flat file.

Bytes are on the disk before a row names their slot, and are overwritten there before that row goes. So the
database alone decides what is stored. A crash anywhere in between leaves a chunk that is stored, one whose
deletion is noted (`erasing`), or bytes in a free slot, which the next opening overwrites (slots.py).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from intake.store.backup import records
from intake.store.errors import Conflict, StoreBusy, StoreError, StoreUnavailable
from intake.store.interface import ClaimedBlob
from intake.store.sqlite import blobs, chunks
from intake.store.sqlite.blobs import Blob
from intake.store.sqlite.chunks import Place
from intake.store.sqlite.connection import DISK_FAILED
from intake.store.sqlite.group_commit import QUEUE_BYTES, GroupWriter
from intake.store.sqlite.group_sync import GroupSync
from intake.store.sqlite.readers import Readers
from intake.store.sqlite.slots import Slots

T = TypeVar("T")

# Kept free for texts: enough for the reports that come until an operator has made room.
RESERVE_BYTES = 256 * 1024 * 1024
# Chunks erased at a time, which takes some tens of milliseconds; other writes are served between two.
ERASE_AT_ONCE = 16
# After a failure, the erasure is tried again this often.
ERASE_AGAIN_SECONDS = 5.0


class Files:
    """The files of a `SqliteStore`. Built on a running event loop; ends with `close()`."""

    def __init__(self, rows: GroupWriter, readers: Readers, slots: Slots) -> None:
        """Takes the writer of the database; readers, not those of texts, and slots, which are closed here."""
        self._rows = rows
        self._readers = readers
        self._slots = slots
        self.writer = GroupSync(slots)
        self._held = 0
        self._keeping = 0
        self._is_closing = False
        self._erasing = asyncio.Lock()
        self._working: set[asyncio.Task[Any]] = set()
        self._again: asyncio.Task[None] | None = None

    async def put(
        self,
        organisation: bytes,
        blob: bytes,
        first: int,
        sent: Sequence[bytes],
        expiry_day: int,
        quota: int | None = None,
    ) -> None:
        """Store chunks. Raises `Conflict`, `StorageFull`, `StoreBusy`, `NotFound`."""
        numbered = dict(enumerate(sent, first))

        async def put() -> None:
            with self._holding(sum(map(len, sent))):
                while not await self._put(organisation, blob, numbered, expiry_day, quota):
                    pass

        await self._finish(put())

    async def _put(
        self,
        organisation: bytes,
        blob: bytes,
        numbered: Mapping[int, bytes],
        expiry_day: int,
        quota: int | None,
    ) -> bool:
        """Do it once; False if another request has stored some of these chunks meanwhile."""
        row, new = await self._read(lambda c: self._new(c, organisation, blob, numbered, quota))
        if not new:
            return True  # a repetition does not extend the blob's life
        is_stored, slots = False, list[int]()
        try:
            slots = await self.writer.write(list(new.values()))
            places = [Place(number, slot, len(new[number])) for number, slot in zip(new, slots, strict=True)]
            is_stored = await self._rows.write(
                lambda c: blobs.add_chunks(c, organisation, blob, row, places, expiry_day, quota)
            )
        finally:  # nobody may know how a COMMIT ended that failed, so the rows are asked
            if not is_stored and not await self._read(lambda c: chunks.is_any_used(c, slots)):
                await self.writer.run(lambda s: s.disown(slots))
                await self.erase([])
        return is_stored

    def _new(
        self,
        connection: sqlite3.Connection,
        organisation: bytes,
        id: bytes,
        numbered: Mapping[int, bytes],
        quota: int | None,
    ) -> tuple[Blob | None, dict[int, bytes]]:
        """The blob, and the chunks that it lacks.

        Raises `Conflict` if it has one of them with other bytes or can't have new ones; `StorageFull` if the quota has
        no room for them: before they are written, and once more when they are counted, since others write too.
        """
        row, new = blobs.blob(connection, id), dict(numbered)
        if row is not None:
            if row.organisation != organisation:
                raise Conflict
            for place in chunks.find(connection, row.number, min(numbered), max(numbered) + 1):
                if self._slots.read(place.slot, place.length) != new.pop(place.chunk):
                    raise Conflict
            if new and row.mailbox is not None:
                raise Conflict
        blobs.check_quota(connection, organisation, sum(map(len, new.values())), quota)
        return row, new

    @contextmanager
    def _holding(self, size: int) -> Iterator[None]:
        """Count what a request holds in memory while it waits. Raises `StoreBusy` if that is too much."""
        if self._held + size > QUEUE_BYTES:
            raise StoreBusy
        self._held += size
        try:
            yield
        finally:
            self._held -= size

    async def stored(self, organisation: bytes, blob: bytes) -> list[tuple[int, int]]:
        """The numbers of a blob's stored chunks, as half-open ranges."""
        return await self._read(lambda c: blobs.stored(c, organisation, blob))

    async def claimed(self, organisation: bytes, blob: bytes) -> ClaimedBlob | None:
        """A blob that belongs to a mailbox."""
        found = await self._read(lambda c: blobs.claimed(c, organisation, blob))
        return ClaimedBlob(*found[1:]) if found else None

    async def chunks(self, organisation: bytes, blob: bytes, first: int, limit: int) -> list[bytes]:
        """Some chunks of a blob that belongs to a mailbox, from `first` up to the first that is missing."""

        def read(connection: sqlite3.Connection) -> list[bytes]:
            places = blobs.places(connection, organisation, blob, first, limit)
            found = [self._slots.read(place.slot, place.length) for place in places]
            if places != blobs.places(connection, organisation, blob, first, limit):
                return []  # it was deleted meanwhile, and its slots may be another's
            lost = (at for at, place in enumerate(places) if len(found[at]) < place.length)
            return found[: next(lost, None)]

        return await self._read(read)

    def kept_chunks(self, connection: sqlite3.Connection, number: int, first: int, count: int) -> list[bytes]:
        """Chunks of a number from `first` up to the first that is missing, while they are kept. Raises OSError.

        To be called on the thread of `connection`.
        """
        found = list[bytes]()
        for at, place in enumerate(chunks.find(connection, number, first, first + count), first):
            content = self._slots.read(place.slot, place.length)
            if place.chunk != at or len(content) < place.length:
                break
            found.append(content)
        return found

    async def load(self, numbered: Sequence[tuple[int, records.Chunk]]) -> None:
        """Store chunks with the numbers of their blobs. Raises `StorageFull`."""
        slots = await self.writer.write([chunk.bytes for _, chunk in numbered])

        def insert(connection: sqlite3.Connection) -> None:
            for (number, chunk), slot in zip(numbered, slots, strict=True):
                blobs.put_places(connection, number, [Place(chunk.number, slot, len(chunk.bytes))])

        await self._rows.write(insert)

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Let chunks that rows name at the beginning stay in their slots until the end, deleted or not.

        Deletions are noted, and make up for it then. What is being overwritten at the beginning has no blob any more.
        """
        self._keeping += 1
        try:
            yield
        finally:
            self._keeping -= 1
            if not self._keeping and not self._is_closing:
                if self._again is not None:  # it may be busy with what was deleted before
                    self._again.cancel()
                    self._again = None
                self._erase_again(0)

    async def _read(self, operation: Callable[[sqlite3.Connection], T]) -> T:
        """Read rows, and bytes as they say, on the thread of a reader."""
        try:
            return await self._readers.read(operation)
        except OSError:
            raise StoreUnavailable(DISK_FAILED) from None

    async def delete(self, organisation: bytes, blob: bytes) -> None:
        """Erase a blob that is not claimed. Raises `Conflict`."""
        await self.erase(
            await self._rows.write(lambda c: blobs.delete_blob(c, organisation, blob), erases=True)
        )

    async def erase(self, numbers: Sequence[int]) -> None:
        """Erase the chunks of these numbers, whose blobs are deleted, from the disk.

        If the disk can't be written, the deletion still counts: they stay noted, and it is tried again.
        """
        with suppress(StoreError):
            await self._erase(numbers)

    async def erase_owed(self) -> None:
        """Erase all chunks that are noted. Raises `StoreUnavailable`; then it is tried again."""
        await self._erase(await self._read(blobs.owed))

    async def _erase(self, numbers: Sequence[int]) -> None:
        if self._keeping:
            return
        try:
            await self.writer.run(Slots.clean)
            for number in numbers:
                while not await self._finish(self._erase_some(number)):
                    pass
        except StoreError:
            self._erase_again(ERASE_AGAIN_SECONDS)
            raise

    async def _erase_some(self, number: int) -> bool:
        """Erase some chunks of a number; True once none is left.

        One at a time: else another could overwrite a slot that it has seen here and that is used again.
        """
        async with self._erasing:
            places = await self._read(lambda c: chunks.find(c, number, limit=ERASE_AT_ONCE))
            slots = [place.slot for place in places]
            await self.writer.run(lambda s: s.overwrite(slots))
            is_done = await self._rows.write(lambda c: blobs.erased(c, number, places))
            await self.writer.run(lambda s: s.give_back(slots))
        return is_done

    def _erase_again(self, seconds: float) -> None:
        async def again(seconds: float) -> None:
            while True:
                await asyncio.sleep(seconds)
                seconds = ERASE_AGAIN_SECONDS
                with suppress(StoreError):
                    return await self._erase(await self._read(blobs.owed))

        if self._again is None or self._again.done():
            self._again = asyncio.create_task(again(seconds), name="store erasing")

    async def close(self) -> None:
        """Finish what was begun, then close readers and slots. Not to be called again."""
        self._is_closing = True
        if self._again is not None:
            self._again.cancel()
            await asyncio.wait([self._again])
        if self._working:
            await asyncio.wait(self._working)
        await self._readers.close()
        await self.writer.close()

    async def _finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it to its end if its caller is cancelled, too: else slots would be neither taken nor free."""
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return await asyncio.shield(task)
