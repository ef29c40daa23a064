"""A service in this process, and somebody who sends files to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.client.house import House, house_in
from tests.client.sender import Sender


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with house_in(tmp_path / "data") as made:
        yield made


@pytest.fixture
def sender(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sender:
    # The pauses are what they are; only their length is of no interest here.
    monkeypatch.setattr("intake.client.connection.FIRST_PAUSE", 0.001)
    folder = tmp_path / "sender"
    folder.mkdir()
    return Sender(house, folder)
