"""Group commit: all writes that wait at one moment share one transaction, and each fails alone.

A durable commit costs an fsync, which costs far more than an insert. So one writer takes what waits, runs each
item inside a SAVEPOINT of its own, and answers all of them after the one COMMIT; nobody is told "stored" before.

The writer's thread goes on from batch to batch by itself as long as something waits: were each batch handed to it
by the event loop, it would idle while the loop works through the requests that the last one answered. For the same
reason new mailboxes share their statements: around each statement Python's lock is given back and asked for again.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from intake.store.connection import Connection, unavailable
from intake.store.errors import Conflict, Malformed, NotFound, StoreBusy, StoreError, StoreUnavailable
from intake.store.mailboxes import Creation, insert_together

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]

BATCH_ITEMS = 256
QUEUE_ITEMS = 2048
QUEUE_BYTES = 64 * 1024 * 1024
# A reader can hold up the erasure that a deletion is owed; then it is tried again this often.
ERASE_RETRY_SECONDS = 0.25

_REFUSALS: dict[str, type[StoreError]] = {
    "SQLITE_CONSTRAINT_FOREIGNKEY": NotFound,
    "SQLITE_CONSTRAINT_PRIMARYKEY": Conflict,
    "SQLITE_CONSTRAINT_UNIQUE": Conflict,
}


class Erases(Protocol):
    """What takes deleted bytes out of a database's files, such as `erasure.Eraser`."""

    def erase(self, connection: sqlite3.Connection, *, whole: bool) -> bool:
        """Do it on the writer's thread, outside of a transaction; False if it is still owed."""
        ...

    def close(self) -> None:
        """Let its file go, after all connections."""
        ...


@dataclass(eq=False)
class _Item:
    operation: Operation[Any]
    size: int
    erases: bool
    sweeps: bool
    future: asyncio.Future[Any]


@dataclass(frozen=True)
class _Outcome:
    result: Any = None
    error: Exception | None = None


def _attempt(connection: sqlite3.Connection, operation: Operation[Any]) -> _Outcome:
    """Run one item so that its failure undoes nothing else. Raises `sqlite3.Error` where all must fail."""
    connection.execute("SAVEPOINT item")
    try:
        outcome = _Outcome(result=operation(connection))
    except sqlite3.IntegrityError as error:
        outcome = _Outcome(error=_REFUSALS.get(getattr(error, "sqlite_errorname", ""), Malformed)())
    except (sqlite3.OperationalError, sqlite3.InternalError):
        raise
    except sqlite3.DatabaseError as error:
        if type(error) is sqlite3.DatabaseError:  # damaged, or not a database any more
            raise
        outcome = _Outcome(error=Malformed())
    except OverflowError:  # an integer beyond 64 bits
        outcome = _Outcome(error=Malformed())
    except Exception as error:  # noqa: BLE001  the writer's outermost edge: a mistake in one item is its own
        outcome = _Outcome(error=error)
    if outcome.error is not None:
        connection.execute("ROLLBACK TO item")
    connection.execute("RELEASE item")
    return outcome


def _run(connection: sqlite3.Connection, operations: Sequence[Operation[Any]]) -> list[_Outcome]:
    """Run each of a batch, the new mailboxes together. Should one of those fail, each has its own attempt."""
    creations = [operation for operation in operations if isinstance(operation, Creation)]
    together = None
    if len(creations) > 1:
        together = _attempt(connection, lambda c: insert_together(c, creations))
        if together.error is not None:
            together = None
    return [
        together if together and isinstance(operation, Creation) else _attempt(connection, operation)
        for operation in operations
    ]


def _commit(connection: sqlite3.Connection, operations: Sequence[Operation[Any]]) -> list[_Outcome]:
    """Run a batch in one transaction. Raises `StoreUnavailable`, with nothing stored, if it cannot commit."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        outcomes = _run(connection, operations)
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection.in_transaction:  # SQLite has rolled back by itself after some errors, not after all
            connection.execute("ROLLBACK")
        raise unavailable(error) from None
    return outcomes


class GroupWriter:
    """The one writer of a database. Built on a running event loop; ends with `close()`."""

    def __init__(
        self,
        connection: Connection,
        eraser: Erases,
        *,
        queue_items: int = QUEUE_ITEMS,
        queue_bytes: int = QUEUE_BYTES,
        batch_items: int = BATCH_ITEMS,
        shares_thread: bool = False,
    ) -> None:
        """Start on an open connection, and close both in the end.

        At most `queue_items` items of together `queue_bytes` wait at any moment, and at most `batch_items` share
        a transaction. `shares_thread`: others read on the connection, and have their turn after each batch.
        """
        self.connection = connection
        self._eraser = eraser
        self._queue_items, self._queue_bytes, self._batch_items = queue_items, queue_bytes, batch_items
        self._shares_thread = shares_thread
        self._waiting: deque[_Item] = deque()
        self._held_items = self._held_bytes = 0  # waiting, or in the batch being committed
        self._arrived = asyncio.Event()
        self._closing = False
        self._owes_erasure = self._owes_sweep = False
        self._task = asyncio.create_task(self._work(), name="store writer")

    async def write(self, operation: Operation[T], *, size: int = 0, erases: bool = False) -> T:
        """Run `operation` in the next transaction and return its result once that is durable.

        `size`: the bytes it keeps in memory while it waits. `erases`: what it deleted is taken out of the
        files before the answer, or as soon as the last reader of it has finished (`erasure.py`).
        Raises `StoreBusy` at once if the queue is full, `StoreUnavailable` if the commit failed, and what
        the operation raises. A caller who is cancelled meanwhile may or may not have written.
        """
        return await self._queue(operation, size=size, erases=erases)

    async def sweep(self) -> None:
        """Take everything that was ever deleted out of the files, however large they are."""
        await self._queue(lambda _: None, sweeps=True)

    async def close(self) -> None:
        """Commit what waits, then close the connection. May be called again."""
        self._closing = True
        self._arrived.set()
        await asyncio.shield(self._task)

    async def _queue(
        self, operation: Operation[T], *, size: int = 0, erases: bool = False, sweeps: bool = False
    ) -> T:
        if self._closing:
            raise StoreUnavailable("It is closed.")
        if self._held_items >= self._queue_items or self._held_bytes + size > self._queue_bytes:
            raise StoreBusy
        item = _Item(operation, size, erases, sweeps, asyncio.get_running_loop().create_future())
        self._waiting.append(item)
        self._held_items += 1
        self._held_bytes += size
        self._arrived.set()
        result: T = await item.future
        return result

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while await self._something_waits():
                await self.connection.run(lambda connection: self._drain(connection, loop))
        finally:
            await self._finish()

    async def _something_waits(self) -> bool:
        """Wait for an item, paying an owed erasure meanwhile; False when closing and nothing is left."""
        while not self._waiting:
            if self._closing:
                return False
            self._arrived.clear()
            try:
                async with asyncio.timeout(ERASE_RETRY_SECONDS if self._owes_erasure else None):
                    await self._arrived.wait()
            except TimeoutError:
                await self.connection.run(self._erase)
        return True

    def _drain(self, connection: sqlite3.Connection, loop: asyncio.AbstractEventLoop) -> None:
        """On the writer's thread: batch after batch until nothing waits."""
        while batch := self._take():
            wanted = [item for item in batch if not item.future.cancelled()]
            outcomes: list[_Outcome] | None = None
            cause = ""
            try:
                outcomes = self._serve(connection, wanted)
            except StoreUnavailable as failure:
                cause = failure.detail
            finally:  # whatever happened, nobody is left waiting
                loop.call_soon_threadsafe(self._settle, batch, wanted, outcomes, cause)
            if self._shares_thread:
                return

    def _take(self) -> list[_Item]:
        """A batch of what waits: most often taken by the writer's thread, while the loop adds to it.

        What erases has transactions of its own: a disk that is full for what others write would undo it with them.
        """
        batch: list[_Item] = []
        with suppress(IndexError):
            while len(batch) < self._batch_items:
                if batch and self._waiting[0].erases != batch[0].erases:
                    break
                batch.append(self._waiting.popleft())
        return batch

    def _serve(self, connection: sqlite3.Connection, items: list[_Item]) -> list[_Outcome]:
        outcomes = _commit(connection, [item.operation for item in items])
        self._owes_erasure |= any(item.erases or item.sweeps for item in items)
        self._owes_sweep |= any(item.sweeps for item in items)
        if self._owes_erasure:
            self._erase(connection)
        return outcomes

    def _settle(
        self, batch: list[_Item], wanted: list[_Item], outcomes: list[_Outcome] | None, cause: str
    ) -> None:
        """On the event loop: the batch is over, and those who still wait are answered; None if all of it failed."""
        self._held_items -= len(batch)
        self._held_bytes -= sum(item.size for item in batch)
        for number, item in enumerate(wanted):
            _answer(item.future, outcomes[number] if outcomes else _Outcome(error=StoreUnavailable(cause)))

    def _erase(self, connection: sqlite3.Connection) -> None:
        whole = self._owes_sweep
        done = self._eraser.erase(connection, whole=whole)
        self._owes_erasure = not done
        self._owes_sweep = whole and not done

    async def _finish(self) -> None:
        self._closing = True
        while left := self._take():
            for item in left:
                _answer(item.future, _Outcome(error=StoreUnavailable("It is closed.")))
        await self.connection.run(self._erase)
        await self.connection.close()
        self._eraser.close()


def _answer(future: asyncio.Future[Any], outcome: _Outcome) -> None:
    if future.done():  # its client went away
        return
    if outcome.error is not None:
        future.set_exception(outcome.error)
    else:
        future.set_result(outcome.result)
