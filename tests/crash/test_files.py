"""Files against the real service in a process of its own: its memory, a disk that is full, fifty clients at once."""

import asyncio
import os
import resource
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crypto.public.blobs import CHUNK_LENGTH
from crypto.public.encoding import parse_object
from tests.crash.clients import STORED, ServiceConnection, request
from tests.crash.serving import Service
from tests.crash.test_kill import settled
from tests.service.kit.opaque_file import File, claims_of
from tests.service.kit.opaque_organisation import OpaqueOrganisation

BUSY, FULL = 503, 507
AT_ONCE = 16
LARGE = 256  # chunks: 64 MiB
GROWTH = 32 * 1024  # KiB
MOST_MEMORY = 512 * 1024  # KiB: what bodies may take (`Settings.bodies_bytes`), and as much for all else
IDLE_SECONDS = 60


class Place:
    """A running service, its folder and its organisation."""

    def __init__(self, folder: Path, world: OpaqueOrganisation) -> None:
        self.folder = folder
        self.world = world
        self.service = Service(folder)

    def path(self, path: str) -> str:
        """Below the address of the host."""
        return f"/{self.world.slug}/api/1/{path}"

    async def put(self, line: ServiceConnection, file: File, first: int, end: int) -> int:
        """Send chunks; returns the status of the answer."""
        body = b"".join(file.chunks[first:end])
        status, _ = await line.exchange(
            request("PUT", self.path(f"{file.path}/chunks/{first}"), body, file.token)
        )
        return status

    async def stored(self, line: ServiceConnection, file: File) -> object:
        """Which chunks are there."""
        _, answer = await line.exchange(request("GET", self.path(f"{file.path}/chunks"), token=file.token))
        return parse_object(answer)["stored"]

    async def send_with(self, line: ServiceConnection, *files: File) -> int:
        """A report that names these files; returns the status of the answer."""
        box = self.world.box_now()
        body = box.creation + (claims_of(*files) if files else b"") + box.opening
        status, _ = await line.exchange(request("PUT", self.path(box.opening_path), body))
        return status

    def forget_peak(self) -> None:
        """Let the largest memory so far be that of now."""
        Path(f"/proc/{self.service.pid}/clear_refs").write_text("5", "ascii")

    async def idle(self) -> None:
        """Wait until what it does after its start is done: for a second, it has used no processor."""
        async with asyncio.timeout(IDLE_SECONDS):
            used, before = self._used(), ""
            while used != before:
                await asyncio.sleep(1)
                used, before = self._used(), used

    def _used(self) -> str:
        fields = Path(f"/proc/{self.service.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return " ".join(fields[11:13])


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    made = Place(tmp_path / "data", await settled(tmp_path / "data"))
    try:
        await made.service.start()
        yield made
        await made.service.stop()
    finally:
        await made.service.abandon()


async def test_the_server_never_holds_a_file(place: Place) -> None:
    await place.idle()
    place.forget_peak()
    before = place.service.memory("VmRSS")
    file, lines = File(LARGE), [ServiceConnection(place.service) for _ in range(3)]

    async def send(line: ServiceConnection, firsts: range) -> None:
        for first in firsts:
            assert await place.put(line, file, first, first + AT_ONCE) == STORED

    starts = [range(at * AT_ONCE, LARGE, len(lines) * AT_ONCE) for at in range(len(lines))]
    await asyncio.gather(*map(send, lines, starts))
    assert await place.send_with(lines[0], file) == STORED
    path = place.path(f"{file.path}/chunks/0")
    status, answer = await lines[0].exchange(request("GET", path, token=file.token))
    assert (status, answer) == (200, b"".join(file.chunks))
    assert place.service.memory("VmHWM") - before < GROWTH
    for line in lines:
        await line.close()


async def test_fifty_clients_send_files_at_once(place: Place) -> None:
    """Together they send three times what the service holds of files in memory: whoever comes too late comes again."""

    async def send(file: File) -> None:
        line, first = ServiceConnection(place.service), 0
        while first < len(file.chunks):
            status = await place.put(line, file, first, first + AT_ONCE)
            assert status in (STORED, BUSY)
            if status == STORED:
                first += AT_ONCE
            else:
                await asyncio.sleep(0.05)
        assert await place.stored(line, file) == [[0, len(file.chunks)]]
        assert await place.send_with(line, file) == STORED
        await line.close()

    chunks = [os.urandom(CHUNK_LENGTH) for _ in range(AT_ONCE + 4)]
    files = [File(0) for _ in range(50)]
    for file in files:
        file.chunks = chunks
    await asyncio.gather(*map(send, files))
    assert place.service.memory("VmHWM") < MOST_MEMORY


async def test_a_full_disk_keeps_what_came_takes_texts_and_goes_on(place: Place) -> None:
    file, line = File(12), ServiceConnection(place.service)
    assert await place.put(line, file, 0, 4) == STORED
    limits = resource.prlimit(place.service.pid, resource.RLIMIT_FSIZE)
    size = 2 * CHUNK_LENGTH  # of some hundred places that a chunk may get, two are below
    resource.prlimit(place.service.pid, resource.RLIMIT_FSIZE, (size, limits[1]))
    assert await place.put(line, file, 4, 12) == FULL
    assert await place.put(line, file, 4, 5) == FULL
    assert await place.send_with(line) == STORED
    assert await place.stored(line, file) == [[0, 4]]
    resource.prlimit(place.service.pid, resource.RLIMIT_FSIZE, limits)
    assert await place.put(line, file, 4, 12) == STORED
    assert await place.send_with(line, file) == STORED
    await line.close()
