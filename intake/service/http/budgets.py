"""Bounds the size, time, number and memory of request bodies and answers.

Every route reads bodies through `BodyReader`. No limit depends on an address: behind an onion service all clients share
one, so a limit per address would be a way to lock honest reporters out.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from crypto.public.errors import DrempelError
from intake.service.http.connections import places
from intake.service.http.problems import RequestRefused
from intake.service.settings import Settings

# A body that is a little too long is read to its end, for a client that sends all of it before it reads the answer.
LENIENCE = 4 * 1024 * 1024
PIECE = 64 * 1024
# A part of a body waits in at most so many pieces: each takes memory beside its bytes, and may be one byte.
MOST_PIECES = 64
# The extension in the scope of a request whose body came before anybody read it (protocol.py).
CAME_WHOLE: Final = "drempel.came-whole"


class Share:
    """A request's share of a budget: how much it holds, since when, and the timeout with which it can be cut off."""

    def __init__(self, due: asyncio.Timeout) -> None:
        self.due = due
        self.held = 0
        self.since = asyncio.get_running_loop().time()


class MemoryBudget:
    """A limit on the memory that requests hold together.

    Refusing newcomers would let a few connections that read or send a byte a minute block everyone else. Instead, the
    request that has held the most memory for longest is cut off.
    """

    def __init__(self, total: int) -> None:
        """Requests hold at most `total` bytes together."""
        self.total = total
        self.held = 0
        self._shares: set[Share] = set()

    @contextmanager
    def share(self, due: asyncio.Timeout) -> Iterator[Share]:
        """A request's share while the block runs; `due` ends the block (TimeoutError) if the request is cut off."""
        share = Share(due)
        self._shares.add(share)
        try:
            yield share
        finally:
            self._release(share)

    def take(self, share: Share, size: int) -> None:
        """Hold `size` bytes more. Raises `server-busy` if the budget has no room, or the share was cut off."""
        if share not in self._shares:
            raise RequestRefused("server-busy")
        while self.held + size > self.total:
            self._make_room(share)
        share.held += size
        self.held += size

    def _make_room(self, newcomer: Share) -> None:
        now = asyncio.get_running_loop().time()
        costliest = max(self._shares, key=lambda share: share.held * (now - share.since))
        if costliest is newcomer or not costliest.held:
            raise RequestRefused("server-busy")
        self._release(costliest)
        _end(costliest.due, now)

    def _release(self, share: Share) -> None:
        if share in self._shares:
            self._shares.remove(share)
            self.held -= share.held


def _end(due: asyncio.Timeout, now: float) -> None:
    with suppress(RuntimeError):  # it has just ended by itself
        due.reschedule(now)


@dataclass(eq=False)
class _Reading:
    """A body that is being read: bytes received, since when, and the timeout that ends it."""

    due: asyncio.Timeout
    since: float
    received: int = 0


class BodyReader:
    """Reads request bodies; one for the whole application."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._budget = MemoryBudget(settings.bodies_bytes)
        # A connection whose body is read never gives way to another, so bodies must not take all connections.
        self._most = min(settings.bodies, places() // 2)
        self._readings: set[_Reading] = set()

    async def read(self, request: Request, limit: int) -> bytes:
        """Read a body of at most `limit` bytes.

        Raises `body-too-large`; `server-busy` when too many bodies are being read, or this one comes too slowly;
        `request-malformed` for a length that is no number; ClientDisconnect if the body is cut off.
        """
        if CAME_WHOLE in request.scope.get("extensions", ()):
            return await _whole(request, limit)
        body = bytearray()  # a list would hold each piece, which may be one byte, with what an object takes
        await self._take(request, limit, body.extend)
        return bytes(body)

    async def read_cut(self, request: Request, limit: int, length: int) -> list[bytes]:
        """Read a body into parts of `length` bytes and a rest, each joined once from the pieces that came."""
        parts: list[bytes] = []
        pieces: list[bytes | memoryview] = []
        held = 0

        def cut(piece: bytes) -> None:
            nonlocal held
            left = memoryview(piece)  # without a copy: copying is most of the cost of an upload
            while left:
                taken = left[: length - held]
                pieces.append(taken)
                held += len(taken)
                if held == length:
                    parts.append(b"".join(pieces))
                    pieces.clear()
                    held = 0
                elif len(pieces) == MOST_PIECES:
                    pieces[:] = [b"".join(pieces)]
                left = left[len(taken) :]

        await self._take(request, limit, cut)
        return [*parts, b"".join(pieces)] if pieces else parts

    async def _take(self, request: Request, limit: int, keep: Callable[[bytes], None]) -> None:
        declared = _declared_length(request)
        if (
            declared is not None
            and declared > limit
            and (declared > limit + LENIENCE or "expect" in request.headers)
        ):
            raise RequestRefused("body-too-large")
        start = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(start + self._settings.body_seconds) as due:
                with self._place(_Reading(due, start)) as reading, self._budget.share(due) as share:
                    await self._read(request, limit, reading, share, keep)
        except TimeoutError:
            raise RequestRefused("server-busy") from None

    @contextmanager
    def _place(self, reading: _Reading) -> Iterator[_Reading]:
        """A place among the bodies that are read. If all are taken, the slowest body is cut off."""
        if len(self._readings) >= self._most:
            slowest = min(
                self._readings,
                # One piece is added to each, or a body that has only just begun would seem to be the slowest.
                key=lambda other: (other.received + PIECE) / (reading.since - other.since + 1e-6),
            )
            self._readings.remove(slowest)
            _end(slowest.due, reading.since)
        self._readings.add(reading)
        try:
            yield reading
        finally:
            self._readings.discard(reading)

    async def _read(
        self, request: Request, limit: int, reading: _Reading, share: Share, keep: Callable[[bytes], None]
    ) -> None:
        due_first = reading.since + self._settings.body_seconds
        async for piece in request.stream():
            reading.received += len(piece)
            if reading not in self._readings:
                raise RequestRefused("server-busy")
            if reading.received > limit + LENIENCE:
                raise RequestRefused("body-too-large")
            if reading.received <= limit:
                self._budget.take(share, len(piece))
                keep(piece)
            reading.due.reschedule(due_first + reading.received / self._settings.body_rate)
        if reading.received > limit:
            raise DrempelError("body-too-large")


async def _whole(request: Request, limit: int) -> bytes:
    """A body that nobody waits for: it needs no clock, no place and no share of the memory."""
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    body: bytes = message["body"]
    if len(body) > limit:
        raise DrempelError("body-too-large")
    return body


def _declared_length(request: Request) -> int | None:
    text = request.headers.get("content-length")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit():
        raise RequestRefused("request-malformed")
    return int(text)


class BoundedAnswer(Response):
    """An answer that may be large and have a slow reader: sent in pieces, with its memory counted until it is sent."""

    def __init__(self, content: bytes, budget: MemoryBudget, *, held: int | None = None) -> None:
        """`held` is the memory that the answer takes until it is sent, if that is not the content's length."""
        super().__init__(content, media_type="application/octet-stream")
        self._budget = budget
        self._held = len(content) if held is None else held

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer. Raises `server-busy`, before anything is sent, if the budget has no room for it.

        It is cut short if others need the memory.
        """
        is_started = False

        async def send_noted(message: Message) -> None:
            nonlocal is_started
            await send(message)
            is_started = True

        try:
            async with asyncio.timeout(None) as due:
                with self._budget.share(due) as share:
                    self._budget.take(share, self._held)
                    await self._send(receive, send_noted)
        except TimeoutError:
            if not is_started:
                raise RequestRefused("server-busy") from None

    async def _send(self, _receive: Receive, send: Send) -> None:
        content = self.body
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for at in range(0, len(content), PIECE):
            piece = bytes(content[at : at + PIECE])
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def has_hung_up(receive: Receive) -> bool:
    """Whether the client has disconnected, once its body is read: uvicorn drops later output without an error."""
    try:
        async with asyncio.timeout(0):
            return bool((await receive())["type"] == "http.disconnect")
    except TimeoutError:
        return False
