"""Runs the service in this process.

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
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvloop
from starlette.applications import Starlette

from intake.service import control
from intake.service.app import create_app
from intake.service.context import Context
from intake.service.doctor import accept_clock, examine
from intake.service.http.problems import fault_sentence, log
from intake.service.http.server import Address, bind, running
from intake.service.jobs.notify import notify
from intake.service.settings import Settings
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
