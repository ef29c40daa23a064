"""The servers that are measured, each in a process of its own with one worker.

`service`  `drempel serve`, as an operator starts it
`single`   the same with one transaction per write: what group commit is held against
`empty`    a handler that reads the same body and answers the same 204, on the same uvicorn
`canned`   no HTTP at all, the same answer after as many bytes: what the load itself can do at most
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crypto.encoding import utc_day
from crypto.sealing import os_random
from intake.cli.demo_organisation import PLAN
from intake.cli.founding import Founded, found, store_founded
from intake.service.runner import bind, running, serve
from intake.service.settings import Settings
from intake.store import create_store, writer

START_SECONDS = 30
STOP_SECONDS = 30
HERE = "tests.bench.servers"
SERVE = "from intake.cli import main; main()"


@dataclass(frozen=True)
class Server:
    """A server that listens. `start_seconds` is from its command to its first line."""

    process: subprocess.Popen[str]
    port: int
    start_seconds: float

    def memory(self) -> int:
        """The resident set, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024

    def processor(self) -> float:
        """Seconds of processor time used so far: less at the mercy of the neighbours than time on the wall."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def found_in(folder: Path) -> Founded:
    """The demonstration organisation, in a new data folder."""
    founded = found(PLAN, utc_day(), os_random)

    async def create() -> None:
        store = await create_store(folder)
        try:
            await store_founded(store, founded)
        finally:
            await store.close()

    asyncio.run(create())
    return founded


@contextmanager
def server(kind: str, folder: Path) -> Iterator[Server]:
    """A server over a data folder, until the block ends."""
    command = [sys.executable, "-m", HERE, kind, str(folder)]
    if kind == "service":
        command = [sys.executable, "-c", SERVE, "serve", "--data", str(folder), "--port", "0"]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        taken = time.perf_counter() - start
        yield Server(process, int(line.strip().rstrip("/").rpartition(":")[2]), taken)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _say(port: int) -> None:
    print(f"Listening on http://127.0.0.1:{port}/", flush=True)


async def _read_and_answer(request: Request) -> Response:
    await request.body()
    return Response(status_code=204)


async def _empty() -> None:
    path = "/{slug}/api/1/mailboxes/{mailbox}/opening/{envelope}"
    app = Starlette(routes=[Route(path, _read_and_answer, methods=["PUT"])])
    async with running(app, Settings(), bind("127.0.0.1", 0)) as address:
        _say(address.port)
        await asyncio.Event().wait()


class _Canned(asyncio.Protocol):
    """Answers when what came ends a request: its client sends one at a time, of one length."""

    length = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._came = cast("asyncio.Transport", transport), 0

    def data_received(self, data: bytes) -> None:
        if not self._came and not type(self).length:
            head, _, _ = data.partition(b"\r\n\r\n")
            _, _, after = head.lower().partition(b"content-length: ")
            type(self).length = len(head) + 4 + int(after.split(b"\r\n")[0])
        self._came += len(data)
        if self._came == self.length:
            self._came = 0
            self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


async def _canned() -> None:
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(_Canned, "127.0.0.1", 0)
    _say(listening.sockets[0].getsockname()[1])
    await listening.serve_forever()


def main() -> None:
    """Serve until a signal."""
    kind, folder = sys.argv[1:]
    if kind == "single":
        writer.BATCH_ITEMS = 1
        serve(Path(folder), listening=lambda address: _say(address.port))
        return
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run({"empty": _empty, "canned": _canned}[kind]())


if __name__ == "__main__":
    main()
