"""A download in memory: one page of chunks, however many there are, and that is what it is counted as."""

import os
import weakref
from typing import Any, cast

from starlette.types import Message

from crypto.claims import CHUNK_LENGTH
from intake.service.blobs import PAGE_CHUNKS, ChunksAnswer
from intake.service.limits import Budget


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

    answer = ChunksAnswer(await page(0), page, 0, 3 * PAGE_CHUNKS, Budget(PAGE_CHUNKS * CHUNK_LENGTH))
    await answer({"type": "http"}, cast(Any, None), send)
    assert len(pages) == 3
    assert [message["more_body"] for message in sent[1:]] == [True] * (3 * PAGE_CHUNKS - 1) + [False]
