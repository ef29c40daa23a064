"""Forgetting on time: what has expired is erased at the start and every hour."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from intake.service.problems import log
from intake.store import Store, StoreError


async def expire(store: Store, today: Callable[[], int]) -> None:
    """One round. A store that is full or busy is not a reason to stop serving: the next round does the work."""
    try:
        await store.expire(today())
    except StoreError as error:
        log.error("What has expired could not be erased yet: %s", type(error).__name__)


@asynccontextmanager
async def erasing(store: Store, today: Callable[[], int], seconds: float) -> AsyncIterator[None]:
    """Erase before anything is served, then every `seconds`, until the block ends."""

    async def rounds() -> None:
        while True:
            await asyncio.sleep(seconds)
            await expire(store, today)

    await expire(store, today)
    task = asyncio.create_task(rounds(), name="retention")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
