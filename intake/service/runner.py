"""Runs the service: in this process, or in several before one database.

No message holds a trace of a client: the service prints that it started, stopped, or met a fault, and where in the
code.
"""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import uvloop
from starlette.applications import Starlette

from intake.service import control
from intake.service.app import create_app
from intake.service.context import Context
from intake.service.doctor import accept_clock, examine
from intake.service.http.problems import fault_sentence, log
from intake.service.http.server import Address, bind, hold, join, running
from intake.service.jobs.notify import Tell, notify
from intake.service.settings import Settings
from intake.service.workers import READY, STOP_SECONDS, Supervisor, share
from intake.store import Store, StoreUnavailable, open_at, socket_folder, write_backup

# How long the event loop may keep Python's lock while the store's threads want it. At the default of 5 ms the
# writer waits out most of a burst of requests at each of its statements; at this, 32 clients store a tenth more.
SWITCH_SECONDS = 0.0001


def serve(
    folder: Path,
    settings: Settings | None = None,
    *,
    database: str | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    workers: int = 1,
    listening: Callable[[Address], None] | None = None,
) -> None:
    """Serve the store in `folder` until SIGINT or SIGTERM, then return.

    With the address of a `database` the store is there, and the folder has the operator's socket only; then several
    processes may serve it. `listening` is called once with the real address. Raises OSError if the address can't be
    had, what `open_at` raises, and `StoreUnavailable` when the store has failed for good, or `WorkersFailed`.
    """
    _configure_logging()
    with (
        (bind if workers == 1 else hold)(host, port) as bound,
        socket_folder(folder) if database else contextlib.nullcontext(),
    ):

        def started() -> None:
            log.info("The service has started.")
            notify("READY=1")
            if listening is not None:
                listening(Address(*bound.getsockname()[:2]))

        process = Process(folder, database, settings or Settings())
        if workers == 1:
            process.run(bound, notify, started)
        else:
            _serve_by_workers(process, workers, bound, started)
    log.info("The service has stopped.")


@dataclass(frozen=True)
class Process:
    """A process that serves a store, alone or beside others; of these, one answers the operator."""

    folder: Path
    database: str | None
    settings: Settings
    answers_operator: bool = True

    def run(
        self, bound: socket.socket, tell: Tell, started: Callable[[], None], leash: int | None = None
    ) -> None:
        """Serve in this process until SIGINT or SIGTERM, or until the file descriptor `leash` ends; then return.

        Raises what `open_at` raises, and `StoreUnavailable` when the store has failed for good.
        """
        sys.setswitchinterval(SWITCH_SECONDS)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._serve(bound, tell, started, leash))

    async def _serve(
        self, bound: socket.socket, tell: Tell, started: Callable[[], None], leash: int | None
    ) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_loop_fault)
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        if leash is not None:

            def released() -> None:
                loop.remove_reader(leash)
                stop.set()

            loop.add_reader(leash, released)
        app = await self._open(tell)
        # All objects so far live to the end, so the collector need not scan them again and again (5 % faster).
        gc.freeze()
        store: Store = app.state.context.store
        async with running(app, self.settings, bound), self._answering(app):
            started()
            await _until(stop, store)
            tell("STOPPING=1")

    async def _open(self, tell: Tell) -> Starlette:
        store = await open_at(self.folder, self.database, reserve_bytes=self.settings.reserve_bytes)
        try:
            return create_app(store, self.settings, tell=tell)
        except OSError:
            await store.close()  # or its threads would keep the process alive
            raise

    @asynccontextmanager
    async def _answering(self, app: Starlette) -> AsyncIterator[None]:
        """Answer the operator's commands."""
        if not self.answers_operator:
            yield
            return
        store: Store = app.state.context.store
        room = self.folder if self.database is None else None
        streams = {"backup": lambda: write_backup(store)}
        async with control.listening(self.folder, _actions(app, room), streams):
            yield


def _serve_by_workers(
    process: Process, workers: int, bound: socket.socket, started: Callable[[], None]
) -> None:
    """The same by several processes, of which the first answers the operator. Raises `WorkersFailed`."""
    asyncio.run(_try_to_open(process))  # what is wrong with the store is told in words, and once
    settings = share(process.settings, workers)

    def work(number: int, line: socket.socket) -> None:
        def tell(state: str) -> None:
            with contextlib.suppress(OSError):  # the supervisor is gone: the leash tells
                line.send(state.encode("ascii"))

        mine = replace(process, settings=settings, answers_operator=number == 0)
        with join(bound) as own:
            mine.run(own, tell, lambda: tell(READY), line.fileno())

    Supervisor(work, started, notify, settings.stop_seconds + STOP_SECONDS).run(workers)


async def _try_to_open(process: Process) -> None:
    store = await open_at(process.folder, process.database)
    await store.close()


async def _until(stop: asyncio.Event, store: Store) -> None:
    """Wait to be stopped. Raises `StoreUnavailable` if the store has failed for good."""
    stopping = asyncio.create_task(stop.wait())
    ends: set[asyncio.Future[Any]] = {stopping, store.failed}
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if store.failed.done():
        raise StoreUnavailable("It failed twice: the service ends.")


def _actions(app: Starlette, room: Path | None) -> dict[str, control.Action]:
    """What the operator's commands can ask of it."""
    context: Context = app.state.context

    async def doctor() -> dict[str, Any]:
        checks = await examine(context.store, context.days, room, context.settings)
        return {"checks": [check._asdict() for check in checks]}

    async def accept() -> dict[str, Any]:
        await accept_clock(context.store, context.days)
        return {}

    return {"doctor": doctor, "accept-clock": accept}


def _configure_logging() -> None:
    """Print the service's own messages only. Those of libraries may hold an address, and are dropped."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log.handlers = [handler]
    log.propagate = False
    log.setLevel(logging.INFO)
    logging.getLogger().handlers = [logging.NullHandler()]


def _loop_fault(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log a fault of the loop: asyncio's own message would print the transport, with the client's address in it."""
    error = context.get("exception")
    log.error("%s", fault_sentence(error) if error is not None else "A fault of the service.")
