"""Fixtures of the client's tests: a service in this process, and a sender of files."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.client.kit.sender import Sender
from tests.kit.organisation import LocalOrganisation, organisation_in


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[LocalOrganisation]:
    async with organisation_in(tmp_path / "data") as made:
        yield made


@pytest.fixture
def sender(local: LocalOrganisation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sender:
    # Retries pause as always, but for a shorter time.
    monkeypatch.setattr("intake.client.retry.FIRST_PAUSE", 0.001)
    folder = tmp_path / "sender"
    folder.mkdir()
    return Sender(local, folder)
