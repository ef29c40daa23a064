"""A link of so many bytes per second, with a clock of its own: simulated hours take a moment."""

import asyncio
from dataclasses import dataclass

import httpx

SLOT = 4096
"""Bytes of one request, after which others have their turn."""


@dataclass
class SimulatedLink:
    """Carries bodies up. `rate`: bytes per second, for all requests together.

    `buffer`: bytes of each request that are accepted at once, to wait out of the client's sight until they are carried.
    """

    rate: float
    buffer: int = 0
    now: float = 0.0
    sent: int = 0
    """Bytes carried, those of abandoned requests included."""
    given_up: int = 0
    """Requests that did not get through in time."""
    collapse: tuple[int, float] | None = None
    """The number of bytes after which the link has another rate, and that rate."""

    def monotonic(self) -> float:
        """The link's time in seconds. The link replaces the module `time`."""
        return self.now

    async def carry(self, request: httpx.Request) -> None:
        """Carry a request's body; httpx.TimeoutException where its client would have timed out."""
        limits, waiting, body = request.extensions["timeout"], 0, b""
        assert isinstance(request.stream, httpx.AsyncByteStream)
        try:
            async for piece in request.stream:
                body += piece
                blocked = max(0, waiting + len(piece) - self.buffer)
                await self._pass(blocked, limits["write"])
                waiting += len(piece) - blocked
            await self._pass(waiting, limits["read"])
        except TimeoutError:
            self.given_up += 1
            raise httpx.ReadTimeout("too slow", request=request) from None
        request.stream = httpx.ByteStream(body)

    async def _pass(self, length: int, limit: float) -> None:
        start = self.now
        for at in range(0, length, SLOT):
            part = min(SLOT, length - at)
            await asyncio.sleep(0)
            if self.collapse and self.sent >= self.collapse[0]:
                self.rate = self.collapse[1]
            self.sent += part
            self.now += part / self.rate
            if self.now - start > limit:
                raise TimeoutError
