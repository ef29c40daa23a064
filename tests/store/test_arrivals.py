"""A commit takes all that has arrived."""

import asyncio

from intake.store.arrivals import arrived


async def _arrive(waiting: list[int], number: int) -> None:
    """One item in each round of the event loop."""
    for at in range(number):
        waiting.append(at)
        await asyncio.sleep(0)


async def test_what_comes_in_round_after_round_is_waited_for() -> None:
    waiting: list[int] = []
    coming = asyncio.create_task(_arrive(waiting, 50))
    await asyncio.sleep(0)
    await arrived(waiting, 100)
    assert len(waiting) == 50
    await coming


async def test_a_full_batch_waits_for_nothing() -> None:
    waiting: list[int] = []
    coming = asyncio.create_task(_arrive(waiting, 50))
    await asyncio.sleep(0)
    await arrived(waiting, 10)
    assert 10 <= len(waiting) < 20
    await coming


async def test_nothing_is_not_waited_for() -> None:
    waiting: list[int] = []
    coming = asyncio.create_task(_arrive(waiting, 1))
    await arrived(waiting, 10)
    assert waiting == []
    await coming
