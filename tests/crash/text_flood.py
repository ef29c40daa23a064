"""Floods a service on a small disk with texts, for the test that mounts one.

python -m tests.crash.text_flood FOLDER CLIENTS
"""

import asyncio
import sys
from pathlib import Path

from crypto.public.encoding import parse_object
from tests.crash.clients import STORED, ServiceConnection, request
from tests.crash.flood import BRIEF, recovered
from tests.crash.serving import Service
from tests.crash.test_kill import settled
from tests.service.kit.opaque_file import File
from tests.service.kit.opaque_organisation import Box, OpaqueOrganisation

MIB = 1 << 20
GROWTH = 32 * 1024  # KiB
RECOVERED_SECONDS = 60
DELETED = 12


class Place:
    """A service, and whoever sends to it."""

    def __init__(self, service: Service, world: OpaqueOrganisation) -> None:
        self.service, self.world = service, world
        self.refusals: list[bytes] = []

    def path(self, path: str) -> str:
        """Below the address of the host."""
        return f"/{self.world.slug}/api/1/{path}"

    def box(self, size: int) -> Box:
        """A report that is not sent yet."""
        return self.world.box_now(size)

    async def send(self, line: ServiceConnection, box: Box) -> bool:
        """Whether a report was taken; if not, it was told why."""
        body = box.creation + box.opening
        status, answer = await line.exchange(request("PUT", self.path(box.opening_path), body))
        if status != STORED:
            assert (status, parse_object(answer)["code"]) == (503, "server-unavailable"), answer
            self.refusals.append(answer)
        return status == STORED

    async def flood(self) -> list[Box]:
        """Send the longest texts until none is taken; those that were."""
        line, stored = ServiceConnection(self.service), list[Box]()
        while await self.send(line, box := self.box(MIB)):
            stored.append(box)
        await line.close()
        return stored

    async def reads(self, line: ServiceConnection, box: Box) -> bool:
        """Whether a reporter who comes back finds the report."""
        path = self.path(box.path)
        status, answer = await line.exchange(request("GET", path, token=box.tokens["read"]))
        return status == 200 and box.opening in answer

    async def puts_file(self, line: ServiceConnection) -> int:
        """The status of the answer to a chunk."""
        file = File(1)
        path = self.path(f"{file.path}/chunks/0")
        status, _ = await line.exchange(request("PUT", path, file.chunks[0], file.token))
        return status


async def main(folder: Path, clients: int) -> None:
    world, service = await settled(folder), Service(folder, before=BRIEF)
    await service.start()
    place, line = Place(service, world), ServiceConnection(service)
    try:
        honest = [place.box(8192) for _ in range(3)]
        assert await place.send(line, honest[0])
        before = service.memory("VmRSS")
        stored = [
            box for some in await asyncio.gather(*(place.flood() for _ in range(clients))) for box in some
        ]
        assert len(stored) > DELETED
        await line.close()  # it has rested for too long
        assert not await place.send(line, honest[1]), "there is room after all"
        assert await place.send(line, honest[0]), "it is there, and a repetition needs no room"
        assert [await place.reads(line, box) for box in (honest[0], *stored[:3])] == [True] * 4
        assert await place.puts_file(line) == 507
        for box in stored[:DELETED]:
            answer = await line.exchange(request("DELETE", place.path(box.path), token=box.tokens["delete"]))
            assert answer == (STORED, b"")
        assert [await place.send(line, box) for box in honest] == [True] * 3, "nobody started it again"
        assert [await place.reads(line, box) for box in (*honest, *stored[DELETED:])] == [True] * (
            3 + len(stored) - DELETED
        )
        async with asyncio.timeout(RECOVERED_SECONDS):
            await recovered(lambda: service.memory("VmRSS") - before < GROWTH)
        assert len(place.refusals) == clients + 1
        await line.close()
        await service.stop()
    finally:
        await service.abandon()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
