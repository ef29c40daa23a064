"""Request bodies and answers within bounds of size, time, number and memory.

No route reads a body but through `Bodies.read`. Nothing here looks at an address: behind an onion service all
clients share one, so a limit per address would be a way to lock honest reporters out.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from crypto.errors import DrempelError
from intake.service.problems import RequestRefused
from intake.service.settings import Settings

# A little too much is read to its end, so that the client, which sends all before it reads, sees the answer.
LENIENCE = 4 * 1024 * 1024
PIECE = 64 * 1024


class Budget:
    """A bound on memory that requests share."""

    def __init__(self, total: int) -> None:
        """At most `total` bytes are held at any moment."""
        self.total = total
        self.held = 0

    def take(self, size: int) -> None:
        """Hold `size` bytes more. Raises `server-busy` if that is too much."""
        if self.held + size > self.total:
            raise RequestRefused("server-busy")
        self.held += size

    def give(self, size: int) -> None:
        """Let `size` bytes go."""
        self.held -= size


class Bodies:
    """Reads request bodies; one for the whole application."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._budget = Budget(settings.bodies_bytes)
        self._reading = 0

    async def read(self, request: Request, limit: int) -> bytes:
        """The body, of at most `limit` bytes.

        Raises `body-too-large`; `server-busy` when too much is being read, or when it comes too slowly;
        `request-malformed` for a body that is not as long as it says; ClientDisconnect if it is cut off.
        """
        declared = _declared_length(request)
        if (
            declared is not None
            and declared > limit
            and (declared > limit + LENIENCE or "expect" in request.headers)
        ):
            raise RequestRefused("body-too-large")
        if self._reading >= self._settings.bodies:
            raise RequestRefused("server-busy")
        self._reading += 1
        try:
            return await self._read(request, limit)
        except TimeoutError:
            raise RequestRefused("server-busy") from None
        finally:
            self._reading -= 1

    async def _read(self, request: Request, limit: int) -> bytes:
        pieces: list[bytes] = []
        held = received = 0
        start = asyncio.get_running_loop().time() + self._settings.body_seconds
        try:
            async with asyncio.timeout_at(start) as due:
                async for piece in request.stream():
                    received += len(piece)
                    if received > limit + LENIENCE:
                        raise RequestRefused("body-too-large")
                    if received <= limit:
                        self._budget.take(len(piece))
                        held += len(piece)
                        pieces.append(piece)
                    due.reschedule(start + received / self._settings.body_rate)
        finally:
            self._budget.give(held)
        if received > limit:
            raise DrempelError("body-too-large")
        return b"".join(pieces)


def _declared_length(request: Request) -> int | None:
    text = request.headers.get("content-length")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit():
        raise RequestRefused("request-malformed")
    return int(text)


class BoundedAnswer(Response):
    """Bytes that may be large and whose reader may be slow: sent piece by piece, and counted until they are gone."""

    def __init__(self, content: bytes, budget: Budget, media_type: str = "application/octet-stream") -> None:
        super().__init__(content, media_type=media_type)
        self._budget = budget

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it. Raises `server-busy`, before anything is sent, if the answers under way are too many."""
        content = self.body
        self._budget.take(len(content))
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            for at in range(0, len(content), PIECE):
                piece = bytes(content[at : at + PIECE])
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._budget.give(len(content))
