"""A backup of a PostgreSQL store is of one snapshot, which no night's work may overtake."""

from contextlib import aclosing

import pytest

from intake.store import StoreUnavailable
from intake.store.backup.records import Record
from intake.store.postgresql.dump import CHUNKS_AT_ONCE
from intake.store.postgresql.open import open_store
from intake.store.postgresql.store import PostgresStore
from tests.store.kit.backends import Database
from tests.store.kit.dumps import all_of, fill, shown
from tests.store.kit.rows import DAY, ORGANISATION, mailbox
from tests.store.kit.sending import claimed

pytestmark = pytest.mark.postgres


async def test_a_night_waits_for_its_end_and_takes_nothing_from_it(
    store: PostgresStore, database: Database
) -> None:
    await fill(store)
    for day in (DAY, DAY + 1):
        await store.create_mailbox(mailbox(day=day), b"e" * 16, b"of that day")
    before = shown(await all_of(store))
    found: list[Record] = []
    query = "SELECT day FROM drempel.settled"
    async with await open_store(database.url) as other, aclosing(store.dump()) as portions:
        async for portion in portions:
            if not found:  # another host's night, before anything of its days was read
                await other.expire(DAY + 3)
                await other.erase_files()
                assert database.cluster.rows(query, database.name) == [(-1,)]
            found += portion
        await portions.aclose()
        while database.cluster.rows(query, database.name) != [(DAY + 3,)]:  # once the server has seen its end
            await other.erase_files()
    assert shown(found) == before


async def test_a_file_that_lost_a_chunk_is_told_and_not_given_half(
    store: PostgresStore, database: Database
) -> None:
    await claimed(store, b"f" * 32, chunks=CHUNKS_AT_ONCE + 2)
    lost = f"DELETE FROM drempel.chunk WHERE chunk = {CHUNKS_AT_ONCE}"  # noqa: S608 - ours
    database.cluster.execute(lost, database.name)
    with pytest.raises(StoreUnavailable, match="Bytes of a file are missing"):
        await all_of(store)


async def test_a_store_that_is_closed_meanwhile_ends_it(store: PostgresStore) -> None:
    await claimed(store, b"f" * 32, chunks=20)
    async with aclosing(store.dump()) as portions:
        await anext(portions)
        await store.close()
        with pytest.raises(StoreUnavailable):
            await anext(portions)
    with pytest.raises(StoreUnavailable):
        await store.mailbox(ORGANISATION.id, b"m" * 32)
