"""Files in sealed chunks: put piece by piece, resumed, given back once an envelope has claimed them (PROTOCOL 16).

A blob's id is a hash of its token, so a token proves itself, and no answer here depends on whether a blob is there.
"""

import hmac
import re
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Send

from crypto.public.blobs import CHUNK_LENGTH, blob_id, chunk_count
from crypto.public.encoding import unb64
from crypto.public.errors import DrempelError
from crypto.public.limits import BLOB_ID_LENGTH, MOST_CHUNKS, TOKEN_LENGTH
from intake.service.context import Context
from intake.service.http.budgets import BoundedAnswer, MemoryBudget, has_hung_up
from intake.service.http.routing import API, Routes, answer_json, bearer, no_content, path_bytes, route
from intake.service.openapi.parts import (
    BODY_CODES,
    BYTES,
    JSON,
    STORED,
    TOKEN,
    body,
    described,
    found,
    reference,
)
from intake.store import Organisation, StoreError

CHUNKS_AT_ONCE: Final = 16
CHUNKS_LIMIT: Final = CHUNKS_AT_ONCE * CHUNK_LENGTH
# Chunks that are read from the store and sent at a time: a mebibyte, so that many downloads need little memory.
PAGE_CHUNKS: Final = 4
UNCLAIMED_DAYS: Final = 2

_NUMBER = re.compile(r"0|[1-9][0-9]{0,4}")

Page = list[bytes]

_UNKNOWN: Final = ("not-found", "blob-unknown", "server-busy")


class BlobRoutes(Routes):
    """The routes under `blobs/` (PROTOCOL 12.2)."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._most_chunks = min(MOST_CHUNKS, chunk_count(context.settings.attachment_bytes))

    @route(
        "PUT",
        API + "blobs/{blob}/chunks/{number}",
        described(
            "Store one to sixteen whole chunks from one on, with the blob's token",
            STORED,
            (*BODY_CODES, *_UNKNOWN, "conflict", "attachment-too-large", "storage-full"),
            requestBody=body(BYTES, CHUNKS_LIMIT, {"minLength": CHUNK_LENGTH}),
            security=TOKEN,
        ),
    )
    async def put(self, request: Request) -> Response:
        """Store whole chunks, one after the other. The first one creates their blob."""
        organisation, blob = await self._authorise(request)
        first = _number(request)
        chunks = await self.context.bodies.read_cut(request, CHUNKS_LIMIT, CHUNK_LENGTH)
        if not chunks or len(chunks[-1]) != CHUNK_LENGTH:
            raise DrempelError("request-malformed")
        if first + len(chunks) > self._most_chunks:
            raise DrempelError("attachment-too-large")
        expiry_day = self.context.days.today() + UNCLAIMED_DAYS
        await self.context.store.put_chunks(
            organisation.id, blob, first, chunks, expiry_day, self.context.settings.quota_bytes
        )
        return no_content()

    @route(
        "GET",
        API + "blobs/{blob}/chunks",
        described(
            "Which chunks are there, as half-open ranges",
            found(JSON, reference("StoredChunks")),
            _UNKNOWN,
            security=TOKEN,
        ),
    )
    async def stored(self, request: Request) -> Response:
        """The ranges of the stored chunks, so that an interrupted client sends only the others."""
        organisation, blob = await self._authorise(request)
        ranges = await self.context.store.stored_chunks(organisation.id, blob)
        return answer_json({"stored": [list(part) for part in ranges]})

    @route(
        "GET",
        API + "blobs/{blob}/chunks/{number}",
        described(
            "The chunks of a claimed blob from one on, with its token",
            found(BYTES, {"minLength": CHUNK_LENGTH}),
            _UNKNOWN,
            security=TOKEN,
        ),
    )
    async def get(self, request: Request) -> Response:
        """Stream all chunks of a claimed blob from one on."""
        organisation, blob = await self._authorise(request)
        first = _number(request)
        found = await self.context.store.claimed_blob(organisation.id, blob)
        if found is None or found.expiry_day <= self.context.days.today() or first >= found.chunks:
            raise DrempelError("blob-unknown")

        async def page(first: int) -> Page:
            return await self.context.store.chunks(organisation.id, blob, first, PAGE_CHUNKS)

        # Before the response begins, so that a store that is down still answers 503.
        begin = await page(first)
        if not begin:
            raise DrempelError("blob-unknown")
        return ChunksAnswer(begin, page, first, found.chunks, self.context.answers)

    @route(
        "DELETE",
        API + "blobs/{blob}",
        described(
            "Erase a blob that nothing has claimed, with its token",
            {"204": {"description": "Erased, or there was none."}},
            (*_UNKNOWN, "conflict"),
            security=TOKEN,
        ),
    )
    async def delete(self, request: Request) -> Response:
        """Erase a blob that nothing has claimed."""
        organisation, blob = await self._authorise(request)
        await self.context.store.delete_blob(organisation.id, blob)
        return no_content()

    async def _authorise(self, request: Request) -> tuple[Organisation, bytes]:
        """The organisation, and the id of the blob that the token is for. Raises `blob-unknown`."""
        organisation = await self.context.organisations.of(request)
        blob = path_bytes(request, "blob", BLOB_ID_LENGTH)
        try:
            token = unb64(bearer(request), TOKEN_LENGTH)
        except ValueError:
            raise DrempelError("blob-unknown") from None
        if not hmac.compare_digest(blob_id(token), blob):
            raise DrempelError("blob-unknown")
        return organisation, blob


class ChunksAnswer(BoundedAnswer):
    """Streams chunks. The answer is cut short if the chunks or the store go away: the client knows its length."""

    def __init__(
        self, begin: Page, page: Callable[[int], Awaitable[Page]], first: int, end: int, budget: MemoryBudget
    ) -> None:
        super().__init__(b"", budget, held=PAGE_CHUNKS * CHUNK_LENGTH)
        self.headers["content-length"] = str((end - first) * CHUNK_LENGTH)
        self._begin, self._page, self._next, self._end = begin, page, first, end

    async def _send(self, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        page, self._begin = self._begin, []
        while page:
            self._next += len(page)
            more = self._next < self._end
            for left, chunk in enumerate(page, 1 - len(page)):
                await send({"type": "http.response.body", "body": chunk, "more_body": more or left < 0})
            if not more or await has_hung_up(receive):
                return
            page, chunk = [], b""  # don't hold these chunks while the next are read
            try:
                page = await self._page(self._next)
            except StoreError:
                return


def _number(request: Request) -> int:
    """The chunk's number in the path, which has one valid spelling. Raises `not-found`."""
    text = request.path_params["number"]
    if not _NUMBER.fullmatch(text):
        raise DrempelError("not-found")
    return int(text)
