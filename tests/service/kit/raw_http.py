"""The service on a real socket, and clients that speak to it byte by byte."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette

from crypto.public.encoding import b64
from intake.service.app import create_app
from intake.service.http.server import Address, bind, running
from intake.service.settings import Settings
from intake.store import create_store
from tests.service.kit.opaque_organisation import TODAY, OpaqueOrganisation


@dataclass(frozen=True)
class Raw:
    """A response as it came over the wire."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    length: int  # of all of it

    def all(self, name: str) -> list[str]:
        """The values of a header, one for each time it is there."""
        return [value for key, value in self.headers if key == name]


def parse(data: bytes) -> Raw:
    """A response that ended with its connection."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    pairs = tuple((name, value) for name, _, value in (line.partition(": ") for line in lines))
    return Raw(int(first.split()[1]), pairs, body, len(data))


async def exchange(address: tuple[str, int], *pieces: bytes) -> Raw:
    """Send bytes, then read until the server closes."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return parse(await reader.read())
    finally:
        writer.close()


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """A request after which the server closes. `_` in a header's name stands for `-`."""
    lines = [f"{method} {path} HTTP/1.1", "Host: drempel.test", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


@asynccontextmanager
async def live(app: Starlette, settings: Settings) -> AsyncIterator[Address]:
    """The application in this event loop, on a free port."""
    async with running(app, settings, bind("127.0.0.1", 0)) as address:
        yield address


@contextmanager
def live_in_thread(folder: Path, world: OpaqueOrganisation) -> Iterator[str]:
    """The service in an event loop of its own, for clients that block; gives the address of the host."""
    started, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()
    found: list[Address] = []

    async def main() -> None:
        store = await create_store(folder)
        await world.settle_in(store)
        async with live(create_app(store, Settings(), today=lambda: TODAY), Settings()) as address:
            found.append(address)
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()))
    thread.start()
    try:
        assert started.wait(30), "the service did not start"
        yield f"http://{found[0].host}:{found[0].port}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()


def bearer(token: bytes) -> str:
    """The value of an Authorization header."""
    return f"Bearer {b64(token)}"
