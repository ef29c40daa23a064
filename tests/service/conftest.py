"""A service over a real store in a temporary folder, its clocks in the test's hands."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from intake.service.app import create_app
from intake.service.settings import Settings
from intake.store import SqliteStore, create_store
from tests.service.kit.failing_store import FailingStore
from tests.service.kit.opaque_organisation import Clocks, OpaqueOrganisation
from tests.service.kit.openapi_check import checker


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def world() -> OpaqueOrganisation:
    return OpaqueOrganisation()


@pytest.fixture
async def store(tmp_path: Path, world: OpaqueOrganisation) -> AsyncIterator[FailingStore]:
    inner: SqliteStore = await create_store(tmp_path / "data")
    await world.settle_in(inner)
    yield FailingStore(inner)
    await inner.close()


@pytest.fixture
async def app(store: FailingStore, settings: Settings, clocks: Clocks) -> AsyncIterator[Starlette]:
    made = create_app(store, settings, today=lambda: clocks.day, clock=lambda: clocks.seconds)
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
async def client(app: Starlette, world: OpaqueOrganisation) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks to the API of the organisation; paths are those of PROTOCOL 12.2."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    hooks = {"response": [checker(app)]}
    async with httpx.AsyncClient(transport=transport, base_url=world.base, event_hooks=hooks) as made:
        yield made


@pytest.fixture
async def session(client: httpx.AsyncClient, world: OpaqueOrganisation) -> dict[str, str]:
    """The header of ada's session."""
    return await world.sign_in(client)
