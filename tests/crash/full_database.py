"""Fills the disk of a database under a running service, for the test that mounts a small one.

python -m tests.crash.full_database FOLDER
"""

import asyncio
import re
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import psycopg

from crypto.public.encoding import parse_object, utc_day
from intake.store import create_at, open_at
from tests.crash.clients import STORED, ServiceConnection, compare, request
from tests.crash.ledger import Kept, Ledger
from tests.crash.serving import Service
from tests.kit.postgres import Cluster
from tests.kit.serving import Server
from tests.service.kit.opaque_file import File
from tests.service.kit.opaque_organisation import OpaqueOrganisation

MIB = 1 << 20
DATABASE = "drempel"
HONEST, DELETED = 8, 4
TRIES, PUSHES = 2000, 100
WORDS = {"server-unavailable", "storage-full"}


class Place:
    """A service before a database, and whoever sends to it."""

    def __init__(self, service: Service, world: OpaqueOrganisation) -> None:
        self._world, self._line = world, ServiceConnection(service)
        self.ledger = Ledger()

    async def ask(self, method: str, path: str, body: bytes = b"", token: bytes | None = None) -> str:
        """Send something; returns the code of a refusal, or nothing."""
        sent = request(method, f"/{self._world.slug}/api/1/{path}", body, token)
        status, answer = await self._line.exchange(sent)
        return "" if status == STORED else str(parse_object(answer)["code"])

    async def report(self, kept: Kept | None = None) -> str:
        """Send a report, a new one if none is given."""
        if kept is None:
            kept = Kept(self._world.box_now(8192))
            kept.sent[kept.box.envelope] = kept.box.opening
            self.ledger.kept.append(kept)
        refusal = await self.ask("PUT", kept.box.opening_path, kept.box.creation + kept.box.opening)
        if not refusal and kept.sent:
            kept.confirm(kept.box.envelope)
        return refusal

    async def send_file(self) -> str:
        """Send a chunk of a file."""
        file = File(1)
        return await self.ask("PUT", f"{file.path}/chunks/0", file.chunks[0], file.token)

    async def delete(self, kept: Kept) -> str:
        """Delete a report."""
        kept.deleting = True
        refusal = await self.ask("DELETE", kept.box.path, token=kept.box.tokens["delete"])
        kept.gone = not refusal
        return refusal

    async def close(self) -> None:
        """Hang up."""
        await self._line.close()


def fill(filler: Path) -> None:
    """Take the disk to its last block, as something else that is on it would."""
    for size in (MIB, 512):
        with suppress(OSError), filler.open("ab", buffering=0) as file:
            while file.write(bytes(size)):
                pass


async def refused(place: Place) -> None:
    """The database has no room for contents, and says so."""
    codes: set[str] = set()
    for _ in range(TRIES):
        if codes >= WORDS:
            return
        codes |= {await place.report(), await place.send_file()}
        assert codes <= {"", *WORDS}
    raise AssertionError(codes)


async def ended(place: Place, cluster: Cluster, administrator: psycopg.Connection, filler: Path) -> None:
    """Its log has no room either: it ends itself.

    Or it starts again by itself, finds no room for a new connection, and so has nothing left to do: then it is killed.
    """
    for _ in range(PUSHES):
        if not cluster.is_up():
            return
        fill(filler)  # a checkpoint that removes segments of the log makes some room
        assert {await place.report(), await place.send_file()} <= {"", *WORDS}
        with suppress(psycopg.Error):
            administrator.execute("SELECT pg_logical_emit_message(false, '', repeat(' ', 300000))")
    cluster.kill()


async def story(place: Place, cluster: Cluster, filler: Path) -> None:
    """All that happens, from a disk with room to one with room again."""
    for _ in range(HONEST):
        assert await place.report() == ""
    honest = list(place.ledger.kept)
    assert await place.send_file() == ""
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as administrator:
        fill(filler)
        await refused(place)
        await ended(place, cluster, administrator, filler)
    down = (await place.report(), await place.send_file(), await place.delete(honest[0]))
    assert set(down) == {"server-unavailable"}
    await asyncio.to_thread(filler.unlink)
    cluster.start()
    for kept in honest[:DELETED]:
        assert await place.delete(kept) == ""
        assert await place.report(kept) == "conflict"
    for kept in place.ledger.kept[HONEST:]:
        assert await place.report(kept) == ""
    assert await place.send_file() == ""


async def main(folder: Path, other: Path) -> None:
    cluster, world, data = Cluster(folder), OpaqueOrganisation(), other / "data"
    cluster.start()
    cluster.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0")
    url = cluster.url(DATABASE)
    store = await create_at(data, url)
    await world.settle_in(store)
    await store.close()
    server = Server(["serve", "--store", url, "--data", str(data), "--port", "0"], other / "logs")
    service = Service(data)
    service.port = int(re.findall(r":(\d+)/", server.first_line)[0])
    place = Place(service, world)
    try:
        await story(place, cluster, folder / "filler")
        await compare(service, world, place.ledger, place.ledger.kept)
        await place.close()
        server.stop()  # the one that was started first
    finally:
        server.kill()
    assert "A fault" not in server.err, server.err
    store = await open_at(data, url)
    assert await store.expire(utc_day() + 1000) == len(place.ledger.kept) - DELETED
    await store.close()
    cluster.stop()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as outside:
        asyncio.run(main(Path(sys.argv[1]), Path(outside)))
