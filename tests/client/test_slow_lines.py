"""Files over lines that are slow, that turn slow, and that fail now and again: what moves is never given up."""

from dataclasses import dataclass

import httpx
import pytest

from crypto.public.errors import DrempelError
from crypto.secret.attachment import CHUNK
from intake.client.connection import FILE_RETRY_SECONDS, RETRY_SECONDS
from intake.client.request_body import PIECE
from tests.client.kit.sender import Sender
from tests.kit.organisation import Refusing
from tests.kit.simulated_link import SimulatedLink

COUNT = 8
ENDLESS = 1 << 40
# What goes up beside the files: the report with its slots.
REST = 64 * 1024


def over(sender: Sender, link: SimulatedLink, monkeypatch: pytest.MonkeyPatch) -> SimulatedLink:
    """Everything goes over this link from now on, and by its clock."""
    sender.local.link = link
    for module in ("retry", "files.uploads"):
        monkeypatch.setattr(f"intake.client.{module}.time", link)
    return link


@pytest.mark.parametrize("buffer", [0, PIECE, 4 * PIECE, ENDLESS])
@pytest.mark.parametrize("rate", [3_000, 6_000, 20_000, 70_000, 200_000])
async def test_a_slow_but_steady_line_brings_everything_once(
    sender: Sender, monkeypatch: pytest.MonkeyPatch, rate: int, buffer: int
) -> None:
    path = sender.file("papers", COUNT * CHUNK)
    link = over(sender, SimulatedLink(rate, buffer), monkeypatch)
    [sent] = await sender.report(path, retry_for=None)
    assert sent.size == COUNT * CHUNK
    assert link.given_up == 0
    assert link.sent < COUNT * CHUNK + REST


@pytest.mark.parametrize("buffer", [0, ENDLESS])
async def test_a_line_that_turns_slow_costs_no_more_than_what_was_under_way(
    sender: Sender, monkeypatch: pytest.MonkeyPatch, buffer: int
) -> None:
    size, under_way = 96 * CHUNK, 48 * CHUNK
    path = sender.file("papers", size)
    link = over(sender, SimulatedLink(1e6, buffer, collapse=(size // 2, 3_000)), monkeypatch)
    await sender.report(path, retry_for=None)
    assert 1 <= link.given_up <= 3
    assert link.sent < size + under_way + REST


@dataclass
class Unlucky(Refusing):
    """Refuses one chunk until so many others have arrived, each of which takes a while, and waits for it between."""

    link: SimulatedLink | None = None
    others: int = 3
    takes: float = 0.6 * FILE_RETRY_SECONDS
    _refused: bool = False

    def refuses(self, method: str, below: str) -> httpx.Response | None:
        if method != "PUT" or "/chunks/" not in below or not self.others:
            return None
        if below.endswith("/0"):
            self._refused = True
        elif self._refused:
            assert self.link is not None
            self.link.now += self.takes
            self.others, self._refused = self.others - 1, False
            return None
        self.times += 1
        return super().refuses(method, below)


async def test_nobody_gives_up_while_other_parts_of_the_file_arrive(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.client.retry.LONGEST_PAUSE", 0.002)
    path = sender.file("papers", 16 * CHUNK)
    link = over(sender, SimulatedLink(1e9), monkeypatch)
    unlucky = Unlucky("server-busy", "PUT", "/chunks/", 0, link=link)
    [sent] = await sender.report(path, change=unlucky, retry_for=None)
    assert sent.size == 16 * CHUNK
    assert unlucky.others == 0


@dataclass
class Down(Refusing):
    """A service that is down for as long as so many requests need, at some seconds each."""

    link: SimulatedLink | None = None
    seconds: float = 0.4 * RETRY_SECONDS

    def refuses(self, method: str, below: str) -> httpx.Response | None:
        refused = super().refuses(method, below)
        if refused is not None and self.link is not None:
            self.link.now += self.seconds
        return refused


@pytest.mark.parametrize(
    ("method", "where"), [("PUT", "/opening/"), ("GET", "/chunks"), ("GET", "/chunks/"), ("PUT", "/chunks/")]
)
async def test_requests_that_go_with_files_are_retried_for_as_long_as_files(
    sender: Sender, monkeypatch: pytest.MonkeyPatch, method: str, where: str
) -> None:
    path = sender.file("papers", 3 * CHUNK)
    if method == "GET":
        # So that an earlier command's blob is looked at, which no message has.
        with pytest.raises(DrempelError):
            await sender.report(path, change=Refusing("server-busy", "PUT", "/opening/", 1), retry_for=0)
    link = over(sender, SimulatedLink(1e9), monkeypatch)
    down = Down("server-unavailable", method, where, 6, link=link)
    await sender.report(path, change=down, retry_for=None)
    assert down.times == 0
    assert link.now > 2 * RETRY_SECONDS


async def test_without_files_a_service_that_is_down_is_told_of_soon(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = over(sender, SimulatedLink(1e9), monkeypatch)
    with pytest.raises(DrempelError) as caught:
        await sender.report(
            change=Down("server-unavailable", "PUT", "/opening/", 6, link=link), retry_for=None
        )
    assert caught.value.code == "server-unavailable"
    assert link.now < 2 * RETRY_SECONDS
