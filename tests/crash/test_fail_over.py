"""A database fails over to its standby in mid-load: nothing confirmed is lost, nothing deleted comes back."""

import asyncio
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crypto.public.encoding import parse_object
from intake.store import create_at
from tests.crash.clients import FileSender, ServiceConnection, Writer, compare, request
from tests.crash.ledger import Ledger
from tests.crash.serving import Service
from tests.kit import postgres_standby
from tests.kit.postgres_standby import Pair
from tests.kit.serving import Server
from tests.service.kit.opaque_organisation import OpaqueOrganisation

pytestmark = [pytest.mark.postgres, pytest.mark.test_all]
FAIL_OVERS, CLIENTS, CONFIRMED = 3, 6, 60
LONGEST_SECONDS = 240
DATABASE = "drempel"


@pytest.fixture
def pair() -> Iterator[Pair]:
    with postgres_standby.running() as made:
        made.primary.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0")
        yield made


class Load:
    """Clients of a service, which write for ever, and what they were told."""

    def __init__(self, service: Service, world: OpaqueOrganisation) -> None:
        self.service, self.world, self.ledger = service, world, Ledger()
        chances = [random.Random(number) for number in range(CLIENTS)]
        to = service, world, self.ledger
        self.sender = FileSender(*to, random.Random(CLIENTS), is_patient=True)
        self.writers = [self.sender, *(Writer(*to, chance, is_patient=True) for chance in chances)]
        self.working = [asyncio.create_task(writer.work()) for writer in self.writers]

    def confirmed(self) -> int:
        """How many envelopes they were told are there."""
        return sum(len(kept.confirmed) for kept in self.ledger.kept)

    async def until(self, number: Callable[[], int], more: int) -> None:
        """Wait until a number has grown."""
        wanted = number() + more
        async with asyncio.timeout(LONGEST_SECONDS):
            while number() < wanted:
                self.check()
                await asyncio.sleep(0.01)

    def check(self) -> None:
        """None of them has met an answer that is no answer."""
        for task in self.working:
            if task.done():
                task.result()

    async def finish(self) -> None:
        """Let each finish what it has begun."""
        for writer in self.writers:
            writer.finish.set()
        async with asyncio.timeout(LONGEST_SECONDS):
            await asyncio.gather(*self.working)

    async def abandon(self) -> None:
        """Leave nothing behind when a test fails halfway."""
        for task in self.working:
            task.cancel()
        await asyncio.gather(*self.working, return_exceptions=True)


async def are_refused(service: Service, world: OpaqueOrganisation, ledger: Ledger) -> int:
    """Send what was deleted once more: all of it is refused. Returns how many there were."""
    gone = [kept.box for kept in ledger.kept if kept.gone]
    line = ServiceConnection(service)
    for box in gone:
        path = f"/{world.slug}/api/1/{box.opening_path}"
        status, answer = await line.exchange(request("PUT", path, box.creation + box.opening))
        assert (status, parse_object(answer)["code"]) == (409, "conflict")
    await line.close()
    return len(gone)


@pytest.mark.parametrize("workers", [1, 2])
async def test_fail_overs_in_mid_load_lose_nothing_and_bring_nothing_back(
    pair: Pair, tmp_path: Path, workers: int
) -> None:
    url, world, folder = pair.url(DATABASE), OpaqueOrganisation(), tmp_path / "data"
    store = await create_at(folder, url)
    await world.settle_in(store)
    await store.close()
    where = ("--store", url, "--data", str(folder), "--port", "0")
    server = Server(["serve", *where, "--workers", str(workers)], tmp_path / "logs")
    service = Service(folder)
    service.port = int(re.findall(r":(\d+)/", server.first_line)[0])
    service.up.set()
    load = Load(service, world)
    try:
        for _ in range(FAIL_OVERS):
            await load.until(load.confirmed, CONFIRMED)
            await asyncio.to_thread(pair.primary.kill)
            await load.until(lambda: service.repeated, CLIENTS)  # they are told, and ask again
            await pair.replace()
        await load.until(load.confirmed, CONFIRMED)
        await load.finish()
        await compare(service, world, load.ledger, load.ledger.kept)
        assert load.sender.confirmed
        await load.sender.check()
        assert await are_refused(service, world, load.ledger) > 0
        line = ServiceConnection(service)
        assert (await line.exchange(request("GET", "/health")))[0] == 200
        await line.close()
        assert server.process.poll() is None, "the service went on by itself"
        server.stop()
    finally:
        await load.abandon()
        server.kill()
    assert "fault" not in server.err, server.err
    there = [kept for kept in load.ledger.kept if not kept.gone]
    envelopes = sum(len(kept.confirmed) for kept in there)
    assert not any(kept.sent for kept in load.ledger.kept), "a request did not end well when it was repeated"
    for cluster in (pair.primary, pair.standby):
        counts = (
            "SELECT (SELECT count(*) FROM drempel.mailbox_id), (SELECT count(*) FROM drempel.envelope),"
            " (SELECT count(*) FROM drempel.tombstone)"
        )
        assert cluster.rows(counts, DATABASE) == [(len(there), envelopes, len(load.ledger.kept) - len(there))]
