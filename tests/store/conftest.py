"""A real store with one organisation in it: each test that asks for `store` alone runs on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from intake.store import Store
from intake.store.sqlite import shuffle_days
from tests.store.kit.backends import POSTGRESQL, SQLITE, Backend, Database, Folder
from tests.store.kit.rows import DIRECTORY, ORGANISATION


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The daily shuffle makes no pauses."""
    monkeypatch.setattr(shuffle_days, "PAUSE_SECONDS", 0)


@pytest.fixture(params=[SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.postgres)])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    if request.param == SQLITE:
        return Folder(tmp_path / "data")
    made: Database = request.getfixturevalue("database")
    return made


@pytest.fixture
async def store(backend: Backend) -> AsyncIterator[Store]:
    store = await backend.create()
    await store.add_organisation(ORGANISATION, DIRECTORY)
    yield store
    await store.close()
