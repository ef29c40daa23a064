"""Two hosts on one database: each answers for the other, and neither erases on the word of one clock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.applications import Starlette

from crypto.public.encoding import unb64
from intake.service.app import create_app
from intake.service.jobs.days import STEADY_SECONDS
from intake.service.jobs.retention import Retention
from intake.service.settings import Settings
from intake.store import Clock, Store
from tests.service.kit.opaque_organisation import (
    RETENTION,
    TODAY,
    Box,
    Clocks,
    OpaqueOrganisation,
    opening_bytes,
)
from tests.store.kit.backends import Database

pytestmark = pytest.mark.postgres

HOUR = 3600


@dataclass
class Host:
    """One host, with clocks of its own. Its rounds come when the test says so."""

    store: Store
    clocks: Clocks = field(default_factory=Clocks)

    def __post_init__(self) -> None:
        self.app: Starlette = create_app(
            self.store,
            Settings(shared_seconds=0.01, retention_seconds=1e6, packing=False),
            today=lambda: self.clocks.day,
            clock=lambda: self.clocks.seconds,
        )
        self.retention = Retention(self.store, self.app.state.context.days, lambda: self.clocks.seconds)

    async def hours(self, number: int) -> None:
        """Rounds, an hour apart."""
        for _ in range(number):
            self.clocks.seconds += HOUR
            await self.retention.round()

    @asynccontextmanager
    async def client(self, world: OpaqueOrganisation) -> AsyncIterator[httpx.AsyncClient]:
        """Speaks to it while it runs."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with (
            self.app.router.lifespan_context(self.app),
            httpx.AsyncClient(transport=transport, base_url=world.base) as client,
        ):
            yield client


@pytest.fixture
async def hosts(database: Database, world: OpaqueOrganisation) -> tuple[Host, Host]:
    first = await database.create()
    await world.settle_in(first)
    return Host(first), Host(await database.open())


@pytest.fixture
async def clients(
    hosts: tuple[Host, Host], world: OpaqueOrganisation
) -> AsyncIterator[list[httpx.AsyncClient]]:
    """The first host leads, since it started first."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(host.client(world)) for host in hosts]


async def read(client: httpx.AsyncClient, box: Box) -> bool:
    answer = await client.get(box.path, headers=box.auth("read"))
    assert answer.status_code == 200
    return box.opening in answer.content


async def test_a_session_of_one_is_one_of_the_other(
    clients: list[httpx.AsyncClient], world: OpaqueOrganisation
) -> None:
    for one, other in (clients, clients[::-1]):
        session = await world.sign_in(one)
        assert (await other.get("inbox/days", headers=session)).status_code == 200
    challenge = (await clients[0].post("sign-in/challenge")).json()["challenge"]
    assert (await clients[1].post("sign-in", json=world.login(unb64(challenge)))).status_code == 200


async def test_a_report_is_there_at_once_for_the_other(
    clients: list[httpx.AsyncClient], world: OpaqueOrganisation
) -> None:
    for one, other in (clients, clients[::-1]):
        box = await world.make_box(one)
        assert await read(other, box)
        assert (await other.put(box.opening_path, content=box.creation + box.opening)).status_code == 204
        assert (await other.delete(box.path, headers=box.auth("delete"))).status_code == 204
        assert not await read(one, box)
        assert (await one.put(box.opening_path, content=box.creation + box.opening)).status_code == 409


async def test_a_change_of_the_list_at_one_holds_at_the_other(
    hosts: tuple[Host, Host], clients: list[httpx.AsyncClient], world: OpaqueOrganisation
) -> None:
    policy = {"retention_days": 60, "acknowledge_days": 7, "feedback_days": 90}
    changed = world.successor(slots=4, policy=policy)
    assert (await clients[0].put("directory", content=changed)).status_code == 204
    # At once where it matters: a report by the new list, to a host that has not looked yet.
    box = await world.make_box(clients[1], opening=opening_bytes(4))
    stored = await hosts[0].store.mailbox(world.organisation, box.id)
    assert stored is not None
    assert stored.expiry_day == TODAY + 60
    old = world.box()
    answer = await clients[1].put(old.opening_path, content=old.creation + old.opening)
    assert answer.status_code == 400


async def test_one_host_does_the_rounds_until_it_ends(
    hosts: tuple[Host, Host], world: OpaqueOrganisation
) -> None:
    async with hosts[1].client(world) as client:
        async with hosts[0].client(world) as leading:
            box = await world.make_box(leading)
            for host in hosts:
                host.clocks.day += RETENTION
            kept = Clock(TODAY + RETENTION - 1)
            await hosts[0].store.keep_clock(kept)
            await hosts[0].hours(1)
            assert await hosts[1].store.expired(TODAY + RETENTION) == (1, 0)  # it is not the one that leads
        assert not await read(client, box)
        async with asyncio.timeout(60):
            while not await hosts[1].store.leads():  # noqa: ASYNC110 - it is seen soon that the other has gone
                await asyncio.sleep(0.01)
        await hosts[1].hours(1)
        assert await hosts[1].store.expired(TODAY + RETENTION) == (0, 0)


@pytest.mark.parametrize("wrong", [0, 1], ids=["leads", "follows"])
@pytest.mark.parametrize("jump", [7, -7, 31, 3 * 365])
async def test_a_wrong_clock_beside_a_right_one_erases_nothing(
    hosts: tuple[Host, Host],
    clients: list[httpx.AsyncClient],
    world: OpaqueOrganisation,
    wrong: int,
    jump: int,
) -> None:
    box = await world.make_box(clients[0])
    await hosts[0].hours(1)
    for host in hosts:
        host.clocks.day += RETENTION - 5
    await hosts[0].store.keep_clock(Clock(TODAY + RETENTION - 5))
    hosts[wrong].clocks.day += jump
    for _ in range(2 * STEADY_SECONDS // HOUR):
        for host in hosts:
            await host.hours(1)
    assert await hosts[0].store.mailbox(world.organisation, box.id) is not None
    assert await read(clients[1 - wrong], box)


async def test_a_clock_that_all_share_is_believed_after_a_day(
    hosts: tuple[Host, Host], clients: list[httpx.AsyncClient], world: OpaqueOrganisation
) -> None:
    box = await world.make_box(clients[0])
    for host in hosts:
        host.clocks.day += RETENTION
    for _ in range(STEADY_SECONDS // HOUR):
        for host in hosts:
            await host.hours(1)
        assert await hosts[0].store.mailbox(world.organisation, box.id) is not None
    await hosts[0].hours(1)
    assert await hosts[0].store.mailbox(world.organisation, box.id) is None


async def test_days_of_hosts_may_differ_around_midnight(
    hosts: tuple[Host, Host], clients: list[httpx.AsyncClient], world: OpaqueOrganisation
) -> None:
    hosts[1].clocks.day += 1
    boxes = [await world.make_box(client) for client in clients]
    for host in hosts[::-1] * 2:
        await host.hours(1)
    for client in clients:
        assert [await read(client, box) for box in boxes] == [True, True]
        session = await world.sign_in(client)
        days = (await client.get("inbox/days", headers=session)).json()["days"]
        assert [day["envelopes"] for day in days] == [1, 1]
