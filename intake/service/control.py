"""Lets the operator's commands speak to a running service, by a socket in the data folder for its user alone.

A request is one line of JSON with the name of what to do; so is the answer, with what it gives or with an `error`.
A stream is answered with such a line, then with pieces of bytes, each behind its length in four bytes, the last of
length zero; and with a line that says whether that was all.
"""

import asyncio
import json
import os
import socket
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from intake.service.http.problems import fault_sentence, log
from intake.store import StoreError

NAME: Final = "control"
LONGEST_LINE: Final = 1 << 16
SECONDS: Final = 60  # that either side waits for the other
NO_ANSWER: Final = "The service on this folder does not answer. Look at its log, and stop it if it hangs."
NOT_ALLOWED: Final = "This folder is another user's. Run the command as the user that runs the service."
_LENGTH: Final = struct.Struct(">I")

Action = Callable[[], Awaitable[dict[str, Any]]]
Stream = Callable[[], AsyncGenerator[bytes, None]]


class NoService(Exception):
    """No service runs on this data folder."""


class NoAnswer(Exception):
    """The service can't be asked, or has not answered all. The message is a sentence for the operator."""


@asynccontextmanager
async def listening(
    folder: Path, actions: Mapping[str, Action], streams: Mapping[str, Stream]
) -> AsyncIterator[None]:
    """Answer the operator's commands until the block ends. Raises OSError if the socket can't be made."""
    answering: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_answer(reader, writer, actions, streams), name="control")
        answering.add(task)
        task.add_done_callback(answering.discard)

    server = await asyncio.start_unix_server(begin, sock=_bind(folder), limit=LONGEST_LINE)
    try:
        yield
    finally:
        server.close()
        (folder / NAME).unlink(missing_ok=True)
        for task in answering:  # a stream may take long, and its store is closed next
            task.cancel()
        await asyncio.gather(*answering, return_exceptions=True)


async def _answer(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    actions: Mapping[str, Action],
    streams: Mapping[str, Stream],
) -> None:
    try:
        with suppress(OSError, ValueError, AttributeError):  # nonsense, or nobody is there any more
            async with asyncio.timeout(SECONDS):
                asked = str(json.loads(await reader.readline()).get("do"))
            if asked in streams:
                await _answer_stream(writer, streams[asked])
            else:
                await _send(writer, _line(await _result(actions.get(asked))))
    finally:
        writer.close()


async def _answer_stream(writer: asyncio.StreamWriter, stream: Stream) -> None:
    await _send(writer, _line({}))
    async with aclosing(stream()) as pieces:

        async def step() -> dict[str, Any]:
            piece = await anext(pieces, None)
            return {"piece": piece} if piece else {}

        while piece := (result := await _result(step)).get("piece"):
            await _send(writer, _LENGTH.pack(len(piece)), piece)
    await _send(writer, _LENGTH.pack(0), _line(result))


async def _send(writer: asyncio.StreamWriter, *parts: bytes) -> None:
    writer.writelines(parts)
    async with asyncio.timeout(SECONDS):
        await writer.drain()


async def _result(action: Action | None) -> dict[str, Any]:
    if action is None:
        return {
            "error": "The service that runs here is of another release: start it again, then try once more."
        }
    try:
        async with asyncio.timeout(SECONDS):
            return await action()
    except StoreError as error:
        return {"error": str(error)}
    except Exception as fault:  # noqa: BLE001 - the outermost edge of the command
        log.error("%s", fault_sentence(fault))
        return {"error": "The service has met a fault; its log says where."}


def _line(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode() + b"\n"


def ask(folder: Path, action: str) -> dict[str, Any]:
    """What the running service answers. Raises `NoService`, `NoAnswer`."""
    with _asked(folder, action) as answers:
        return _answer_in(answers)


def ask_for_stream(folder: Path, name: str) -> Generator[bytes, None, None]:
    """The pieces that the running service answers with. Raises `NoService`, and `NoAnswer` if it isn't all."""
    with _asked(folder, name) as answers:
        _answer_in(answers)
        while length := _LENGTH.unpack(answers.read(_LENGTH.size))[0]:
            piece = answers.read(length)
            if len(piece) < length:
                raise EOFError
            yield piece
        _answer_in(answers)


@contextmanager
def _asked(folder: Path, name: str) -> Iterator[BinaryIO]:
    """The answer to a request. What goes wrong with it is raised as `NoService` or `NoAnswer`."""
    try:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(SECONDS)
            _connect(asking, folder)
            asking.sendall(json.dumps({"do": name}).encode() + b"\n")
            with asking.makefile("rb") as answers:
                yield answers
    except PermissionError:
        raise NoAnswer(NOT_ALLOWED) from None
    except (OSError, ValueError, EOFError, struct.error):
        raise NoAnswer(NO_ANSWER) from None


def _connect(asking: socket.socket, folder: Path) -> None:
    try:
        with _short(folder) as path:
            asking.connect(path)
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        raise NoService from None


def _answer_in(answers: BinaryIO) -> dict[str, Any]:
    """One line of an answer. Raises `NoAnswer` with the error in it, and ValueError."""
    result: dict[str, Any] = json.loads(answers.readline())
    if "error" in result:
        raise NoAnswer(result["error"])
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
