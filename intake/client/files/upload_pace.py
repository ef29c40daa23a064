"""How much of an upload is under way at a time: as much as the connection can carry."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

MOST_REQUESTS = 3
MOST_TOGETHER = 12
"""Chunks in one request. PROTOCOL 12.2 allows 16, which is no faster and takes a third more of the server's memory."""
QUICK_SECONDS, SLOW_SECONDS = 4.0, 10.0


class UploadPace:
    """How many chunks a request carries and how many requests are under way at a time.

    It begins with one request of one chunk, and grows while requests are quick. It shrinks when they are slow, and
    after a failure it begins again: several requests on a slow connection would each take so long that all of them
    time out, again and again.
    """

    def __init__(self) -> None:
        self.chunks = self.requests = 1
        self._most = MOST_TOGETHER
        self._under_way = 0
        self._freed = asyncio.Event()

    def arrived(self, seconds: float) -> None:
        """Adapt to a request that succeeded in so many seconds."""
        if seconds < QUICK_SECONDS:
            self.requests = min(self.requests + 1, MOST_REQUESTS)
            self.chunks = min(2 * self.chunks, self._most)
        elif seconds > SLOW_SECONDS:
            self.requests = max(self.requests - 1, 1)
            self.chunks = max(self.chunks // 2, 1)

    def failed(self) -> None:
        """Begin again with the smallest request after a failure: the less is under way, the less is lost."""
        self.chunks = self.requests = 1

    def refused(self, chunks: int) -> None:
        """Send fewer chunks together from now on: a proxy refuses bodies of that many."""
        self._most = min(self._most, max(chunks // 2, 1))
        self.chunks = min(self.chunks, self._most)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold one of the places for requests, waiting until one is free."""
        while self._under_way >= self.requests:
            self._freed.clear()
            await self._freed.wait()
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            self._freed.set()
