"""Group commit: all waiting writes share one transaction, and each can fail by itself.

A durable commit needs an fsync, which costs far more than an insert. So one writer takes all waiting items, runs each
in a SAVEPOINT of its own, and answers all of them after the one COMMIT: no write is confirmed before it is durable.

A batch begins when the event loop has taken in all that has reached it. Begun with the first item, it would work
beside a busy loop and wait for Python's lock at each statement, while the other items wait for a second COMMIT: 32
clients then cost an eighth more processor time, and get a third less done where the machine has other work.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

from intake.store.arrivals import arrived
from intake.store.errors import OutcomeUnknown, StoreBusy, StoreUnavailable
from intake.store.sqlite.batch import Operation, Outcome, commit
from intake.store.sqlite.connection import LOG_BYTES, Connection
from intake.store.sqlite.scrub_wal import Eraser

T = TypeVar("T")

BATCH_ITEMS = 256
QUEUE_ITEMS = 2048
QUEUE_BYTES = 64 * 1024 * 1024
# The log is moved into the database when about so much was written and nobody writes for a moment, or else when it was
# LOG_BYTES. How much it was is estimated: an item's bytes, and the pages that it shares with others.
IDLE_SECONDS, IDLE_LOG_BYTES = 0.05, 4 * 1024 * 1024
ITEM_BYTES = 16 * 1024
# A reader can hold up this, and the erasure after a deletion; then it is tried again so often.
RETRY_SECONDS = 0.25
# The writer goes on after a fault of its own, such as too little memory, but not after two in this time.
FAULT_SECONDS = 60.0


@dataclass(eq=False)
class _Item:
    operation: Operation[Any]
    size: int
    erases: bool
    future: asyncio.Future[Any]


class GroupWriter:
    """The one writer of a database. Built on a running event loop; ends with `close()`.

    A fault of its own is reported to the loop's exception handler, and the writer goes on; after a second within
    `FAULT_SECONDS` it ends. Then `failed` is done, every write raises `StoreUnavailable`, and the process should
    end with an error, to be started again.
    """

    def __init__(
        self,
        connection: Connection,
        eraser: Eraser,
        *,
        queue_items: int = QUEUE_ITEMS,
        queue_bytes: int = QUEUE_BYTES,
        batch_items: int = BATCH_ITEMS,
    ) -> None:
        """Start on an open connection, and close both in the end.

        At most `queue_items` items of together `queue_bytes` wait at any moment, and at most `batch_items` share
        a transaction.
        """
        self.connection = connection
        self._eraser = eraser
        self._queue_items, self._queue_bytes, self._batch_items = queue_items, queue_bytes, batch_items
        self._waiting: deque[_Item] = deque()
        self._held_items = self._held_bytes = 0  # waiting, or in the batch being committed
        self._arrived = asyncio.Event()
        self._closing = False
        self._owes_erasure = False
        self._logged = 0  # bytes, about, since the log was moved
        self._retry_at = 0.0
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._last_fault = -FAULT_SECONDS
        self._task = asyncio.create_task(self._work(), name="store writer")

    async def write(self, operation: Operation[T], *, size: int = 0, erases: bool = False) -> T:
        """Run `operation` in the next transaction and return its result once that is durable.

        `size`: the bytes it keeps in memory while it waits. `erases`: bytes that it deletes are erased from the
        files before the answer, or as soon as their last reader has finished (`scrub_wal.py`).
        Raises `StoreBusy` at once if the queue is full, `StoreUnavailable` or `OutcomeUnknown` if the commit
        failed, and what the operation raises. If the caller is cancelled, the write may or may not happen.
        """
        if self._closing or self.failed.done():
            raise StoreUnavailable(self._why_closed())
        if self._held_items >= self._queue_items or self._held_bytes + size > self._queue_bytes:
            raise StoreBusy
        item = _Item(operation, size, erases, asyncio.get_running_loop().create_future())
        self._waiting.append(item)
        self._held_items += 1
        self._held_bytes += size
        self._arrived.set()
        result: T = await item.future
        return result

    async def sweep(self) -> None:
        """Erase all deleted bytes from the files."""
        await self.write(lambda _: None, erases=True)

    async def close(self) -> None:
        """Commit the waiting writes, then close the connection. May be called again."""
        self._closing = True
        self._arrived.set()
        await asyncio.shield(self._task)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while not self.failed.done():
                try:
                    while await self._something_waits():
                        await arrived(self._waiting, self._batch_items)
                        await self.connection.run(lambda connection: self._work_off(connection, loop))
                    break
                except Exception as fault:  # noqa: BLE001  the outermost edge: else writes would wait for ever
                    self._note(fault)
            self._refuse_waiting()
            while not self._closing:  # the file must not be closed while there are readers
                self._arrived.clear()
                await self._arrived.wait()
        finally:
            await self._finish()

    def _note(self, fault: Exception) -> None:
        """Report a fault of the writer, and end it if that was the second in a short time."""
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": "The store's writer failed.", "exception": fault})
        if monotonic() - self._last_fault < FAULT_SECONDS:
            self.failed.set_result(None)
        self._last_fault = monotonic()

    def _why_closed(self) -> str:
        return "It failed twice; start the service again." if self.failed.done() else "It is closed."

    async def _something_waits(self) -> bool:
        """Wait for an item, and tidy up in the meantime; False when closing and none is left."""
        while not self._waiting:
            if self._closing:
                return False
            self._arrived.clear()
            try:
                async with asyncio.timeout(self._idle_seconds()):
                    await self._arrived.wait()
            except TimeoutError:
                await self.connection.run(lambda connection: self._tidy(connection, IDLE_LOG_BYTES))
        return True

    def _idle_seconds(self) -> float | None:
        """How long to wait for an item before there is something else to do."""
        if self._owes_erasure or self._logged > IDLE_LOG_BYTES:
            return max(IDLE_SECONDS, self._retry_at - monotonic())
        return None

    def _work_off(self, connection: sqlite3.Connection, loop: asyncio.AbstractEventLoop) -> None:
        """Commit a batch on the writer's thread, have it answered, and tidy up."""
        batch = self._take()
        wanted = [item for item in batch if not item.future.cancelled()]
        outcomes: list[Outcome] | StoreUnavailable = OutcomeUnknown()
        try:
            outcomes = self._serve(connection, wanted)
        except StoreUnavailable as failure:
            outcomes = failure
        finally:  # after any fault, the callers must be answered
            loop.call_soon_threadsafe(self._answer_batch, batch, wanted, outcomes)
        self._tidy(connection, LOG_BYTES)  # nobody of this batch waits for it

    def _take(self) -> list[_Item]:
        """Take a batch of the waiting items, usually on the writer's thread while the loop adds more.

        Erasures have transactions of their own: if the disk is full, other writes would make them fail too.
        """
        batch: list[_Item] = []
        with suppress(IndexError):
            while len(batch) < self._batch_items:
                if batch and self._waiting[0].erases != batch[0].erases:
                    break
                batch.append(self._waiting.popleft())
        return batch

    def _serve(self, connection: sqlite3.Connection, items: list[_Item]) -> list[Outcome]:
        try:
            outcomes = commit(connection, [item.operation for item in items])
        except Exception:
            self._owes_erasure = True  # of pages that reached the log before the fault
            raise
        self._logged += sum(item.size + ITEM_BYTES for item in items)
        if any(item.erases for item in items):
            self._owes_erasure = True
            self._tidy(connection, LOG_BYTES)
        return outcomes

    def _tidy(self, connection: sqlite3.Connection, limit: int) -> None:
        """Erase what is owed, or move the log if more than `limit` bytes were written.

        After a failure it waits for some time: if each batch tried again, a long read elsewhere would slow all writes.
        """
        if monotonic() < self._retry_at:
            return
        if self._owes_erasure:
            done = self._eraser.erase(connection)
            self._owes_erasure = not done
        elif self._logged > limit:
            done = self._eraser.checkpoint(connection)
        else:
            return
        if done:
            self._logged = 0
        else:
            self._retry_at = monotonic() + RETRY_SECONDS

    def _answer_batch(
        self, batch: list[_Item], wanted: list[_Item], outcomes: list[Outcome] | StoreUnavailable
    ) -> None:
        """On the event loop, answer the callers of a batch that still wait, each for itself or all with a failure."""
        self._held_items -= len(batch)
        self._held_bytes -= sum(item.size for item in batch)
        if isinstance(outcomes, StoreUnavailable):  # one each, since each task may add its traceback
            outcomes = [Outcome(error=type(outcomes)(outcomes.detail)) for _ in wanted]
        for item, outcome in zip(wanted, outcomes, strict=True):
            _answer(item.future, outcome)

    def _refuse_waiting(self) -> None:
        while left := self._take():
            for item in left:
                _answer(item.future, Outcome(error=StoreUnavailable(self._why_closed())))

    async def _finish(self) -> None:
        self._closing = True
        self._refuse_waiting()
        await self.connection.run(lambda connection: self._eraser.erase(connection))
        await self.connection.close()
        self._eraser.close()


def _answer(future: asyncio.Future[Any], outcome: Outcome) -> None:
    if future.done():  # its client went away
        return
    if outcome.error is not None:
        future.set_exception(outcome.error)
    else:
        future.set_result(outcome.result)
