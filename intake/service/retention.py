"""Forgetting on time: what has expired is gone at the start and every hour, and then taken off the disk."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from intake.service.problems import log
from intake.store import Store, StoreError


async def expire(store: Store, today: Callable[[], int]) -> None:
    """One round. A store that is full or busy is not a reason to stop serving: the next round does the work.

    Neither is a file of the data folder that does not let itself be removed.
    """
    try:
        await store.expire(today())
    except (StoreError, OSError) as error:
        log.error("What has expired could not be erased yet: %s", type(error).__name__)


async def erase_files(store: Store) -> None:
    """Take files that are gone off the disk. Likewise."""
    try:
        await store.erase_files()
    except (StoreError, OSError) as error:
        log.error("Files that are gone could not be erased yet: %s", type(error).__name__)


@asynccontextmanager
async def erasing(store: Store, today: Callable[[], int], seconds: float) -> AsyncIterator[None]:
    """Let go what has expired before anything is served, then every `seconds`, until the block ends.

    Files are taken off the disk meanwhile: gigabytes take minutes, for which nobody should have to wait.
    """

    async def rounds() -> None:
        while True:
            await erase_files(store)
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
