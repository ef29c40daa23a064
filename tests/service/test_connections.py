"""Connections are bounded, and the one that has waited longest for a head gives way."""

import asyncio
import resource
from contextlib import ExitStack
from pathlib import Path

from intake.service.http.connections import OTHER_FILES, Connections, places
from tests.service.kit.opaque_organisation import OpaqueOrganisation
from tests.service.kit.raw_http import exchange, request
from tests.service.test_runner import start

FILES = 256


class Fake:
    def __init__(self, *, waiting: bool = True) -> None:
        self.waiting = waiting
        self.closed = False

    def is_waiting(self) -> bool:
        return self.waiting

    def give_way(self) -> None:
        self.closed = True


def closed(*connections: Fake) -> list[bool]:
    return [connection.closed for connection in connections]


def test_the_one_that_has_waited_longest_gives_way() -> None:
    connections = Connections(lambda: 3)
    first, second, third, fourth, fifth = (Fake() for _ in range(5))
    for one in (first, second, third):
        connections.add(one)
    connections.waits(first)  # it was answered, and may send another request
    connections.add(fourth)
    assert closed(first, second, third, fourth) == [False, True, False, False]
    connections.remove(third)
    connections.add(fifth)
    assert closed(first, third, fourth, fifth) == [False] * 4


def test_one_that_is_busy_never_does() -> None:
    connections = Connections(lambda: 2)
    busy, waiting, newcomer = Fake(waiting=False), Fake(), Fake()
    connections.add(busy)
    connections.add(waiting)
    connections.add(newcomer)
    assert closed(busy, waiting, newcomer) == [False, True, False]
    newcomer.waiting = False
    last = Fake()
    connections.add(last)
    assert closed(busy, newcomer, last) == [False, False, True]
    connections.waits(last)  # it was never taken in, and is not now
    connections.remove(busy)
    connections.add(Fake())
    assert closed(newcomer) == [False]


def test_there_are_as_many_places_as_the_limit_on_files_leaves() -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert places() == soft - OTHER_FILES


async def test_reports_arrive_through_a_flood_of_half_heads(
    tmp_path: Path, world: OpaqueOrganisation
) -> None:
    process, port = await start(tmp_path / "data", world, files=FILES)
    address = ("127.0.0.1", port)
    with ExitStack() as opened:
        for _ in range(FILES + 100):
            _, writer = await asyncio.open_connection(*address)
            opened.callback(writer.close)
            writer.write(b"PUT /half-a-head HTTP/1.1\r\nHost: x")
        for _ in range(10):
            box = world.box_now()
            put = request("PUT", f"/{world.slug}/api/1/{box.opening_path}", box.creation + box.opening)
            assert (await exchange(address, put)).status == 204
    process.terminate()
    _, complained = await process.communicate()
    assert complained.decode().splitlines() == ["The service has started.", "The service has stopped."]
    assert process.returncode == 0
