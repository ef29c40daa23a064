"""Lets the operator's commands speak to a running service, by a socket in the data folder for its user alone.

A request is one line of JSON with the name of what to do; so is the answer, with what it gives or with an `error`.
"""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from intake.service.http.problems import fault_sentence, log
from intake.store import StoreError

NAME: Final = "control"
LONGEST_LINE: Final = 1 << 16
SECONDS: Final = 60  # that either side waits for the other

Action = Callable[[], Awaitable[dict[str, Any]]]


class NoService(Exception):
    """No service runs on this data folder."""


@asynccontextmanager
async def listening(folder: Path, actions: Mapping[str, Action]) -> AsyncIterator[None]:
    """Answer the operator's commands until the block ends. Raises OSError if the socket can't be made."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ValueError, TimeoutError):
            async with asyncio.timeout(SECONDS):
                line = await reader.readline()
                writer.write(json.dumps(await _result(line, actions)).encode() + b"\n")
                await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(answer, sock=_bind(folder), limit=LONGEST_LINE)
    try:
        yield
    finally:
        server.close()
        (folder / NAME).unlink(missing_ok=True)


async def _result(line: bytes, actions: Mapping[str, Action]) -> dict[str, Any]:
    action = actions.get(str(json.loads(line).get("do")))
    if action is None:
        return {
            "error": "The service that runs here is of another release: start it again, then try once more."
        }
    try:
        return await action()
    except StoreError as error:
        return {"error": str(error)}
    except Exception as fault:  # noqa: BLE001 - the outermost edge of the command
        log.error("%s", fault_sentence(fault))
        return {"error": "The service has met a fault; its log says where."}


def ask(folder: Path, action: str) -> dict[str, Any]:
    """What the running service answers. Raises `NoService`, OSError, and ValueError for no answer."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(SECONDS)
        try:
            with _short(folder) as path:
                asking.connect(path)
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            raise NoService from None
        asking.sendall(json.dumps({"do": action}).encode() + b"\n")
        with asking.makefile("rb") as answers:
            result: dict[str, Any] = json.loads(answers.readline())
            return result


def _bind(folder: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    # Left by a service that was killed: only one has the folder's lock.
    (folder / NAME).unlink(missing_ok=True)
    before = os.umask(0o177)
    try:
        with _short(folder) as path:
            made.bind(path)
    except BaseException:
        made.close()
        raise
    finally:
        os.umask(before)
    return made


@contextmanager
def _short(folder: Path) -> Iterator[str]:
    """A path to the socket that is short enough, however long that of the folder: at most 107 bytes (unix(7))."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{NAME}"
    finally:
        os.close(descriptor)
