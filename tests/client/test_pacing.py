"""How much of a file is on its way at a time."""

import asyncio

import pytest

from intake.client.pacing import MOST_REQUESTS, MOST_TOGETHER, QUICK_SECONDS, SLOW_SECONDS, Pace


def test_a_request_carries_more_while_the_line_is_fast_and_little_after_a_failure() -> None:
    pace = Pace()
    grown = []
    for _ in range(6):
        grown.append((pace.requests, pace.chunks))
        pace.arrived(QUICK_SECONDS - 1)
    assert grown == [(1, 1), (2, 2), (3, 4), (3, 8), (3, 16), (3, 16)]
    assert (pace.requests, pace.chunks) == (MOST_REQUESTS, MOST_TOGETHER)
    pace.arrived(QUICK_SECONDS + 1)
    assert (pace.requests, pace.chunks) == (MOST_REQUESTS, MOST_TOGETHER)
    pace.arrived(SLOW_SECONDS + 1)
    assert (pace.requests, pace.chunks) == (MOST_REQUESTS - 1, MOST_TOGETHER // 2)
    pace.failed()
    assert (pace.requests, pace.chunks) == (1, 1)


@pytest.mark.parametrize("seconds", [QUICK_SECONDS, SLOW_SECONDS, 50, 600])
def test_there_is_one_small_request_until_one_has_arrived_quickly(seconds: float) -> None:
    pace = Pace()
    for _ in range(5):
        assert (pace.requests, pace.chunks) == (1, 1)
        pace.arrived(seconds)


async def test_no_more_requests_are_under_way_than_the_line_bears() -> None:
    pace = Pace()
    for _ in range(MOST_REQUESTS):
        pace.arrived(1)
    async with pace.place(), pace.place(), pace.place():
        await _waits(pace)
    pace.failed()
    async with pace.place():
        waiting = await _waits(pace)
    await waiting
    pace.arrived(1)
    async with pace.place(), pace.place():
        await _waits(pace)


async def _waits(pace: Pace) -> asyncio.Task[None]:
    """One more, which gets no place as yet."""
    waiting = asyncio.create_task(_through(pace))
    await asyncio.sleep(0)
    assert not waiting.done()
    return waiting


async def _through(pace: Pace) -> None:
    async with pace.place():
        pass
