"""How long a client goes on trying."""

from dataclasses import dataclass

import httpx
import pytest

from crypto.errors import DrempelError
from intake.client.address import Address
from intake.client.connection import FILE_PATIENCE, PATIENCE, Connection, ConnectionProblem
from tests.client.house import answer


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


def connect(line: DeadLine, monkeypatch: pytest.MonkeyPatch, patience: float | None = None) -> Connection:
    monkeypatch.setattr("intake.client.connection.time", line)
    monkeypatch.setattr("intake.client.connection.FIRST_PAUSE", 0.001)
    return Connection(Address("http://127.0.0.1/demo/", None), patience=patience, transport=line)


async def test_a_line_that_is_silent_for_longer_than_patience_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = DeadLine(seconds=2 * PATIENCE, failures=1)
    async with connect(line, monkeypatch) as connection:
        assert await connection.json("GET", "directory") == {}
    assert line.asked == 2


async def test_patience_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    line = DeadLine(seconds=PATIENCE / 3, failures=10**6)
    async with connect(line, monkeypatch) as connection:
        with pytest.raises(DrempelError) as caught:
            await connection.request("GET", "directory")
    assert caught.value.code == "server-unreachable"
    assert line.asked == 4, "the first, and those that began within patience of its failure"


@pytest.mark.parametrize(("patience", "longest"), [(None, FILE_PATIENCE), (5.0, 5.0)])
async def test_chunks_of_files_are_worth_more_patience_unless_one_says_how_much(
    monkeypatch: pytest.MonkeyPatch, patience: float | None, longest: float
) -> None:
    line = DeadLine(seconds=0, failures=0)
    problem = ConnectionProblem("server-unreachable", passing=True)
    async with connect(line, monkeypatch, patience) as connection:
        trying = connection.trying_file()
        await trying.again(problem)
        line.now += longest - 1
        await trying.again(problem)
        line.now += 1
        with pytest.raises(ConnectionProblem):
            await trying.again(problem)
