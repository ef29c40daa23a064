"""A store on SQLite in a real folder, with one organisation in it, and its parts within reach."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from intake.store import SqliteStore, create_store
from tests.store.kit.rows import DIRECTORY, ORGANISATION


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
async def store(folder: Path) -> AsyncIterator[SqliteStore]:
    async with await create_store(folder) as store:
        await store.add_organisation(ORGANISATION, DIRECTORY)
        yield store
