"""The servers that are measured, each in a process of its own, or, if it has workers, in processes of its own.

`service`  `drempel serve`, as an operator starts it
`postgresql`  the same with its store in a database of a server on this machine, whose own time is not counted
`postgresql-2`  the same by two worker processes
`single`   the same with one transaction per write: what group commit is held against
`empty`    a handler that reads the same body and answers the same 204, on the same uvicorn
`bare`     a handler that streams a body into a file until it is durable, and gives it back: what files are held to
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from crypto.public.encoding import utc_day
from crypto.secret.primitives import os_random
from intake.cli.custodian.store_founded import store_founded
from intake.cli.operator.demo_organisation import PLAN
from intake.client.custodian.found import Founded, found
from intake.service.app import create_app
from intake.service.http.server import bind, running
from intake.service.settings import Settings
from intake.store import create_at, open_store

START_SECONDS = 30
STOP_SECONDS = 30
HERE = "tests.bench.servers"
SERVED = {"service": 1, "postgresql": 1, "postgresql-2": 2}  # by how many workers
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

    def settle(self) -> None:
        """Wait until it does nothing any more, as it does for a while after its start; then forget its peak."""
        used = -1.0
        while used != (used := self.processor()):
            time.sleep(0.5)
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def peak_memory(self) -> int:
        """The largest resident set since `settle`, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    def processor(self) -> float:
        """Seconds of processor time used so far: less at the mercy of the neighbours than time on the wall."""
        pid = self.process.pid
        workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return sum(_processor(process) for process in (str(pid), *workers))


def _processor(process: str) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def found_in(folder: Path, database: str | None = None) -> Founded:
    """The demonstration organisation, in a new data folder or in an empty database."""
    founded = found(PLAN, utc_day(), os_random)

    async def create() -> None:
        store = await create_at(folder, database)
        try:
            await store_founded(store, founded)
        finally:
            await store.close()

    asyncio.run(create())
    return founded


@contextmanager
def server(kind: str, folder: Path, database: str | None = None) -> Iterator[Server]:
    """A server over a data folder, or over a database, until the block ends."""
    command = [sys.executable, "-m", HERE, kind, str(folder)]
    if kind in SERVED:
        options = ["--data", str(folder), "--port", "0", "--workers", str(SERVED[kind])]
        options += ["--store", database] if database else []
        command = [sys.executable, "-c", SERVE, "serve", *options]
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


async def _single(folder: Path) -> None:
    app = create_app(await open_store(folder, batch_items=1), Settings())
    async with running(app, Settings(), bind("127.0.0.1", 0)) as address:
        _say(address.port)
        await _stopped()


async def _stopped() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


async def _empty() -> None:
    path = "/{slug}/api/1/mailboxes/{mailbox}/opening/{envelope}"
    app = Starlette(routes=[Route(path, _read_and_answer, methods=["PUT"])])
    async with running(app, Settings(), bind("127.0.0.1", 0)) as address:
        _say(address.port)
        await _stopped()


async def _bare(folder: Path) -> None:
    stored = folder / "stored"

    async def upload(request: Request) -> Response:
        with stored.open("wb", buffering=0) as file:
            async for piece in request.stream():
                file.write(piece)
            await asyncio.to_thread(os.fsync, file.fileno())
        return Response(status_code=204)

    async def download(_request: Request) -> Response:
        return FileResponse(stored)

    routes = [Route("/file", upload, methods=["PUT"]), Route("/file", download)]
    async with running(Starlette(routes=routes), Settings(), bind("127.0.0.1", 0)) as address:
        _say(address.port)
        await _stopped()


def main() -> None:
    """Serve until a signal."""
    kind, folder = sys.argv[1:]
    kinds = {"single": _single, "empty": lambda _: _empty(), "bare": _bare}
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(kinds[kind](Path(folder)))


if __name__ == "__main__":
    main()
