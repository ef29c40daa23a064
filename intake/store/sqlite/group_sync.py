"""Writes chunks into slots on a thread of its own; all requests that wait share one fdatasync."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from intake.store.errors import StorageFull, StoreError, StoreUnavailable
from intake.store.sqlite.connection import DISK_FAILED
from intake.store.sqlite.slots import Slots

T = TypeVar("T")
_Request = tuple[Sequence[bytes], asyncio.Future[list[int]]]

# Requests with up to 4 MiB each that share a wait for the disk, and memory for them.
BATCH_ITEMS = 16


class GroupSync:
    """The one writer of a flat file. Built on a running event loop; ends with `close()`."""

    def __init__(self, slots: Slots) -> None:
        """Takes open slots, and closes them in the end."""
        self._slots = slots
        self._thread = ThreadPoolExecutor(1, "store chunks")  # one, so that all is done in order
        self._waiting: list[_Request] = []
        self._task: asyncio.Task[None] | None = None

    async def write(self, chunks: Sequence[bytes]) -> list[int]:
        """Write chunks; returns their slots once they are durable. Raises `StorageFull`, as `Slots.write`."""
        future: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()
        self._waiting.append((chunks, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work(), name="store chunks")
        return await future

    async def run(self, function: Callable[[Slots], T]) -> T:
        """Call `function` between two batches. Raises what it raises; `StoreUnavailable` for an `OSError`."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, function, self._slots)
        except OSError:
            raise StoreUnavailable(DISK_FAILED) from None

    async def close(self) -> None:
        """Finish what was begun, then close the file."""
        if self._task is not None:
            await asyncio.wait([self._task])
        await asyncio.to_thread(self._thread.shutdown)
        self._slots.close()

    async def _work(self) -> None:
        while batch := self._waiting[:BATCH_ITEMS]:
            del self._waiting[:BATCH_ITEMS]
            await self._serve(batch)

    async def _serve(self, batch: Sequence[_Request]) -> None:
        try:
            outcomes = await self.run(lambda slots: _write(slots, [chunks for chunks, _ in batch]))
        except Exception as error:  # noqa: BLE001  the writer's outermost edge: callers must be answered
            outcomes = [error] * len(batch)
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)


def _write(slots: Slots, requests: Sequence[Sequence[bytes]]) -> list[list[int] | Exception]:
    outcomes: list[list[int] | Exception] = []
    for chunks in requests:
        try:
            outcomes.append(slots.write(chunks))
        except StoreError as refusal:
            outcomes.append(refusal)
    try:
        slots.sync()
    except OSError:
        slots.disown(slot for written in outcomes if isinstance(written, list) for slot in written)
        return [StorageFull() for _ in requests]
    return outcomes
