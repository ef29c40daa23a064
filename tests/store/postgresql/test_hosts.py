"""Two processes on one database: the rows decide, not who remembers what."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from intake.store import BlobClaim, Incomplete, MailboxFull, StorageFull
from intake.store.postgresql import blobs
from intake.store.postgresql.open import open_store
from intake.store.postgresql.store import PostgresStore
from tests.store.kit.backends import Database
from tests.store.kit.rows import DAY, ORGANISATION, content, listed, mailbox, sealed

pytestmark = pytest.mark.postgres

AGE = "UPDATE drempel.token_key SET made = made - interval '25 hours'"


@pytest.fixture
async def both(
    store: PostgresStore, database: Database
) -> AsyncIterator[tuple[PostgresStore, PostgresStore]]:
    async with await open_store(database.url) as other:
        yield store, other


async def test_a_report_that_is_sent_to_both_is_new_once(both: tuple[PostgresStore, PostgresStore]) -> None:
    boxes = [mailbox() for _ in range(60)]
    outcomes = await asyncio.gather(
        *(store.create_mailbox(box, b"e" * 16, content(box.id)) for store in both for box in boxes)
    )
    assert sorted(map(sum, zip(outcomes[:60], outcomes[60:], strict=True))) == [1] * 60


async def test_limits_hold_across_both(
    both: tuple[PostgresStore, PostgresStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    box = mailbox()
    await both[0].create_mailbox(box, b"e" * 16, b"opening")
    outcomes = await asyncio.gather(
        *(both[at % 2].append(box.id, bytes([at]) * 16, DAY, b"more", 1 << 20, 4, 0) for at in range(10)),
        return_exceptions=True,
    )
    assert outcomes.count(True) == 3
    assert {type(outcome) for outcome in outcomes} == {bool, MailboxFull}

    async def none_yet(*_: object) -> int:
        return 0

    with monkeypatch.context() as racing:  # all look before any has stored
        racing.setattr(blobs, "file_bytes", none_yet)
        names = [os.urandom(32) for _ in range(10)]
        size = len(sealed(names[0]))
        sent = (
            both[at % 2].put_chunks(ORGANISATION.id, name, 0, [sealed(name)], DAY + 2, 4 * size)
            for at, name in enumerate(names)
        )
        stored = await asyncio.gather(*sent, return_exceptions=True)
    assert stored.count(None) == 4
    assert {type(outcome) for outcome in stored} == {type(None), StorageFull}
    assert await both[1].file_bytes(ORGANISATION.id) == 4 * size


async def test_a_file_is_claimed_by_one(both: tuple[PostgresStore, PostgresStore]) -> None:
    for _ in range(5):
        name, boxes = os.urandom(32), [mailbox() for _ in range(2)]
        await both[0].put_chunks(ORGANISATION.id, name, 0, [sealed(name)], DAY + 2)
        outcomes = await asyncio.gather(
            *(
                store.create_mailbox(box, b"e" * 16, content(box.id), [BlobClaim(name, 1)])
                for store, box in zip(both, boxes, strict=True)
            ),
            return_exceptions=True,
        )
        assert sorted(str(type(outcome)) for outcome in outcomes) == sorted(map(str, (bool, Incomplete)))


async def test_a_night_of_one_is_the_night_of_both(
    both: tuple[PostgresStore, PostgresStore], database: Database
) -> None:
    boxes = [mailbox() for _ in range(20)]
    for at, box in enumerate(boxes):
        await both[at % 2].create_mailbox(box, b"e" * 16, content(box.id))
    for store in both:
        await store.expire(DAY + 1)
    await asyncio.gather(*(store.erase_files() for store in both))
    place = "SELECT 'drempel.mailbox_id'::regclass::oid::bigint"
    before = database.cluster.rows(place, database.name)
    await asyncio.gather(*(store.erase_files() for store in both))
    assert database.cluster.rows(place, database.name) == before
    for store in both:
        assert await listed(store) == sorted(box.id for box in boxes)
        assert [len(await store.envelopes(box.id)) for box in boxes] == [1] * 20


async def test_one_does_the_rounds_and_another_once_it_is_gone(
    both: tuple[PostgresStore, PostgresStore],
) -> None:
    first, second = both
    assert [await first.leads(), await second.leads(), await first.leads()] == [True, False, True]
    await first.close()
    async with asyncio.timeout(60):
        while not await second.leads():  # noqa: ASYNC110 - the server sees a moment later that the connection is gone
            await asyncio.sleep(0.01)


async def test_both_sign_with_the_same_keys(
    both: tuple[PostgresStore, PostgresStore], database: Database
) -> None:
    found = await asyncio.gather(*(store.token_keys() for store in both for _ in range(3)))
    assert [[key.key for key in keys] for keys in found] == [[found[0][0].key]] * 6
    database.cluster.execute(AGE, database.name)
    aged = await asyncio.gather(*(store.token_keys() for store in both for _ in range(3)))
    assert [[key.key for key in keys] for keys in aged] == [[aged[0][0].key, found[0][0].key]] * 6
    assert aged[0][1].age_seconds > 25 * 3600 > 100 > aged[0][0].age_seconds >= 0
    database.cluster.execute(AGE, database.name)
    last = await both[0].token_keys()
    assert [key.key for key in last] == [last[0].key, aged[0][0].key]
    database.cluster.execute("TRUNCATE drempel.token_key", database.name)  # as a crash of the server does
    assert len(await both[1].token_keys()) == 1
