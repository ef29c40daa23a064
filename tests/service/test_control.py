"""The socket by which the operator's commands speak to a running service."""

import asyncio
import stat
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from intake.service.control import NAME, NoService, ask, listening
from intake.store import StoreUnavailable


async def fine() -> dict[str, Any]:
    return {"all": "well"}


async def unavailable() -> dict[str, Any]:
    raise StoreUnavailable


async def faulty() -> dict[str, Any]:
    raise KeyError("a secret")


@asynccontextmanager
async def control(folder: Path) -> AsyncIterator[None]:
    actions = {"fine": fine, "unavailable": unavailable, "faulty": faulty}
    async with listening(folder, actions, {}):
        yield


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
        assert await asked(tmp_path, "unavailable") == {"error": str(StoreUnavailable())}
        assert "its log says where" in (await asked(tmp_path, "faulty"))["error"]
        assert "another release" in (await asked(tmp_path, "unheard of"))["error"]
        assert await asked(tmp_path, "fine") == {"all": "well"}
    assert "A fault of the service: " in caplog.text
    assert "secret" not in caplog.text


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
