"""The socket by which the operator's commands speak to a running service."""

import asyncio
import os
import re
import stat
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from intake.service import control as control_module
from intake.service.control import (
    NAME,
    NO_ANSWER,
    NOT_ALLOWED,
    NoAnswer,
    NoService,
    Stream,
    ask,
    ask_for_stream,
    listening,
)
from intake.store import StoreUnavailable


async def fine() -> dict[str, Any]:
    return {"all": "well"}


async def unavailable() -> dict[str, Any]:
    raise StoreUnavailable


async def faulty() -> dict[str, Any]:
    raise KeyError("a secret")


async def pieces(number: int = 3, end: Exception | None = None) -> AsyncGenerator[bytes, None]:
    try:
        for at in range(number):
            yield bytes([at]) * PIECE
        if end is not None:
            raise end
    finally:
        ENDED.append(number)


NOBODY = 65534
PIECE = 1 << 20
ENDED: list[int] = []
STREAMS: dict[str, Stream] = {
    "pieces": pieces,
    "nothing": lambda: pieces(0),
    "long": lambda: pieces(1 << 20),
    "unavailable stream": lambda: pieces(2, StoreUnavailable()),
    "faulty stream": lambda: pieces(2, KeyError("a secret")),
}


@pytest.fixture(autouse=True)
def _nothing_ended() -> None:
    ENDED.clear()


@asynccontextmanager
async def control(folder: Path) -> AsyncIterator[None]:
    actions = {"fine": fine, "unavailable": unavailable, "faulty": faulty}
    async with listening(folder, actions, STREAMS):
        yield


def streamed(folder: Path, name: str) -> tuple[list[bytes], str]:
    """What came, and what was said if that was not all."""
    found: list[bytes] = []
    try:
        found.extend(ask_for_stream(folder, name))
    except NoAnswer as failure:
        return found, str(failure)
    return found, ""


async def asked(folder: Path, action: str) -> dict[str, Any]:
    return await asyncio.to_thread(ask, folder, action)


async def test_it_answers_its_own_user_alone_and_is_gone_at_the_end(tmp_path: Path) -> None:
    async with control(tmp_path):
        assert await asked(tmp_path, "fine") == {"all": "well"}
        assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    assert not (tmp_path / NAME).exists()
    with pytest.raises(NoService):
        await asked(tmp_path, "fine")


async def test_a_folder_with_a_long_name_will_do(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 100) / ("b" * 100)
    folder.mkdir(parents=True)
    async with control(folder):
        assert await asked(folder, "fine") == {"all": "well"}


async def test_what_a_killed_service_left_is_in_nobodys_way(tmp_path: Path) -> None:
    with pytest.raises(NoService):
        await asked(tmp_path, "fine")
    async with control(tmp_path):
        left = tmp_path / "left"
        (tmp_path / NAME).rename(left)
    left.rename(tmp_path / NAME)
    with pytest.raises(NoService):
        await asked(tmp_path, "fine")
    async with control(tmp_path):
        assert await asked(tmp_path, "fine") == {"all": "well"}


async def test_whatever_fails_is_said_in_a_sentence(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with control(tmp_path):
        for action, said in (
            ("unavailable", str(StoreUnavailable())),
            ("faulty", "its log says where"),
            ("unheard of", "another release"),
        ):
            with pytest.raises(NoAnswer, match=re.escape(said)):
                await asked(tmp_path, action)
        assert await asked(tmp_path, "fine") == {"all": "well"}
    assert "A fault of the service: " in caplog.text
    assert "secret" not in caplog.text


def test_another_user_is_told_so(tmp_path: Path) -> None:
    """In a process of its own, without the rights of the root that the tests may run as."""
    (tmp_path / "control").touch(mode=0)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if os.getuid() == 0:
                os.setresuid(NOBODY, NOBODY, NOBODY)
            ask(tmp_path, "fine")
        except NoAnswer as problem:
            status = 0 if str(problem) == NOT_ALLOWED else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


async def test_a_stream_comes_whole_or_says_that_it_does_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    three = [bytes([at]) * PIECE for at in range(3)]
    async with control(tmp_path):
        for name, found, said in (
            ("pieces", three, ""),
            ("nothing", [], ""),
            ("unavailable stream", three[:2], str(StoreUnavailable())),
            ("faulty stream", three[:2], "The service has met a fault; its log says where."),
        ):
            assert await asyncio.to_thread(streamed, tmp_path, name) == (found, said)
        assert "another release" in (await asyncio.to_thread(streamed, tmp_path, "unheard of"))[1]
    assert caplog.text.count("A fault of the service: ") == 1
    assert "secret" not in caplog.text
    with pytest.raises(NoService):
        next(ask_for_stream(tmp_path, "pieces"))


async def test_who_goes_away_ends_their_stream_without_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def some() -> bytes:
        found = ask_for_stream(tmp_path, "long")
        try:
            return next(found)
        finally:
            found.close()

    async with control(tmp_path):
        assert await asyncio.to_thread(some) == bytes(PIECE)
        async with asyncio.timeout(60):
            while not ENDED:
                await asked(tmp_path, "fine")
    assert caplog.text == ""


async def test_a_service_that_stops_ends_its_streams_first(tmp_path: Path) -> None:
    async with asyncio.timeout(control_module.SECONDS / 2), control(tmp_path):
        found = ask_for_stream(tmp_path, "long")
        assert await asyncio.to_thread(next, found) == bytes(PIECE)
        assert not ENDED
    assert ENDED
    with pytest.raises(NoAnswer, match=NO_ANSWER):
        await asyncio.to_thread(list, found)


async def test_who_reads_nothing_does_not_hold_a_stream_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a backup is read, what is deleted stays on the disk."""
    monkeypatch.setattr(control_module, "SECONDS", 0.2)
    async with control(tmp_path):
        found = ask_for_stream(tmp_path, "long")
        assert await asyncio.to_thread(next, found) == bytes(PIECE)
        async with asyncio.timeout(60):
            while not ENDED:
                await asked(tmp_path, "fine")
        found.close()


@pytest.mark.parametrize("line", [b"", b"no JSON\n", b"[]\n", b"x" * (1 << 17)])
async def test_nonsense_ends_its_own_connection_only(tmp_path: Path, line: bytes) -> None:
    async with control(tmp_path):
        reader, writer = await asyncio.open_unix_connection(tmp_path / NAME)
        writer.write(line)
        writer.write_eof()
        with suppress(ConnectionResetError):  # there was more than it reads
            assert await asyncio.wait_for(reader.read(), 30) == b""
        writer.close()
        assert await asked(tmp_path, "fine") == {"all": "well"}


async def test_two_at_a_time_are_answered(tmp_path: Path) -> None:
    meeting = threading.Barrier(2, timeout=30)

    def both() -> dict[str, Any]:
        meeting.wait()
        return ask(tmp_path, "fine")

    async with control(tmp_path):
        answers = await asyncio.gather(asyncio.to_thread(both), asyncio.to_thread(both))
    assert list(answers) == [{"all": "well"}] * 2
