"""How long a client waits for a line, and goes on trying."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest

from crypto.public.blobs import CHUNK_LENGTH
from crypto.public.errors import DrempelError
from intake.client.address import Address
from intake.client.connection import FILE_RETRY_SECONDS, RETRY_SECONDS, Connection, ConnectionProblem
from intake.client.request_body import PIECE, SLOWEST, STILL_SECONDS, Body, timeout_for
from tests.kit.organisation import answer


@dataclass
class DeadLine(httpx.AsyncBaseTransport):
    """A line on which so many requests wait for `seconds` of a clock of its own, and then fail."""

    seconds: float
    failures: int
    now: float = 0.0
    asked: int = 0

    def monotonic(self) -> float:
        return self.now

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.asked > self.failures:
            return answer(b"{}")
        self.now += self.seconds
        raise httpx.ReadTimeout("silence", request=request)


def connect(line: DeadLine, monkeypatch: pytest.MonkeyPatch, retry_for: float | None = None) -> Connection:
    monkeypatch.setattr("intake.client.retry.time", line)
    monkeypatch.setattr("intake.client.retry.FIRST_PAUSE", 0.001)
    return Connection(Address("http://127.0.0.1/demo/", None), retry_for=retry_for, transport=line)


async def test_a_connection_that_is_silent_for_longer_than_the_time_out_is_retried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = DeadLine(seconds=2 * RETRY_SECONDS, failures=1)
    async with connect(line, monkeypatch) as connection:
        assert await connection.json("GET", "directory") == {}
    assert line.asked == 2


async def test_retries_end_with_the_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    line = DeadLine(seconds=RETRY_SECONDS / 3, failures=10**6)
    async with connect(line, monkeypatch) as connection:
        with pytest.raises(DrempelError) as caught:
            await connection.request("GET", "directory")
    assert caught.value.code == "server-unreachable"
    assert line.asked == 4, "the first, and those that began in time after its failure"


@pytest.mark.parametrize(("retry_for", "longest"), [(None, FILE_RETRY_SECONDS), (5.0, 5.0)])
async def test_chunks_of_files_are_retried_for_longer_unless_a_time_is_given(
    monkeypatch: pytest.MonkeyPatch, retry_for: float | None, longest: float
) -> None:
    line = DeadLine(seconds=0, failures=0)
    problem = ConnectionProblem("server-unreachable", is_transient=True)
    async with connect(line, monkeypatch, retry_for) as connection:
        retry = connection.retry_files()
        await retry.pause(problem)
        line.now += longest - 1
        await retry.pause(problem)
        line.now += 1
        with pytest.raises(ConnectionProblem):
            await retry.pause(problem)


async def test_the_time_out_starts_over_once_something_has_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    line = DeadLine(seconds=0, failures=0)
    problem = ConnectionProblem("server-unreachable", is_transient=True)
    async with connect(line, monkeypatch) as connection:
        retry = connection.retry_files()
        for _ in range(3):
            await retry.pause(problem)
            line.now += FILE_RETRY_SECONDS - 1
            await retry.pause(problem)
            retry.progressed()
        await retry.pause(problem)
        line.now += FILE_RETRY_SECONDS
        with pytest.raises(ConnectionProblem):
            await retry.pause(problem)


async def test_only_requests_that_go_with_files_are_retried_for_as_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = DeadLine(seconds=2 * RETRY_SECONDS, failures=3)
    async with connect(line, monkeypatch) as connection:
        with connection.carrying_files():
            assert await connection.json("GET", "directory") == {}
        line.asked = 0
        with pytest.raises(ConnectionProblem):
            await connection.request("GET", "directory")


@asynccontextmanager
async def going_silent(*, reads: bool) -> AsyncIterator[tuple[int, list[int]]]:
    """A server whose first connection says nothing, is never closed, and is not even read unless it `reads`.

    All others get an empty answer. Gives its port, and a list that has a number for each connection.
    """
    made: list[int] = []
    ends: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.append(len(made))
        ends.append(writer)
        if made[-1] == 0:
            if reads:
                await reader.read()
            return
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length")), 0
        )
        await reader.readexactly(length)
        status = b"204 No Content" if length else b"200 OK\r\nContent-Length: 2"
        writer.write(b"HTTP/1.1 " + status + b"\r\nConnection: close\r\n\r\n" + (b"" if length else b"{}"))
        await writer.drain()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], made
    finally:
        for end in ends:
            end.close()
        server.close()


@pytest.mark.parametrize("reads", [True, False])
async def test_a_line_that_falls_silent_is_left_for_another(
    monkeypatch: pytest.MonkeyPatch, reads: bool
) -> None:
    """No end of it is closed: nothing but the clock tells."""
    monkeypatch.setattr("intake.client.request_body.STILL_SECONDS", 0.2)
    monkeypatch.setattr("intake.client.retry.FIRST_PAUSE", 0.001)
    reasons: list[str] = []
    async with going_silent(reads=reads) as (port, made):
        address = Address(f"http://127.0.0.1:{port}/demo/", None)
        async with Connection(address, on_retry=reasons.append) as connection:
            if reads:
                assert await connection.json("GET", "directory") == {}
            else:
                # More than a machine keeps for a server that does not take it.
                await connection.request("PUT", "blobs/x/chunks/0", body=[bytes(1 << 20)] * 16)
    assert len(made) > 1
    assert reasons[0].startswith("The server can't be reached.")


@pytest.mark.parametrize(
    ("length", "waits"),
    [
        (0, STILL_SECONDS),
        (100 * SLOWEST, STILL_SECONDS + 100),
        (CHUNK_LENGTH, STILL_SECONDS + CHUNK_LENGTH / SLOWEST),
        (CHUNK_LENGTH + 1, STILL_SECONDS),
    ],
)
def test_the_answer_to_a_small_body_is_waited_for_as_long_as_it_may_take_to_go(
    length: int, waits: float
) -> None:
    timeout = timeout_for(length)
    assert (timeout.read, timeout.write) == (waits, STILL_SECONDS)


async def test_a_body_goes_in_small_pieces_unless_it_is_several_chunks() -> None:
    chunk = bytes(range(256)) * 1024 + bytes(16)
    for content in (chunk, [chunk]):
        body = Body(content)
        pieces = [piece async for piece in body]
        assert (b"".join(pieces), body.length) == (chunk, len(chunk))
        assert max(map(len, pieces)) == PIECE
    several = Body([chunk, chunk])
    assert [piece async for piece in several] == [chunk, chunk]
    assert [piece async for piece in Body(b"")] == []
