"""Group commit: all new reports that wait share one statement and one transaction, and each fails by itself.

A COMMIT waits for the server's disk, and each statement for the network. What is not new, or was refused, is asked
for again by itself, which tells each its own answer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from time import monotonic
from typing import Final

from intake.store.arrivals import arrived
from intake.store.errors import OutcomeUnknown, StoreError, StoreUnavailable
from intake.store.postgresql import mailboxes
from intake.store.postgresql.connections import Connections
from intake.store.postgresql.mailboxes import Creation

BATCH_ITEMS: Final = 256
# The writer goes on after a fault of its own, such as too little memory, but not after two in this time.
FAULT_SECONDS = 60.0


@dataclass(eq=False, repr=False)
class _Item:
    new: Creation
    future: asyncio.Future[bool]


class GroupWriter:
    """The writer of new reports. Built on a running event loop; ends with `close()`.

    A fault of its own is reported to the loop's exception handler, and the writer goes on; after a second within
    `FAULT_SECONDS` it ends, and `failed` is done.
    """

    def __init__(self, connections: Connections) -> None:
        """Writes one batch at a time on these connections, which it does not close."""
        self._connections = connections
        self._waiting: deque[_Item] = deque()
        self._arrived = asyncio.Event()
        self._closing = False
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._last_fault = -FAULT_SECONDS
        self._task = asyncio.create_task(self._work(), name="store writer")

    async def create(self, new: Creation) -> bool:
        """Store a mailbox with its opening, durably; False if it is there already.

        Raises what `mailboxes.create` raises, `StoreUnavailable`, `OutcomeUnknown`. If the caller is cancelled, the
        write may or may not happen.
        """
        if self._closing or self.failed.done():
            raise StoreUnavailable(self._why_closed())
        item = _Item(new, asyncio.get_running_loop().create_future())
        self._waiting.append(item)
        self._arrived.set()
        if await item.future:
            return True
        return await self._connections.write(lambda link: mailboxes.create(link, new, ()))

    async def close(self) -> None:
        """Commit what waits, then end. May be called again."""
        self._closing = True
        self._arrived.set()
        await asyncio.shield(self._task)

    async def _work(self) -> None:
        while not self.failed.done():
            await arrived(self._waiting, BATCH_ITEMS)
            batch = self._take()
            if batch:
                await self._serve(batch)
            elif self._closing:
                break
            else:
                self._arrived.clear()
                await self._arrived.wait()
        while left := self._take():
            for item in left:
                _refuse(item, StoreUnavailable(self._why_closed()))

    def _take(self) -> list[_Item]:
        """The next items that still wait, no two with the same id."""
        batch: dict[bytes, _Item] = {}
        while self._waiting and len(batch) < BATCH_ITEMS and self._waiting[0].new.mailbox.id not in batch:
            item = self._waiting.popleft()
            if not item.future.done():  # its client went away
                batch[item.new.mailbox.id] = item
        return list(batch.values())

    async def _serve(self, batch: list[_Item]) -> None:
        """Store a batch, and answer each of its items: True if it is new, False if it must be asked for by itself."""
        try:
            new = await self._store([item.new for item in batch])
        except StoreUnavailable as failure:
            for item in batch:  # one each, since each task may add its traceback
                _refuse(item, type(failure)(failure.detail))
        except StoreError:  # one of them was refused, and with it the statement
            _answer(batch, set())
        except Exception as fault:  # noqa: BLE001  the outermost edge: else writes would wait for ever
            for item in batch:
                _refuse(item, OutcomeUnknown())
            self._note(fault)
        else:
            _answer(batch, new)

    async def _store(self, batch: list[Creation]) -> set[bytes]:
        """Store a batch; once more if nobody knows how the first COMMIT ended. What it had stored is not new then."""
        try:
            return await self._connections.write_at_once(lambda link: mailboxes.create_all(link, batch))
        except OutcomeUnknown as unknown:
            try:
                return await self._connections.write_at_once(lambda link: mailboxes.create_all(link, batch))
            except StoreUnavailable:
                raise unknown from None

    def _note(self, fault: Exception) -> None:
        """Report a fault of the writer, and end it if that was the second in a short time."""
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": "The store's writer failed.", "exception": fault})
        if monotonic() - self._last_fault < FAULT_SECONDS:
            self.failed.set_result(None)
        self._last_fault = monotonic()

    def _why_closed(self) -> str:
        return "It failed twice; start the service again." if self.failed.done() else "It is closed."


def _answer(batch: list[_Item], new: set[bytes]) -> None:
    for item in batch:
        if not item.future.done():
            item.future.set_result(item.new.mailbox.id in new)


def _refuse(item: _Item, error: StoreError) -> None:
    if not item.future.done():
        item.future.set_exception(error)
