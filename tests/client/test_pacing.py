"""How much of a file is on its way at a time."""

import asyncio

import pytest

from intake.client.pacing import MOST_TOGETHER, Pace


def test_a_request_carries_more_while_the_line_is_fast_and_little_after_a_failure() -> None:
    pace = Pace()
    grown = []
    for _ in range(6):
        grown.append(pace.chunks)
        pace.arrived(0.1)
    assert grown == [1, 2, 4, 8, 16, 16]
    assert pace.chunks == MOST_TOGETHER
    pace.arrived(5)
    assert pace.chunks == MOST_TOGETHER
    pace.arrived(11)
    assert pace.chunks == MOST_TOGETHER // 2
    pace.failed()
    assert pace.chunks == 1
    pace.arrived(30)
    assert pace.chunks == 1


async def test_after_a_failure_there_is_one_request_at_a_time() -> None:
    pace = Pace()
    async with pace.place(), pace.place(), pace.place():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), pace.place():
                pytest.fail("a fourth request")
    pace.failed()
    async with pace.place():
        waiting = asyncio.create_task(_through(pace))
        await asyncio.sleep(0)
        assert not waiting.done()
    await waiting
    pace.arrived(1)
    async with pace.place(), pace.place():
        pass


async def _through(pace: Pace) -> None:
    async with pace.place():
        pass
