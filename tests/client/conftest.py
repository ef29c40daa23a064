"""A service in this process."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.client.house import House, house_in


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with house_in(tmp_path / "data") as made:
        yield made
