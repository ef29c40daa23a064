"""A real store in a real folder, with one organisation in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from intake.store import SqliteStore, create_store
from intake.store.sqlite import shuffle_days
from tests.store.kit.rows import DIRECTORY, ORGANISATION


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The daily shuffle makes no pauses."""
    monkeypatch.setattr(shuffle_days, "PAUSE_SECONDS", 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
async def store(folder: Path) -> AsyncIterator[SqliteStore]:
    async with await create_store(folder) as store:
        await store.add_organisation(ORGANISATION, DIRECTORY)
        yield store
