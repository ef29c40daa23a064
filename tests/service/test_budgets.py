"""Bodies are bounded in size, pace, number and memory; a body cut short leaves nothing."""

import asyncio
import time
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from crypto.public.blobs import CHUNK_LENGTH
from crypto.public.errors import DrempelError
from intake.service.app import create_app
from intake.service.http.budgets import CAME_WHOLE, LENIENCE, BodyReader
from intake.service.http.problems import RequestRefused
from intake.service.routes.mailboxes import ANSWERS_AT_ONCE
from intake.service.settings import Settings
from intake.service.workers import share
from intake.store.sqlite.open import READERS
from tests.service.kit.failing_store import FailingStore
from tests.service.kit.opaque_organisation import TODAY, OpaqueOrganisation, code, opening_bytes, shape
from tests.service.kit.raw_http import exchange, live, parse, request

OPENING_LIMIT = 1_310_720 + 2_307


class Sender:
    """A client of the bare application, that sends exactly what the test lets it."""

    def __init__(self, app: Starlette, path: str, *headers: tuple[bytes, bytes]) -> None:
        self.app = app
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": "PUT",
            "path": path,
            "query_string": b"",
            "headers": list(headers),
        }
        self.waiting = asyncio.Event()
        self.pieces: asyncio.Queue[Message] = asyncio.Queue()
        self.received = 0
        self.status = 0
        self.headers: dict[bytes, bytes] = {}

    async def receive(self) -> Message:
        """The next piece, once the test has put it there."""
        if self.pieces.empty():
            self.waiting.set()
        message = await self.pieces.get()
        self.received += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        """Note the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = dict(message["headers"])

    async def run(self) -> None:
        """Until the answer is whole."""
        await self.app(self.scope, self.receive, self.send)


class EndlessSender(Sender):
    """Sends zeros for as long as anybody reads."""

    async def receive(self) -> Message:
        """One more piece of 64 KiB."""
        self.received += 65_536
        return {"type": "http.request", "body": bytes(65_536), "more_body": True}


def opening_path(world: OpaqueOrganisation) -> str:
    return f"/{world.slug}/api/1/{world.box().opening_path}"


class Bare:
    """As much of a request as is read from: pieces of a body, and then silence."""

    def __init__(self, *pieces: bytes, ends: bool = False) -> None:
        self.headers: dict[str, str] = {}
        self.scope: dict[str, Any] = {}
        self._pieces, self._ends = pieces, ends

    async def stream(self) -> AsyncIterator[bytes]:
        """The body."""
        for piece in self._pieces:
            yield piece
        if not self._ends:
            await asyncio.Event().wait()


async def test_a_newcomer_takes_a_place_that_comes_to_its_end_at_that_moment() -> None:
    bodies = BodyReader(Settings(bodies=1, body_seconds=0.01))
    slow = asyncio.create_task(bodies.read(cast(Request, Bare()), 10))
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    time.sleep(0.02)  # noqa: ASYNC251 - as a busy loop: the timer and the newcomer fall into one turn of it
    new: asyncio.Future[asyncio.Task[bytes]] = loop.create_future()
    read = bodies.read(cast(Request, Bare(b"new", ends=True)), 10)
    loop.call_soon(lambda: new.set_result(loop.create_task(read)))
    assert await (await new) == b"new"
    with pytest.raises(RequestRefused):
        await slow


async def test_requests_that_send_next_to_nothing_hold_next_to_nothing() -> None:
    bodies, number = BodyReader(Settings()), 200
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        reading = [
            asyncio.create_task(bodies.read_cut(cast(Request, Bare(b"x")), CHUNK_LENGTH, CHUNK_LENGTH))
            for _ in range(number)
        ]
        await asyncio.sleep(0.01)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < number * 16 * 1024
    for task in reading:
        task.cancel()
    await asyncio.wait(reading)


async def test_a_body_is_cut_into_parts_whatever_pieces_it_comes_in() -> None:
    content = bytes(range(251)) * 4
    for size in (1, 7, 99, 100, 101, 250, 1004):
        pieces = [content[at : at + size] for at in range(0, len(content), size)]
        request = cast(Request, Bare(*pieces, ends=True))
        parts = await BodyReader(Settings()).read_cut(request, len(content), 100)
        assert parts == [content[at : at + 100] for at in range(0, len(content), 100)]


@pytest.mark.parametrize("cut", [False, True])
async def test_a_body_that_comes_byte_by_byte_takes_about_its_length(cut: bool) -> None:
    size = 50_000
    bodies = BodyReader(Settings())
    request = cast(Request, Bare(*[bytes([at % 256]) for at in range(size)]))
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        read = (
            bodies.read_cut(request, CHUNK_LENGTH, CHUNK_LENGTH)
            if cut
            else bodies.read(request, CHUNK_LENGTH)
        )
        reading = asyncio.create_task(read)
        await asyncio.sleep(0.01)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert bodies._budget.held == size
    assert after - before < size + 64 * 1024
    reading.cancel()
    await asyncio.wait([reading])


async def test_a_body_that_came_with_its_head_takes_nobodys_place(
    store: FailingStore, world: OpaqueOrganisation
) -> None:
    settings = Settings(bodies=1)
    app = create_app(store, settings, today=lambda: TODAY)
    slow, quick = world.box(), world.box()
    sent = [
        request("PUT", f"/{world.slug}/api/1/{box.opening_path}", box.creation + box.opening)
        for box in (slow, quick)
    ]
    async with live(app, settings) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(sent[0][:-1])
        while not app.state.context.bodies._readings:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.001)
        assert (await exchange(address, sent[1])).status == 204
        writer.write(sent[0][-1:])
        assert parse(await reader.read()).status == 204
        writer.close()


async def test_a_body_that_came_with_its_head_is_bounded_like_any_other() -> None:
    async def read(message: Message) -> bytes:
        async def receive() -> Message:
            return message

        scope = {"type": "http", "headers": [], "extensions": {CAME_WHOLE: {}}}
        return await BodyReader(Settings()).read(Request(scope, receive), 10)

    assert await read({"type": "http.request", "body": bytes(10), "more_body": False}) == bytes(10)
    with pytest.raises(DrempelError, match="larger than the server") as refused:
        await read({"type": "http.request", "body": bytes(11), "more_body": False})
    assert not isinstance(refused.value, RequestRefused)  # all of it was read, so the connection goes on
    with pytest.raises(ClientDisconnect):
        await read({"type": "http.disconnect"})


async def test_an_endless_body_is_not_read_on(app: Starlette, world: OpaqueOrganisation) -> None:
    sender = EndlessSender(app, opening_path(world))
    await sender.run()
    assert sender.status == 413
    assert sender.received <= OPENING_LIMIT + LENIENCE + 65_536
    assert sender.headers[b"connection"] == b"close"


async def test_a_body_declared_far_too_large_is_not_read_at_all(
    app: Starlette, world: OpaqueOrganisation
) -> None:
    sender = EndlessSender(app, opening_path(world), (b"content-length", b"100000000"))
    await sender.run()
    assert (sender.status, sender.received) == (413, 0)


async def test_a_client_that_asks_first_is_told_first(app: Starlette, world: OpaqueOrganisation) -> None:
    length = str(OPENING_LIMIT + 1).encode()
    headers = [(b"content-length", length), (b"expect", b"100-continue")]
    sender = EndlessSender(app, opening_path(world), *headers)
    await sender.run()
    assert (sender.status, sender.received) == (413, 0)


async def test_a_wrong_token_is_told_before_the_body_is_read(
    app: Starlette, world: OpaqueOrganisation
) -> None:
    sender = EndlessSender(app, f"/{world.slug}/api/1/{world.box().envelope_path()}")
    await sender.run()
    assert (sender.status, sender.received) == (404, 0)


async def test_a_body_in_chunks_counts_like_any_other(
    app: Starlette, world: OpaqueOrganisation, settings: Settings
) -> None:
    box = world.box()
    head = request("PUT", f"/{world.slug}/api/1/{box.opening_path}", Transfer_Encoding="chunked")
    chunk = b"10000\r\n" + bytes(65_536) + b"\r\n"
    async with live(app, settings) as address:
        too_large = await exchange(address, head, *[chunk] * 21, b"0\r\n\r\n")
        body = box.creation + box.opening
        pieces = [b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:100], body[100:])]
        fits = await exchange(address, head, *pieces, b"0\r\n\r\n")
    assert (too_large.status, fits.status) == (413, 204)


async def test_a_truncated_body_leaves_nothing(
    app: Starlette, client: httpx.AsyncClient, world: OpaqueOrganisation
) -> None:
    box = world.box()
    sender = Sender(app, f"/{world.slug}/api/1/{box.opening_path}", (b"content-length", b"100000"))
    body = box.creation + box.opening
    sender.pieces.put_nowait({"type": "http.request", "body": body[:5000], "more_body": True})
    sender.pieces.put_nowait({"type": "http.disconnect"})
    await sender.run()
    assert sender.status == 400
    other = world.box(id=box.id)
    assert (await client.put(other.opening_path, content=other.creation + other.opening)).is_success


async def test_a_connection_cut_in_a_body_leaves_nothing(
    app: Starlette, client: httpx.AsyncClient, world: OpaqueOrganisation, settings: Settings
) -> None:
    box = world.box()
    data = request("PUT", f"/{world.slug}/api/1/{box.opening_path}", box.creation + box.opening)
    async with live(app, settings) as address:
        _, writer = await asyncio.open_connection(*address)
        writer.write(data[:-1])
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        other = world.box(id=box.id)
        again = request("PUT", f"/{world.slug}/api/1/{other.opening_path}", other.creation + other.opening)
        assert (await exchange(address, again)).status == 204


async def limited(store: FailingStore, **changes: Any) -> Starlette:
    return create_app(store, Settings(**changes), today=lambda: TODAY)


async def test_a_body_that_drips_is_given_up(store: FailingStore, world: OpaqueOrganisation) -> None:
    settings = Settings(body_seconds=0.05)
    app = await limited(store, body_seconds=0.05)
    data = request("PUT", opening_path(world), bytes(1000))
    async with live(app, settings) as address:
        raw = await exchange(address, data[:-990])
    assert raw.status == 503
    assert (raw.all("connection"), raw.all("retry-after")) == (["close"], ["1"])


async def dripping(sender: Sender, body: bytes = b"") -> "asyncio.Task[None]":
    """A sender at work, who has sent that much and now sends nothing more."""
    if body:
        sender.pieces.put_nowait({"type": "http.request", "body": body, "more_body": True})
    running = asyncio.create_task(sender.run())
    await sender.waiting.wait()
    return running


async def test_bodies_at_one_moment_are_bounded_and_the_slowest_makes_way(
    store: FailingStore, world: OpaqueOrganisation
) -> None:
    app = await limited(store, bodies=2)
    slow, quick = Sender(app, opening_path(world)), Sender(app, opening_path(world))
    dripped = await dripping(slow, b"x")
    await asyncio.sleep(0.01)
    going_on = await dripping(quick, bytes(100_000))
    box = world.box()
    comes = Sender(app, f"/{world.slug}/api/1/{box.opening_path}")
    comes.pieces.put_nowait({"type": "http.request", "body": box.creation + box.opening, "more_body": False})
    await comes.run()
    await asyncio.wait_for(dripped, 5)
    assert (slow.status, comes.status) == (503, 204)
    quick.pieces.put_nowait({"type": "http.request", "body": b"x", "more_body": False})
    await going_on
    assert quick.status == 400


async def test_whoever_keeps_a_place_without_sending_shuts_nobody_out(
    store: FailingStore, world: OpaqueOrganisation
) -> None:
    app = await limited(store, bodies=3)
    idle = [await dripping(Sender(app, opening_path(world))) for _ in range(3)]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=world.base) as client:
        for _ in range(5):
            await world.make_box(client)
    await asyncio.wait_for(idle[0], 5)
    for task in idle:
        task.cancel()


async def test_whoever_holds_memory_without_sending_shuts_nobody_out(
    store: FailingStore, world: OpaqueOrganisation
) -> None:
    app = await limited(store, bodies_bytes=300_000)
    small, large = Sender(app, opening_path(world)), Sender(app, opening_path(world))
    waiting = await dripping(small, bytes(1000)), await dripping(large, bytes(298_000))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=world.base) as client:
        await world.make_box(client)
    await asyncio.wait_for(waiting[1], 5)
    assert large.status == 503
    small.pieces.put_nowait({"type": "http.request", "body": b"x", "more_body": False})
    await waiting[0]
    assert small.status == 400


async def test_memory_of_bodies_is_bounded_and_given_back(
    store: FailingStore, world: OpaqueOrganisation
) -> None:
    app = await limited(store, bodies_bytes=100_000)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=world.base) as client:
        for _ in range(3):
            box = world.box()
            refused = await client.put(box.opening_path, content=bytes(100_001))
            assert (refused.status_code, code(refused)) == (503, "server-busy")
            assert (await client.put(box.opening_path, content=box.creation + box.opening)).is_success


async def test_memory_of_answers_is_bounded_alike_for_known_and_unknown(
    store: FailingStore, world: OpaqueOrganisation
) -> None:
    app = await limited(store, answers_bytes=65_535)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=world.base) as client:
        known, unknown = await world.make_box(client), world.box()
        seen = [await client.get(box.path, headers=box.auth("read")) for box in (known, unknown)]
    assert code(seen[0]) == "server-busy"
    assert shape(seen[0]) == shape(seen[1])


async def test_whoever_does_not_read_an_answer_shuts_nobody_out(
    store: FailingStore, world: OpaqueOrganisation
) -> None:
    app = await limited(store, answers_bytes=100_000)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=world.base) as client:
        box = await world.make_box(client)
        scope = {
            "type": "http",
            "method": "GET",
            "path": f"/{world.slug}/api/1/{box.path}",
            "query_string": b"",
            "headers": [(b"authorization", box.auth("read")["Authorization"].encode())],
        }
        begun: list[Message] = []
        waiting = asyncio.Event()

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            begun.append(message)
            if len(begun) > 1:
                waiting.set()
                await asyncio.Event().wait()

        stuck = asyncio.create_task(app(scope, receive, send))
        await waiting.wait()
        answered = await client.get(box.path, headers=box.auth("read"))
        assert (answered.status_code, len(answered.content)) == (200, 65_536)
        await asyncio.wait_for(stuck, 5)
    assert begun[-1]["type"] == "http.response.body"
    assert begun[-1]["more_body"]  # it was cut short, and not ended as if it were whole


async def test_nobody_waits_for_those_who_ask_for_large_mailboxes(
    store: FailingStore, client: httpx.AsyncClient, world: OpaqueOrganisation
) -> None:
    large = await world.make_box(client, opening=opening_bytes(size=512 * 1024))
    small, unknown = await world.make_box(client), world.box()
    at_work, go_on, envelopes = 0, asyncio.Event(), store.envelopes

    async def slow(mailbox: bytes) -> Any:
        nonlocal at_work
        if mailbox == large.id:
            at_work += 1
            await go_on.wait()
        return await envelopes(mailbox)

    store.envelopes = slow  # type: ignore[attr-defined]
    asked = [asyncio.create_task(client.get(large.path, headers=large.auth("read"))) for _ in range(9)]
    await asyncio.sleep(0.05)
    for box in (small, unknown):
        answered = await asyncio.wait_for(client.get(box.path, headers=box.auth("read")), 5)
        assert (answered.status_code, len(answered.content)) == (200, 65_536)
    assert at_work == ANSWERS_AT_ONCE < READERS
    go_on.set()
    assert {len((await task).content) for task in asked} == {1024 * 1024}


def test_workers_together_hold_what_one_process_may() -> None:
    whole, part = Settings(), share(Settings(), 4)
    assert part.bodies * 4 == whole.bodies
    assert part.bodies_bytes * 4 == whole.bodies_bytes
    assert part.answers_bytes * 4 == whole.answers_bytes
    assert share(Settings(), 10_000).bodies == 1
