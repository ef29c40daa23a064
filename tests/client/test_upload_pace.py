"""How much of a file is on its way at a time."""

import asyncio

import pytest

from intake.client.files.upload_pace import (
    MOST_REQUESTS,
    MOST_TOGETHER,
    QUICK_SECONDS,
    SLOW_SECONDS,
    UploadPace,
)


def test_a_request_carries_more_while_the_line_is_fast_and_little_after_a_failure() -> None:
    pace = UploadPace()
    grown = []
    for _ in range(6):
        grown.append((pace.requests, pace.chunks))
        pace.arrived(QUICK_SECONDS - 1)
    assert grown == [(1, 1), (2, 2), (3, 4), (3, 8), (3, 12), (3, 12)]
    assert (pace.requests, pace.chunks) == (MOST_REQUESTS, MOST_TOGETHER)
    pace.arrived(QUICK_SECONDS + 1)
    assert (pace.requests, pace.chunks) == (MOST_REQUESTS, MOST_TOGETHER)
    pace.arrived(SLOW_SECONDS + 1)
    assert (pace.requests, pace.chunks) == (MOST_REQUESTS - 1, MOST_TOGETHER // 2)
    pace.failed()
    assert (pace.requests, pace.chunks) == (1, 1)


@pytest.mark.parametrize("seconds", [QUICK_SECONDS, SLOW_SECONDS, 50, 600])
def test_there_is_one_small_request_until_one_has_arrived_quickly(seconds: float) -> None:
    pace = UploadPace()
    for _ in range(5):
        assert (pace.requests, pace.chunks) == (1, 1)
        pace.arrived(seconds)


async def test_no_more_requests_are_under_way_than_the_line_bears() -> None:
    pace = UploadPace()
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


async def _waits(pace: UploadPace) -> asyncio.Task[None]:
    """One more, which gets no place as yet."""
    waiting = asyncio.create_task(_through(pace))
    await asyncio.sleep(0)
    assert not waiting.done()
    return waiting


async def _through(pace: UploadPace) -> None:
    async with pace.place():
        pass


def test_what_a_proxy_refuses_is_never_sent_as_large_again() -> None:
    pace = UploadPace()
    for _ in range(4):
        pace.arrived(1)
    assert pace.chunks == 12
    pace.refused(12)
    assert pace.chunks == 6
    pace.refused(6)
    pace.failed()
    for _ in range(6):
        pace.arrived(1)
    assert pace.chunks == 3
    pace.refused(6)  # sent before that was known
    assert pace.chunks == 3
    for _ in range(5):
        pace.refused(pace.chunks)
    pace.arrived(1)
    assert pace.chunks == 1
