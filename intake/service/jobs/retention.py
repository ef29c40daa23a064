"""Deletes expired mailboxes and files every hour from the start on, and erases them from the disk."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from intake.service.http.problems import log
from intake.service.jobs.background import periodic
from intake.service.jobs.days import Days
from intake.store import Store, StoreError


class Retention:
    """The rounds of erasing. `monotonic` gives seconds that never go back, by which a doubted clock is watched."""

    def __init__(self, store: Store, days: Days, monotonic: Callable[[], float]) -> None:
        self._store = store
        self._days = days
        self._monotonic = monotonic
        self._last = monotonic()

    async def look(self) -> bool:
        """Judge the clock; whether it is believed. A failure is logged, and nothing is erased then."""
        try:
            return await self._look(leads=await self._store.leads())
        except StoreError as error:
            log.error("The clock could not be compared with the last round: %s", type(error).__name__)
            return False

    async def _look(self, *, leads: bool) -> bool:
        now = self._monotonic()
        ran, self._last = now - self._last, now
        return await self._days.look(self._store, ran, leads=leads)

    async def round(self) -> None:
        """Delete what has expired, if the clock is believed, and erase deleted files from the disk.

        Of several processes one does so. A store that is full or busy is no reason to stop serving: the next round does
        the work. Neither is a file of the data folder that can't be removed.
        """
        try:
            leads = await self._store.leads()
            is_believed = await self._look(leads=leads)
            if leads and is_believed:
                await self._store.expire(self._days.believed())
            if leads:
                await self._store.erase_files()
        except (StoreError, OSError) as error:
            log.error("What has expired could not be erased yet: %s", type(error).__name__)


@asynccontextmanager
async def erasing(retention: Retention, seconds: float) -> AsyncIterator[None]:
    """Judge the clock before anything is served, then erase at once and every `seconds`, until the block ends.

    In the background: it may take minutes, what has expired is answered as gone meanwhile, and nobody should wait.
    """
    await retention.look()
    async with periodic(retention.round, seconds, "retention"):
        yield
