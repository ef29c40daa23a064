"""How much of a file is on its way at a time: as much as a line bears."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

MOST_REQUESTS = 3
MOST_TOGETHER = 16
"""Chunks in one request (PROTOCOL 12.2)."""
QUICK_SECONDS, SLOW_SECONDS = 4.0, 10.0


class Pace:
    """How many chunks a request carries and how many requests are under way at a time.

    It begins with one request of one chunk, and grows while the line is fast. When that is slow, or after a failure,
    there is but one small request: several on a slow line would each take so long that all of them fail, again and
    again.
    """

    def __init__(self) -> None:
        self.chunks = self.requests = 1
        self._under_way = 0
        self._freed = asyncio.Event()

    def arrived(self, seconds: float) -> None:
        """A request with that many chunks took so long."""
        if seconds < QUICK_SECONDS:
            self.requests = min(self.requests + 1, MOST_REQUESTS)
            self.chunks = min(2 * self.chunks, MOST_TOGETHER)
        elif seconds > SLOW_SECONDS:
            self.requests = max(self.requests - 1, 1)
            self.chunks = max(self.chunks // 2, 1)

    def failed(self) -> None:
        """A request failed: the less of them is under way, the less is lost."""
        self.chunks = self.requests = 1

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place for a request, once there is one."""
        while self._under_way >= self.requests:
            self._freed.clear()
            await self._freed.wait()
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            self._freed.set()
