"""Files in sealed chunks: put piece by piece, resumed, given back once an envelope has claimed them (PROTOCOL 16).

A blob's id is a hash of its token, so a token proves itself, and no answer here depends on whether a blob is there.
"""

import hmac
import re
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Send

from crypto.claims import BLOB_ID_LENGTH, CHUNK_LENGTH, MOST_CHUNKS, blob_id, chunk_count
from crypto.encoding import unb64
from crypto.errors import DrempelError
from crypto.wire import TOKEN_LENGTH
from intake.service.limits import Bodies, BoundedAnswer, Budget, has_hung_up
from intake.service.organisations import Organisations
from intake.service.routing import API, answer_json, bearer, no_content, path_bytes, resource
from intake.service.settings import Settings
from intake.store import Organisation, Store, StoreError

CHUNKS_AT_ONCE: Final = 16
CHUNKS_LIMIT: Final = CHUNKS_AT_ONCE * CHUNK_LENGTH
# Read from the store and sent at a time: a mebibyte, so that many downloads at once need little memory.
PAGE_CHUNKS: Final = 4
UNCLAIMED_DAYS: Final = 2

_NUMBER = re.compile(r"0|[1-9][0-9]{0,4}")

Page = list[bytes]


class BlobRoutes:
    """The routes under `blobs/` (PROTOCOL 12.2)."""

    def __init__(
        self,
        store: Store,
        organisations: Organisations,
        bodies: Bodies,
        answers: Budget,
        settings: Settings,
        today: Callable[[], int],
    ) -> None:
        self._store = store
        self._organisations = organisations
        self._bodies = bodies
        self._answers = answers
        self._most_chunks = min(MOST_CHUNKS, chunk_count(settings.attachment_bytes))
        self._today = today

    def routes(self) -> list[Route]:
        """The routes of this module."""
        return [
            resource(API + "blobs/{blob}/chunks/{number}", GET=self.get, PUT=self.put),
            resource(API + "blobs/{blob}/chunks", GET=self.stored),
            resource(API + "blobs/{blob}", DELETE=self.delete),
        ]

    async def put(self, request: Request) -> Response:
        """Some whole chunks, one after the other. Their blob begins with the first that comes."""
        organisation, blob = await self._enter(request)
        first = _number(request)
        chunks = await self._bodies.read_cut(request, CHUNKS_LIMIT, CHUNK_LENGTH)
        if not chunks or len(chunks[-1]) != CHUNK_LENGTH:
            raise DrempelError("request-malformed")
        if first + len(chunks) > self._most_chunks:
            raise DrempelError("attachment-too-large")
        await self._store.put_chunks(organisation.id, blob, first, chunks, self._today() + UNCLAIMED_DAYS)
        return no_content()

    async def stored(self, request: Request) -> Response:
        """Which chunks are there, so that whoever was interrupted sends the others."""
        organisation, blob = await self._enter(request)
        ranges = await self._store.stored_chunks(organisation.id, blob)
        return answer_json({"stored": [list(part) for part in ranges]})

    async def get(self, request: Request) -> Response:
        """All chunks from one on, streamed. Only those of a blob that a mailbox has."""
        organisation, blob = await self._enter(request)
        first = _number(request)
        found = await self._store.claimed_blob(organisation.id, blob)
        if found is None or found.expiry_day <= self._today() or first >= found.chunks:
            raise DrempelError("blob-unknown")

        async def page(at: int) -> Page:
            return await self._store.chunks(organisation.id, blob, at, PAGE_CHUNKS)

        # Before the response begins, so that a store that is down still answers 503.
        begin = await page(first)
        if not begin:
            raise DrempelError("blob-unknown")
        return ChunksAnswer(begin, page, first, found.chunks, self._answers)

    async def delete(self, request: Request) -> Response:
        """Erase a blob that nothing has claimed."""
        organisation, blob = await self._enter(request)
        await self._store.delete_blob(organisation.id, blob)
        return no_content()

    async def _enter(self, request: Request) -> tuple[Organisation, bytes]:
        """The organisation, and the id of the blob that the token is for. Raises `blob-unknown`."""
        organisation = await self._organisations.of(request)
        blob = path_bytes(request, "blob", BLOB_ID_LENGTH)
        try:
            token = unb64(bearer(request), TOKEN_LENGTH)
        except ValueError:
            raise DrempelError("blob-unknown") from None
        if not hmac.compare_digest(blob_id(token), blob):
            raise DrempelError("blob-unknown")
        return organisation, blob


class ChunksAnswer(BoundedAnswer):
    """Chunks as they are read. It is cut short if they go meanwhile, or the store does: the client sees its length."""

    def __init__(
        self, begin: Page, page: Callable[[int], Awaitable[Page]], first: int, end: int, budget: Budget
    ) -> None:
        super().__init__(b"", budget, held=PAGE_CHUNKS * CHUNK_LENGTH)
        self.headers["content-length"] = str((end - first) * CHUNK_LENGTH)
        self._begin, self._page, self._at, self._end = begin, page, first, end

    async def _send(self, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        page, self._begin = self._begin, []
        while page:
            self._at += len(page)
            more = self._at < self._end
            for left, chunk in enumerate(page, 1 - len(page)):
                await send({"type": "http.response.body", "body": chunk, "more_body": more or left < 0})
            if not more or await has_hung_up(receive):
                return
            page, chunk = [], b""  # what is sent is not held while the next is read
            try:
                page = await self._page(self._at)
            except StoreError:
                return


def _number(request: Request) -> int:
    """The chunk's number in the path, spelled in the one way there is. Raises `not-found`."""
    text = request.path_params["number"]
    if not _NUMBER.fullmatch(text):
        raise DrempelError("not-found")
    return int(text)
