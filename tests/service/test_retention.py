"""What has expired goes at the start and every hour, and a store in trouble stops nothing."""

import asyncio

import pytest

from intake.service.app import create_app
from intake.service.retention import erasing
from intake.service.settings import Settings
from intake.store import Mailbox, StoreUnavailable
from tests.service.faulty import FaultyStore
from tests.service.world import RETENTION, TODAY, World


class CountingStore(FaultyStore):
    """Tells when the round of some number has begun."""

    def __init__(self, store: FaultyStore, rounds: int) -> None:
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


async def test_it_is_done_before_anything_is_served(store: FaultyStore, world: World) -> None:
    box = world.box()
    day = TODAY - RETENTION
    mailbox = Mailbox(box.id, world.organisation, box.creation, *(bytes(32),) * 5, day=day, expiry_day=TODAY)
    await store.create_mailbox(mailbox, box.envelope, box.opening)
    app = create_app(store, Settings(), today=lambda: TODAY)
    async with app.router.lifespan_context(app):
        assert await store.mailbox(world.organisation, box.id) is None


async def test_it_goes_on_with_the_day_of_each_round(store: FaultyStore) -> None:
    days = iter(range(TODAY, TODAY + 100))
    counting = CountingStore(store, 4)
    async with erasing(counting, lambda: next(days), 0.001):  # type: ignore[arg-type]
        await asyncio.wait_for(counting.reached.wait(), 5)
    assert counting.days[:4] == [TODAY, TODAY + 1, TODAY + 2, TODAY + 3]


@pytest.mark.parametrize("trouble", [StoreUnavailable("a secret path"), PermissionError(1, "a secret path")])
async def test_a_store_in_trouble_is_tried_again(
    store: FaultyStore, caplog: pytest.LogCaptureFixture, trouble: Exception
) -> None:
    counting = CountingStore(store, 3)
    counting.failures["expire"] = counting.failures["erase_files"] = trouble
    async with erasing(counting, lambda: TODAY, 0.001):  # type: ignore[arg-type]
        await asyncio.wait_for(counting.reached.wait(), 5)
    assert "could not be erased yet" in caplog.text
    assert "secret" not in caplog.text
