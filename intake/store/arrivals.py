"""Waits until all that has reached this process has joined a queue, so that one commit takes it."""

import asyncio
from collections.abc import Sized


async def arrived(waiting: Sized, most: int) -> None:
    """Return once the event loop brings no more into `waiting`, or there are `most`.

    The first item of many would otherwise be committed alone while all others come in, and they would wait for it.
    """
    before = 0
    while before < len(waiting) < most:
        before = len(waiting)
        # In one round of the loop a request is read, in the next it is handled and joins.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
