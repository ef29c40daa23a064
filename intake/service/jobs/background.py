"""Runs the work of the service that no request waits for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from intake.service.http.problems import fault_sentence, log


@asynccontextmanager
async def background(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    """Do some work beside the block, and end it with the block."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def periodic(job: Callable[[], Awaitable[None]], seconds: float, name: str) -> AsyncIterator[None]:
    """Run `job` in the background every `seconds`, the first time at once, until the block ends.

    A fault of the job is logged, and the next run comes all the same: a job that died in silence would break promises.
    """

    async def runs() -> None:
        while True:
            try:
                await job()
            except Exception as fault:  # noqa: BLE001 - the outermost edge of the job
                log.error("%s", fault_sentence(fault))
            await asyncio.sleep(seconds)

    async with background(runs(), name):
        yield
