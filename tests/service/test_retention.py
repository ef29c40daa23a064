"""What has expired goes at the start and every hour, and a store in trouble stops nothing."""

import asyncio
import time
from collections.abc import Callable

import pytest

from intake.service.app import create_app
from intake.service.jobs.days import Days
from intake.service.jobs.retention import Retention, erasing
from intake.service.settings import Settings
from intake.store import Mailbox, StoreUnavailable
from tests.service.kit.failing_store import FailingStore
from tests.service.kit.opaque_organisation import RETENTION, TODAY, OpaqueOrganisation


class CountingStore(FailingStore):
    """Tells when the round of some number has begun."""

    def __init__(self, store: FailingStore, rounds: int) -> None:
        super().__init__(store)  # type: ignore[arg-type]
        self._rounds = rounds
        self.reached = asyncio.Event()
        self.days: list[int] = []

    async def expire(self, today: int) -> int:
        """Note the day, and pass it on."""
        self.days.append(today)
        if len(self.days) == self._rounds:
            self.reached.set()
        if "expire" in self.failures:
            raise self.failures["expire"]
        return 0


def retention(store: FailingStore, today: Callable[[], int]) -> Retention:
    return Retention(store, Days(today), time.monotonic)


async def test_what_has_expired_is_never_served_and_soon_erased(
    store: FailingStore, world: OpaqueOrganisation
) -> None:
    box = world.box()
    day = TODAY - RETENTION
    mailbox = Mailbox(box.id, world.organisation, box.creation, day, expiry_day=TODAY, tombstone_day=TODAY)
    await store.create_mailbox(mailbox, box.envelope, box.opening)
    app = create_app(store, Settings(), today=lambda: TODAY)
    async with app.router.lifespan_context(app):
        assert await store.mailboxes(world.organisation, None, 9, TODAY) == []
        await asyncio.wait_for(store.done["expire"].wait(), 30)
        assert await store.mailbox(world.organisation, box.id) is None


async def test_it_goes_on_with_the_day_of_each_round(store: FailingStore) -> None:
    days = iter(range(TODAY, TODAY + 100))
    counting = CountingStore(store, 4)
    async with erasing(retention(counting, lambda: next(days)), 0.001):
        await asyncio.wait_for(counting.reached.wait(), 5)
    assert counting.days[:4] == [TODAY + 1, TODAY + 2, TODAY + 3, TODAY + 4]  # the first was looked at alone


@pytest.mark.parametrize("trouble", [StoreUnavailable("a secret path"), PermissionError(1, "a secret path")])
async def test_a_store_in_trouble_is_tried_again(
    store: FailingStore, caplog: pytest.LogCaptureFixture, trouble: Exception
) -> None:
    counting = CountingStore(store, 3)
    counting.failures["expire"] = counting.failures["erase_files"] = trouble
    async with erasing(retention(counting, lambda: TODAY), 0.001):
        await asyncio.wait_for(counting.reached.wait(), 5)
    assert "could not be erased yet" in caplog.text
    assert "secret" not in caplog.text


async def test_a_round_that_dies_is_told_of_and_followed_by_the_next(
    store: FailingStore, caplog: pytest.LogCaptureFixture
) -> None:
    counting = CountingStore(store, 3)
    counting.failures["expire"] = MemoryError("a secret")
    async with erasing(retention(counting, lambda: TODAY), 0.001):
        await asyncio.wait_for(counting.reached.wait(), 5)
    assert "A fault of the service: " in caplog.text
    assert "secret" not in caplog.text
