"""A download in memory: one page of chunks, however many there are, and that is what it is counted as."""

import asyncio
import os
import weakref

import httpx
from starlette.types import Message

from crypto.public.blobs import CHUNK_LENGTH
from intake.service.app import create_app
from intake.service.http.budgets import MemoryBudget
from intake.service.routes.blobs import PAGE_CHUNKS, ChunksAnswer
from intake.service.settings import Settings
from tests.service.kit.failing_store import FailingStore
from tests.service.kit.opaque_file import send_with, upload
from tests.service.kit.opaque_organisation import TODAY, OpaqueOrganisation
from tests.service.kit.raw_http import bearer, live, request


class Page(list[bytes]):
    """Chunks that can be seen to be let go."""


async def test_what_is_sent_is_not_held_while_the_next_is_read() -> None:
    pages: list[weakref.ref[Page]] = []
    sent: list[Message] = []

    async def page(_: int) -> list[bytes]:
        assert [seen() for seen in pages] == [None] * len(pages)
        read = Page(os.urandom(10) for _ in range(PAGE_CHUNKS))
        pages.append(weakref.ref(read))
        return read

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError("the client never goes")

    answer = ChunksAnswer(await page(0), page, 0, 3 * PAGE_CHUNKS, MemoryBudget(PAGE_CHUNKS * CHUNK_LENGTH))
    await answer({"type": "http"}, receive, send)
    assert len(pages) == 3
    assert [message["more_body"] for message in sent[1:]] == [True] * (3 * PAGE_CHUNKS - 1) + [False]


async def test_nothing_is_read_for_a_client_that_has_hung_up(
    store: FailingStore, world: OpaqueOrganisation
) -> None:
    """Else each preview that is called off, or each broken line, would cost the reading of the whole file."""
    app = create_app(store, Settings(), today=lambda: TODAY)
    pages = 64
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=world.base) as client:
        file = await upload(client, pages * PAGE_CHUNKS)
        assert (await send_with(client, world, file)).status_code == 204
    async with live(app, Settings()) as address:
        reader, writer = await asyncio.open_connection(*address)
        path = f"/{world.slug}/api/1/{file.path}/chunks/0"
        writer.write(request("GET", path, Authorization=bearer(file.token)))
        await reader.readexactly(1000)
        writer.transport.abort()
    # The server has stopped, and with it all that was under way.
    assert 0 < store.calls.count("chunks") < pages / 2
