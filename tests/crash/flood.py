"""Floods a service with connections that keep it waiting, each with a byte more now and then."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

DRIP_SECONDS, AGAIN_SECONDS = 0.5, 0.5

# Done first in the process of a service, lets it wait for little of what a flood makes it wait for.
BRIEF = """
from functools import partial
from intake.service import runner
times = dict(head_seconds=5, body_seconds=5, body_rate=1 << 20, idle_seconds=5, memory_seconds=1)
runner.Settings = partial(runner.Settings, **times)
"""


class Flood:
    """Connections that begin a request and never end it. One that is closed is made again until the flood is over."""

    def __init__(self, port: int, begin: bytes) -> None:
        self._port, self._begin = port, begin
        self._over = asyncio.Event()
        self._begun = 0

    async def hold(self) -> None:
        """Keep one connection; once the flood is over, wait until the service closes it."""
        while not self._over.is_set():
            with suppress(OSError):  # closed by the service
                await self._keep()
            self._begun += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), AGAIN_SECONDS)

    async def _keep(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(self._begin)
            self._begun += 1
            while not self._over.is_set():
                writer.write(b"x")
                with suppress(TimeoutError):
                    async with asyncio.timeout(DRIP_SECONDS):
                        if not await reader.read(1 << 16):
                            return
            await reader.read()
        finally:
            writer.close()

    async def rise(self, number: int) -> None:
        """Wait until so many were begun, or were refused."""
        while self._begun < number:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)

    def end(self) -> None:
        """Send nothing more, and close nothing."""
        self._over.set()


async def recovered(is_as_before: Callable[[], bool]) -> None:
    """Wait until something of the service is as it was before the flood, by itself."""
    while not is_as_before():  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.1)


@asynccontextmanager
async def flooded(port: int, begin: bytes, number: int) -> AsyncIterator[None]:
    """While the block runs, so many connections flood the service. It must close them by itself afterwards."""
    flood = Flood(port, begin)
    async with asyncio.TaskGroup() as holding:
        for _ in range(number):
            holding.create_task(flood.hold())
        await flood.rise(number)
        try:
            yield
        finally:
            flood.end()
