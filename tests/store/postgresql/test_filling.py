"""A database that is filled from a backup or another store: it is none before it is whole."""

import io
from collections.abc import AsyncIterator, Sequence

import pytest

from intake.store import NotAStore, NotWhole, StoreExists, StoreUnavailable, load_backup, write_backup
from intake.store.backup.records import Record
from intake.store.errors import MIGRATING, RESTORING
from intake.store.postgresql.open import create_store, filling, open_store
from intake.store.postgresql.store import PostgresStore
from tests.store.kit.backends import Database
from tests.store.kit.dumps import all_of, fill, given, shown
from tests.store.kit.rows import DIRECTORY, ORGANISATION

pytestmark = pytest.mark.postgres
END = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()"
)


class Interrupted(Exception):
    """By a test."""


@pytest.fixture
async def records(store: PostgresStore, database: Database) -> list[Record]:
    """Of a store that is gone by now, with something of everything in it."""
    await fill(store)
    found = await all_of(store)
    await store.close()
    database.clear()
    return found


async def interrupted(records: Sequence[Record], database: Database, name: str) -> None:
    """Begin to fill a database, and fail halfway."""

    async def half() -> AsyncIterator[Sequence[Record]]:
        yield records[: len(records) // 2]
        raise Interrupted

    with pytest.raises(Interrupted):
        async with filling(database.url, name) as store:
            await store.load(half(), goes_on=True)


async def filled(records: Sequence[Record], database: Database, name: str) -> None:
    async with filling(database.url, name) as store:
        await store.load(given(records), goes_on=name == MIGRATING)


async def check(records: Sequence[Record], database: Database) -> None:
    async with await open_store(database.url) as store:
        assert sorted(shown(await all_of(store)), key=repr) == sorted(shown(records), key=repr)


async def test_a_restore_that_fails_leaves_nothing(records: list[Record], database: Database) -> None:
    await interrupted(records, database, RESTORING)
    with pytest.raises(NotAStore, match="holds no store"):
        await open_store(database.url)
    await filled(records, database, RESTORING)
    await check(records, database)


async def test_a_migration_that_fails_is_gone_on_with(records: list[Record], database: Database) -> None:
    await interrupted(records, database, MIGRATING)
    for opening in (open_store, create_store):
        with pytest.raises((NotWhole, StoreExists)):
            await opening(database.url)
    with pytest.raises(NotWhole, match="migrate-store` again"):
        await filled(records, database, RESTORING)
    await filled(records, database, MIGRATING)
    await check(records, database)


async def test_what_a_killed_restore_has_left_is_refused_and_the_next_one_begins_anew(
    records: list[Record], database: Database
) -> None:
    await interrupted(records, database, MIGRATING)
    database.cluster.execute("UPDATE drempel.release SET filling = 'restoring'", database.name)
    with pytest.raises(NotWhole, match="`drempel restore` again"):
        await open_store(database.url)
    with pytest.raises(NotWhole, match="`drempel restore` again"):
        await filled(records, database, MIGRATING)
    await filled(records, database, RESTORING)
    await check(records, database)


async def test_a_lost_connection_is_told_and_the_next_migration_goes_on(
    records: list[Record], database: Database
) -> None:
    async def cut() -> AsyncIterator[Sequence[Record]]:
        yield records[:10]
        database.cluster.execute(END.format(database.name), database.name)
        yield records[10:]

    with pytest.raises(StoreUnavailable, match="does not answer"):
        async with filling(database.url, MIGRATING) as store:
            await store.load(cut(), goes_on=True)
    with pytest.raises(NotWhole):
        await open_store(database.url)
    await filled(records, database, MIGRATING)
    await check(records, database)


async def test_two_do_not_fill_one_database(records: list[Record], database: Database) -> None:
    async with filling(database.url, MIGRATING) as store:
        with pytest.raises(StoreUnavailable, match="Another program holds the database"):
            await filled(records, database, MIGRATING)
        await store.load(given(records))
    await check(records, database)


@pytest.mark.parametrize("name", [RESTORING, MIGRATING])
async def test_a_store_is_left_as_it_is_and_an_empty_one_is_taken(
    store: PostgresStore, database: Database, name: str
) -> None:
    backup = b"".join([piece async for piece in write_backup(store)])
    with pytest.raises(StoreExists):
        async with filling(database.url, name):
            pass
    assert await store.directory(ORGANISATION.id) == DIRECTORY
    database.clear()
    await (await create_store(database.url)).close()  # as an interrupted demonstration has left it
    async with filling(database.url, name) as new:
        await load_backup(new, io.BytesIO(backup))
    async with await open_store(database.url) as again:
        assert await again.directory(ORGANISATION.id) == DIRECTORY
