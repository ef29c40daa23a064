"""With a standby that commits wait for, nothing is confirmed that is not there too: neither new nor repeated."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest

from intake.store import OutcomeUnknown
from intake.store.postgresql.open import create_store, open_store
from intake.store.postgresql.store import PostgresStore
from tests.kit import postgres_standby
from tests.kit.postgres_standby import SETTINGS, Pair
from tests.store.kit.rows import DAY, DIRECTORY, LIMITS, ORGANISATION, mailbox

pytestmark = [pytest.mark.postgres, pytest.mark.test_all]
DATABASE = "drempel"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@pytest.fixture
def pair() -> Iterator[Pair]:
    with postgres_standby.running() as made:
        made.primary.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0")
        made.primary.execute(
            f"ALTER DATABASE {DATABASE} SET synchronous_commit = local"
        )  # which may not weaken it
        yield made


async def begun(pair: Pair, write: Awaitable[bool]) -> asyncio.Task[bool]:
    """A write whose commit waits for the standby."""
    task = asyncio.ensure_future(write)
    while pair.primary.rows(WAITING) == [(0,)]:
        await asyncio.sleep(0.01)
        assert not task.done(), task.result()
    assert not task.done()
    return task


KNOWN, NEW = mailbox(), mailbox()


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.create_mailbox(NEW, b"e" * 16, b"opening"),
        lambda store: store.append(KNOWN.id, b"f" * 16, DAY, b"more", *LIMITS),
    ],
    ids=["creation", "envelope"],
)
async def test_what_only_the_primary_has_is_not_confirmed(
    pair: Pair, write: Callable[[PostgresStore], Awaitable[bool]]
) -> None:
    async with await create_store(pair.url(DATABASE)) as store:
        await store.add_organisation(ORGANISATION, DIRECTORY)
        await store.create_mailbox(KNOWN, b"e" * 16, b"opening")
        pair.standby.stop()
        task = await begun(pair, write(store))
        await asyncio.to_thread(pair.primary.kill)
        with pytest.raises(OutcomeUnknown):
            await task
        pair.primary.start(**SETTINGS)
        again = await begun(pair, write(store))  # it is there by now, but here alone
        pair.standby.start(**SETTINGS)
        assert await again is False
        await asyncio.to_thread(pair.primary.kill)
        await pair.replace()
        assert await write(store) is False


async def test_an_old_primary_that_comes_back_beside_the_new_one_confirms_nothing(pair: Pair) -> None:
    old = pair.primary
    async with await create_store(pair.url(DATABASE)) as store:
        await store.add_organisation(ORGANISATION, DIRECTORY)
    await asyncio.to_thread(old.kill)
    await asyncio.to_thread(pair.standby.promote)
    old.start(**SETTINGS)
    async with await open_store(old.url(DATABASE)) as store:
        task = await begun(pair, store.create_mailbox(mailbox(), b"e" * 16, b"opening"))
        await asyncio.to_thread(old.kill)
        with pytest.raises(OutcomeUnknown):
            await task


async def test_a_standby_that_commits_do_not_wait_for_is_told(pair: Pair) -> None:
    async def is_told(store: PostgresStore) -> bool:
        return any(told.startswith("synchronous_standby_names") for told in await store.weaknesses())

    async with await create_store(pair.url(DATABASE)) as store:
        assert not await is_told(store)
        pair.primary.stop()
        pair.primary.start(**{**SETTINGS, "synchronous_standby_names": ""})
        async with asyncio.timeout(60):
            while not await is_told(store):  # noqa: ASYNC110 - nobody tells that the standby follows again
                await asyncio.sleep(0.05)
