"""Serves an application on uvicorn, without its access log, its headers of its own and its trust in proxy headers."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import uvicorn
from starlette.applications import Starlette

from intake.service.http.connections import Connections
from intake.service.http.protocol import BoundedProtocol
from intake.service.settings import Settings

BACKLOG: Final = 1024


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
    return socket.create_server((host, port), family=_family(host), backlog=BACKLOG)


def hold(host: str, port: int) -> socket.socket:
    """A socket that does not listen, and holds an address, which was free, for those of `join`. Raises OSError."""
    held = socket.socket(_family(host))
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of an earlier run may linger
        held.bind((host, port))
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except BaseException:
        held.close()
        raise
    return held


def join(held: socket.socket) -> socket.socket:
    """One of several listening sockets on an address, among which the kernel deals new connections out."""
    host, port = held.getsockname()[:2]
    return socket.create_server((host, port), family=held.family, backlog=BACKLOG, reuse_port=True)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


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
