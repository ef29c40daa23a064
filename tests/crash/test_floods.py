"""Floods: honest reports arrive meanwhile or are told, and afterwards everything is as before, by itself."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from crypto.public.encoding import parse_object
from tests.crash.flood import BRIEF, flooded, recovered
from tests.crash.serving import Service
from tests.crash.test_kill import settled
from tests.service.kit.opaque_organisation import OpaqueOrganisation
from tests.service.kit.raw_http import exchange, request
from tests.store.kit.small_disk import run_on_small_disk

REPORTS, TRIES, AGAIN_SECONDS = 8, 5, 0.2
GROWTH = 32 * 1024  # KiB
LONGEST_SECONDS = 240
BODY = b"Host: drempel.test\r\nContent-Length: 1300000\r\n\r\n"


def begin(kind: str, world: OpaqueOrganisation) -> bytes:
    """What each connection of a flood sends first."""
    opening = f"/{world.slug}/api/1/{world.box().opening_path}".encode()
    return {
        "half heads": b"PUT /half-a-head HTTP/1.1\r\nHost: x",
        "half bodies": b"PUT " + opening + b" HTTP/1.1\r\n" + BODY + bytes(100_000),
        "bodies that were answered before": b"PUT /nowhere HTTP/1.1\r\n" + BODY,
    }[kind]


async def report(address: tuple[str, int], world: OpaqueOrganisation) -> None:
    """Send a report until it is taken, a few times at most, as clients do; each refusal says what is the matter.

    In the first moment of a flood there may be no place for the connection.
    """
    box = world.box_now()
    put = request("PUT", f"/{world.slug}/api/1/{box.opening_path}", box.creation + box.opening)
    for _ in range(TRIES):
        with suppress(OSError, IndexError):  # closed without an answer
            answer = await exchange(address, put)
            if answer.status == 204:
                return
            assert parse_object(answer.body)["code"] == "server-busy", answer
        await asyncio.sleep(AGAIN_SECONDS)
    raise AssertionError("it does not get in")


def open_files(service: Service) -> int:
    """How many the service has, connections among them."""
    return len(list(Path(f"/proc/{service.pid}/fd").iterdir()))


async def is_withstood(folder: Path, kind: str, service: Service, connections: int) -> None:
    """Reports arrive through a flood, and then its connections and its memory are given back."""
    world = await settled(folder)
    try:
        await service.start()
        address = ("127.0.0.1", service.port)
        await report(address, world)
        files, memory = open_files(service), service.memory("VmRSS")
        async with asyncio.timeout(LONGEST_SECONDS):
            async with flooded(service.port, begin(kind, world), connections):
                for _ in range(REPORTS):
                    await report(address, world)
            await recovered(lambda: open_files(service) <= files)
            await recovered(lambda: service.memory("VmRSS") - memory < GROWTH)
        await report(address, world)
        await service.stop()
    finally:
        await service.abandon()


KINDS = ("half heads", "half bodies", "bodies that were answered before")


@pytest.mark.parametrize("kind", KINDS)
async def test_connections(tmp_path: Path, kind: str) -> None:
    """More than there are places for them: of 256 files, 64 are for other things."""
    service = Service(tmp_path / "data", files=256, before=BRIEF)
    await is_withstood(tmp_path / "data", kind, service, 300)


@pytest.mark.test_all
@pytest.mark.parametrize("kind", KINDS)
async def test_connections_of_a_service_as_it_is(tmp_path: Path, kind: str) -> None:
    service = Service(tmp_path / "data", files=512)
    await is_withstood(tmp_path / "data", kind, service, 700)


@pytest.mark.parametrize(
    ("mebibytes", "clients"), [(160, 4), pytest.param(600, 24, marks=pytest.mark.test_all)]
)
def test_texts_that_fill_the_disk(tmp_path: Path, mebibytes: int, clients: int) -> None:
    ran = run_on_small_disk(
        tmp_path, mebibytes, "-m", "tests.crash.text_flood", str(tmp_path / "data"), str(clients)
    )
    assert ran.returncode == 0, ran.stderr.decode()
