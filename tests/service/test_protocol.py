"""A connection: its heads, its requests and its silence are bounded, and an answer is not lost to a slow body."""

import asyncio
from contextlib import suppress

import pytest
from starlette.applications import Starlette
from uvicorn.config import Config
from uvicorn.server import ServerState

from intake.service.app import create_app
from intake.service.http.protocol import PIPELINED, BoundedProtocol
from intake.service.settings import Settings
from tests.service.kit.failing_store import FailingStore
from tests.service.kit.opaque_organisation import TODAY, OpaqueOrganisation
from tests.service.kit.raw_http import exchange, live, parse, request


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"\r\n"])
async def test_a_head_that_does_not_come_is_given_up(store: FailingStore, sent: bytes) -> None:
    settings = Settings(head_seconds=0.05)
    async with live(create_app(store, settings, today=lambda: TODAY), settings) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(sent)
        assert await reader.read() == b""
        writer.close()


async def half_sent(
    address: tuple[str, int], world: OpaqueOrganisation
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A message to a mailbox that there is not: answered at once, and half of it is still to come."""
    reader, writer = await asyncio.open_connection(*address)
    box = world.box()
    path = f"/{world.slug}/api/1/{box.envelope_path()}"
    message = request("PUT", path, bytes(20_000), **box.auth("write"))
    writer.write(message.replace(b"Connection: close\r\n", b"")[:-10_000])
    assert b"404" in await reader.readline()
    return reader, writer


async def test_a_body_that_was_answered_before_it_had_come_may_come_slowly(
    store: FailingStore, world: OpaqueOrganisation
) -> None:
    """A client that reads only once all is sent would take a line that breaks for all that it is told."""
    settings = Settings(head_seconds=0.05)
    async with live(create_app(store, settings, today=lambda: TODAY), settings) as address:
        reader, writer = await half_sent(address, world)
        for _ in range(4):
            writer.write(bytes(2_000))
            await asyncio.sleep(0.05)
        writer.write(bytes(2_000) + request("GET", "/"))
        assert b"HTTP/1.1 404" in (await reader.read()).partition(b"\r\n\r\n")[2]
        writer.close()


async def test_but_not_for_ever(store: FailingStore, world: OpaqueOrganisation) -> None:
    settings = Settings(head_seconds=600, idle_seconds=600, body_seconds=0.05, body_rate=10**6)
    async with live(create_app(store, settings, today=lambda: TODAY), settings) as address:
        reader, writer = await half_sent(address, world)
        writer.write(bytes(100))
        with suppress(ConnectionError):
            await reader.read()
        writer.close()


async def sent_until_refused(address: tuple[str, int], head: bytes, piece: bytes) -> tuple[int, bytes]:
    """How many bytes a connection takes of something without end, and what it answers."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(head)
    sent = 0
    with suppress(ConnectionError):
        while sent < 64 * 1024 * 1024:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
    answer = b""
    with suppress(ConnectionError):
        answer = await reader.read()
    writer.close()
    return sent, answer


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"GET /", b"a" * 10_000),
        (b"GET / HTTP/1.1\r\nX: ", b"a" * 10_000),
        (b"GET / HTTP/1.1\r\n", b"X: " + b"a" * 10_000 + b"\r\n"),
        (b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: " + b"a" * 10_000 + b"\r\n"),
        (b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"a" * 10_000),
    ],
    ids=["path", "one header", "headers", "trailers", "extension of a chunk"],
)
async def test_a_head_without_end_costs_no_memory(
    app: Starlette, settings: Settings, head: bytes, piece: bytes
) -> None:
    async with live(app, settings) as address:
        sent, answer = await sent_until_refused(address, head, piece)
        assert (await exchange(address, request("GET", "/"))).status == 404
    assert sent < 16 * 1024 * 1024  # what the kernel holds for either end
    assert answer == b"" or parse(answer).status in (400, 404, 405)


async def test_requests_are_not_queued_without_end_on_one_connection(app: Starlette) -> None:
    pipe = Pipe(0)
    made = connection(app, pipe)
    made.data_received(b"GET / HTTP/1.1\r\n\r\n" * 10_000)
    assert pipe.aborted.is_set()
    assert len(made.pipeline) <= PIPELINED
    made.connection_lost(None)


class Pipe(asyncio.Transport):
    """A transport with a reader at the other end that takes `taken` bytes between two looks."""

    def __init__(self, *left: int) -> None:
        super().__init__()
        self._left = list(left)
        self.aborted = asyncio.Event()
        self.resumed = asyncio.Event()

    def get_write_buffer_size(self) -> int:
        """What is left to send, as the test lists it."""
        if len(self._left) == 1:
            self.resumed.set()
        return self._left.pop(0) if len(self._left) > 1 else self._left[0]

    def abort(self) -> None:
        """Noted."""
        self.aborted.set()

    def is_closing(self) -> bool:
        """Once it was cut."""
        return self.aborted.is_set()

    def pause_reading(self) -> None:
        """Nothing is read."""

    def close(self) -> None:
        """Nothing to close."""


def connection(app: Starlette, pipe: Pipe) -> BoundedProtocol:
    kind = type("BoundedProtocol", (BoundedProtocol,), {"settings": Settings(stalled_seconds=0.01)})
    config = Config(app, log_config=None, lifespan="off")
    config.load()
    made: BoundedProtocol = kind(config=config, server_state=ServerState(), app_state={})
    made.connection_made(pipe)
    return made


async def test_a_reader_that_stops_is_let_go(app: Starlette) -> None:
    pipe = Pipe(300, 300)
    made = connection(app, pipe)
    made.pause_writing()
    await asyncio.wait_for(pipe.aborted.wait(), 5)
    made.connection_lost(None)


async def test_a_slow_reader_is_not(app: Starlette) -> None:
    pipe = Pipe(300, 200, 100, 50, 40)
    made = connection(app, pipe)
    made.pause_writing()
    await asyncio.wait_for(pipe.resumed.wait(), 5)
    assert not pipe.aborted.is_set()
    made.resume_writing()
    made.connection_lost(None)
