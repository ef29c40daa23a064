"""Runs the service on uvicorn, without its access log, its `Server` and `Date` headers and its trust in proxy headers.

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
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import uvicorn
import uvloop
from starlette.applications import Starlette

from intake.service import control
from intake.service.app import create_app
from intake.service.context import Context
from intake.service.doctor import accept_clock, examine
from intake.service.http.connections import Connections
from intake.service.http.problems import fault_sentence, log
from intake.service.http.protocol import BoundedProtocol
from intake.service.jobs.notify import notify
from intake.service.settings import Settings
from intake.store import Store, StoreUnavailable, open_at, socket_folder, write_backup

BACKLOG = 1024
# How long the event loop may keep Python's lock while the store's threads want it. At the default of 5 ms the
# writer waits out most of a burst of requests at each of its statements; at this, 32 clients store a tenth more.
SWITCH_SECONDS = 0.0001


class Address(NamedTuple):
    """The address that the service listens on."""

    host: str
    port: int


class _Server(uvicorn.Server):
    """uvicorn's server with an event for when it listens, and with signals left to its caller."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then set the event."""
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: uvicorn would raise them again at the end, and the process would end with an error."""
        yield


def _config(app: Starlette, settings: Settings) -> uvicorn.Config:
    own = {"settings": settings, "others": Connections()}
    protocol = type("BoundedProtocol", (BoundedProtocol,), own)
    return uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level=logging.CRITICAL + 1,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=settings.idle_seconds,
        timeout_graceful_shutdown=settings.stop_seconds,
    )


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


@asynccontextmanager
async def running(app: Starlette, settings: Settings, bound: socket.socket) -> AsyncIterator[Address]:
    """Serve on a bound socket, in this event loop, until the block ends. The application's lifespan goes around it."""
    with bound:
        async with app.router.lifespan_context(app):
            server = _Server(_config(app, settings))
            task = asyncio.create_task(server.serve(sockets=[bound]), name="server")
            listening = asyncio.create_task(server.listening.wait())
            await asyncio.wait({task, listening}, return_when=asyncio.FIRST_COMPLETED)
            listening.cancel()
            try:
                if task.done():
                    raise RuntimeError("the server ended before it listened")
                yield Address(*bound.getsockname()[:2])
            finally:
                server.should_exit = True
                await task


def serve(
    folder: Path,
    settings: Settings | None = None,
    *,
    database: str | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    listening: Callable[[Address], None] | None = None,
) -> None:
    """Serve the store in `folder` until SIGINT or SIGTERM, then return.

    With the address of a `database` the store is there, and the folder has the operator's socket only.
    `listening` is called once with the real address. Raises OSError if the address can't be had, what `open_at`
    raises, and `StoreUnavailable` when the store has failed for good.
    """
    _configure_logging()
    sys.setswitchinterval(SWITCH_SECONDS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(folder, database, settings or Settings(), bind(host, port), listening))


async def _serve(
    folder: Path,
    database: str | None,
    settings: Settings,
    bound: socket.socket,
    listening: Callable[[Address], None] | None,
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_loop_fault)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    with bound, socket_folder(folder) if database else contextlib.nullcontext():
        app = await _open(folder, database, settings)
        # All objects so far live to the end, so the collector need not scan them again and again (5 % faster).
        gc.freeze()
        room = folder if database is None else None
        store: Store = app.state.context.store
        streams = {"backup": lambda: write_backup(store)}
        async with (
            running(app, settings, bound) as address,
            control.listening(folder, _actions(app, room), streams),
        ):
            log.info("The service has started.")
            notify("READY=1")
            if listening is not None:
                listening(address)
            await _until(stop, store)
            notify("STOPPING=1")
    log.info("The service has stopped.")


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


async def _open(folder: Path, database: str | None, settings: Settings) -> Starlette:
    store = await open_at(folder, database, reserve_bytes=settings.reserve_bytes)
    try:
        return create_app(store, settings)
    except OSError:
        await store.close()  # or its threads would keep the process alive
        raise


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
