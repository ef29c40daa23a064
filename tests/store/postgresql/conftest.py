"""A store on PostgreSQL, with one organisation in it, and a server that a test may stop."""

from collections.abc import AsyncIterator, Iterator

import pytest

from intake.store.postgresql.open import create_store
from intake.store.postgresql.store import PostgresStore
from tests.kit import postgres
from tests.kit.postgres import Cluster
from tests.store.kit.backends import Database
from tests.store.kit.rows import DIRECTORY, ORGANISATION


@pytest.fixture
async def store(database: Database) -> AsyncIterator[PostgresStore]:
    async with await create_store(database.url) as store:
        await store.add_organisation(ORGANISATION, DIRECTORY)
        yield store


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[Cluster]:
    """A server of this file alone, on a disk, which also listens on 127.0.0.1."""
    with postgres.running(on_disk=True, listen_addresses="127.0.0.1") as cluster:
        yield cluster


@pytest.fixture
def own_database(own_cluster: Cluster) -> Iterator[Database]:
    """An empty database of that server."""
    made = Database(own_cluster, "own")
    yield made
    made.drop()
