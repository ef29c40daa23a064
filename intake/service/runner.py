"""Runs the service on uvicorn, with its talkative defaults off.

No access log, no `Server` or `Date` header, no trust in proxy headers, no trace of a client in any message: what is
printed is that the service started, stopped, or met a fault, and where in the code.
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

from intake.service.app import create_app
from intake.service.connection import Connection
from intake.service.problems import fault_sentence, log
from intake.service.settings import Settings
from intake.store import open_store

BACKLOG = 1024
# How long the event loop may keep Python's lock while the store's threads want it. At the default of 5 ms the
# writer waits out most of a burst of requests at each of its statements; at this, 32 clients store a tenth more.
SWITCH_SECONDS = 0.0001


class Address(NamedTuple):
    """Where the service listens."""

    host: str
    port: int


class _Server(uvicorn.Server):
    """uvicorn's server that says when it listens and leaves signals to its caller."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone: uvicorn would raise them again at the end, and the process end with an error."""
        yield


def _config(app: Starlette, settings: Settings) -> uvicorn.Config:
    protocol = type("Connection", (Connection,), {"settings": settings})
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
    host: str = "127.0.0.1",
    port: int = 0,
    listening: Callable[[Address], None] | None = None,
) -> None:
    """Serve the store in `folder` until SIGINT or SIGTERM, then return.

    `listening` is called once with the real address. Raises OSError if the address can't be had, and what
    `open_store` raises.
    """
    _configure_logging()
    sys.setswitchinterval(SWITCH_SECONDS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(folder, settings or Settings(), bind(host, port), listening))


async def _serve(
    folder: Path,
    settings: Settings,
    bound: socket.socket,
    listening: Callable[[Address], None] | None,
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_loop_fault)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    with bound:
        app = await _open(folder, settings)
        # What is there now stays to the end; the collector need not look through it again and again (5 % faster).
        gc.freeze()
        async with running(app, settings, bound) as address:
            log.info("The service has started.")
            if listening is not None:
                listening(address)
            await stop.wait()
    log.info("The service has stopped.")


async def _open(folder: Path, settings: Settings) -> Starlette:
    store = await open_store(folder, reserve_bytes=settings.reserve_bytes)
    try:
        return create_app(store, settings)
    except OSError:
        await store.close()  # nobody else would, and then the process never ends
        raise


def _configure_logging() -> None:
    """One handler for our own sentences. Whatever else a library has to say may hold an address, and is dropped."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log.handlers = [handler]
    log.propagate = False
    log.setLevel(logging.INFO)
    logging.getLogger().handlers = [logging.NullHandler()]


def _loop_fault(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """asyncio's own message would print the transport, with the client's address in it."""
    error = context.get("exception")
    log.error("%s", fault_sentence(error) if error is not None else "A fault of the service.")
