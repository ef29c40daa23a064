"""Request bodies and answers within bounds of size, time, number and memory.

No route reads a body but through `Bodies.read`. Nothing here looks at an address: behind an onion service all
clients share one, so a limit per address would be a way to lock honest reporters out.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from crypto.errors import DrempelError
from intake.service.problems import RequestRefused
from intake.service.settings import Settings

# A little too much is read to its end, so that the client, which sends all before it reads, sees the answer.
LENIENCE = 4 * 1024 * 1024
PIECE = 64 * 1024


class Share:
    """What one request holds of a budget, since when, and the timeout by which it can be made to let go."""

    def __init__(self, due: asyncio.Timeout) -> None:
        self.due = due
        self.held = 0
        self.since = asyncio.get_running_loop().time()


class Budget:
    """A bound on memory that requests share.

    Were whoever comes too late refused, a few connections that read or send a byte a minute could shut everybody
    else out. So whoever has held most for longest makes way for who comes.
    """

    def __init__(self, total: int) -> None:
        """At most `total` bytes are held at any moment."""
        self.total = total
        self.held = 0
        self._shares: set[Share] = set()

    @contextmanager
    def share(self, due: asyncio.Timeout) -> Iterator[Share]:
        """A request's share, while the block runs; `due` ends the block (TimeoutError) if it has to make way."""
        share = Share(due)
        self._shares.add(share)
        try:
            yield share
        finally:
            self._let_go(share)

    def take(self, share: Share, size: int) -> None:
        """Hold `size` bytes more. Raises `server-busy` if that is too much, or others were in greater need."""
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
        self._let_go(costliest)
        _end(costliest.due, now)

    def _let_go(self, share: Share) -> None:
        if share in self._shares:
            self._shares.remove(share)
            self.held -= share.held


def _end(due: asyncio.Timeout, now: float) -> None:
    with suppress(RuntimeError):  # it has just come to its own end
        due.reschedule(now)


@dataclass(eq=False)
class _Reading:
    """A body that is being read: how much of it came, since when, and the timeout that ends it."""

    due: asyncio.Timeout
    since: float
    received: int = 0


class Bodies:
    """Reads request bodies; one for the whole application."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._budget = Budget(settings.bodies_bytes)
        self._readings: set[_Reading] = set()

    async def read(self, request: Request, limit: int) -> bytes:
        """The body, of at most `limit` bytes.

        Raises `body-too-large`; `server-busy` when too much is being read, or when it comes too slowly;
        `request-malformed` for a body that is not as long as it says; ClientDisconnect if it is cut off.
        """
        pieces: list[bytes] = []
        await self._take(request, limit, pieces.append)
        return b"".join(pieces)

    async def read_cut(self, request: Request, limit: int, length: int) -> list[bytes]:
        """Likewise, cut into parts of `length` bytes and a rest, without ever holding it twice."""
        parts: list[bytes] = []
        part = (
            bytearray()
        )  # which grows with what comes: a thousand requests that send nothing would fill the memory

        def cut(piece: bytes) -> None:
            left = memoryview(piece)  # without a copy of its own: copying is what an upload costs most
            while left:
                taken = left[: length - len(part)]
                part.extend(taken)
                if len(part) == length:
                    parts.append(bytes(part))
                    part.clear()
                left = left[len(taken) :]

        await self._take(request, limit, cut)
        return [*parts, bytes(part)] if part else parts

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
        """A place among the bodies being read: if there is none, that of the one that comes most slowly."""
        if len(self._readings) >= self._settings.bodies:
            slowest = min(
                self._readings,
                # A piece for all of them, or one that has only just come would seem to be the slowest.
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


def _declared_length(request: Request) -> int | None:
    text = request.headers.get("content-length")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit():
        raise RequestRefused("request-malformed")
    return int(text)


class BoundedAnswer(Response):
    """Bytes that may be large and whose reader may be slow: sent piece by piece, and counted until they are gone."""

    def __init__(self, content: bytes, budget: Budget, *, held: int | None = None) -> None:
        """`held` is the memory it takes until it is sent, if that is not the content."""
        super().__init__(content, media_type="application/octet-stream")
        self._budget = budget
        self._held = len(content) if held is None else held

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send it. Raises `server-busy`, before anything is sent, if the answers under way are too many.

        It is cut short if it has to make way for others.
        """
        begun = False

        async def begin_and_go_on(message: Message) -> None:
            nonlocal begun
            await send(message)
            begun = True

        try:
            async with asyncio.timeout(None) as due:
                with self._budget.share(due) as share:
                    self._budget.take(share, self._held)
                    await self._send(receive, begin_and_go_on)
        except TimeoutError:
            if not begun:
                raise RequestRefused("server-busy") from None

    async def _send(self, _receive: Receive, send: Send) -> None:
        content = self.body
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for at in range(0, len(content), PIECE):
            piece = bytes(content[at : at + PIECE])
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def has_hung_up(receive: Receive) -> bool:
    """Whether the client of a request, whose body is read, has gone: what is sent to it then goes nowhere, unsaid."""
    try:
        async with asyncio.timeout(0):
            return bool((await receive())["type"] == "http.disconnect")
    except TimeoutError:
        return False
