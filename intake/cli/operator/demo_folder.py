"""The folder of a demonstration: made whole or not at all, and removed at the end if it is a temporary one.

demo-codes.json         the codes, which the demonstration shows at every start
demo-codes.json.part    an unfinished demonstration: its codes were never shown, and the next start begins again
"""

import asyncio
import fcntl
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from crypto.public.encoding import parse_object
from intake.cli.custodian.store_founded import store_founded
from intake.cli.shared.output import Refused
from intake.client.custodian.found import Founded
from intake.store import Store, StoreExists, StoreLocked, create_at, open_at, refuse_half

CODES, PARTIAL = "demo-codes.json", "demo-codes.json.part"
DAMAGED = f"{CODES} is damaged: remove the folder, and the demo begins anew."
MADE = ("store.sqlite*", "chunks.data", "creating.sqlite*", "lock", "control", "ballast*")


@contextmanager
def vanishing_folder() -> Iterator[Path]:
    """A new temporary folder that is removed when this process ends, even by a closed terminal or kill -9.

    A child process removes it: it waits at a pipe that closes with this process.
    """
    folder = Path(tempfile.mkdtemp(prefix="drempel-demo-"))
    waits, held = os.pipe()
    child = os.fork()
    if child == 0:
        _remove_at_end(folder, waits, held)
    os.close(waits)
    try:
        yield folder
    finally:
        os.close(held)
        os.waitpid(child, 0)


def _remove_at_end(folder: Path, waits: int, held: int) -> None:
    os.setsid()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # a reader of this process's output waits until all copies are closed
        os.dup2(nowhere, stream)
    os.close(held)
    os.read(waits, 1)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def codes_in(folder: Path, found: Callable[[], Founded], database: str | None = None) -> dict[str, Any]:
    """The codes of the demonstration in a folder, whose store may be in a database.

    If there is none, it is founded: all of it, or nothing.
    """
    kept, partial = folder / CODES, folder / PARTIAL
    if kept.exists():
        return _read(kept)
    refuse_half(folder)
    _prepare(folder)
    with partial.open("a+b") as file:
        _claim(file.fileno(), folder)
        if kept.exists():  # another start has made it just now
            return _read(kept)
        if file.tell():
            _clear(folder)
        elif (folder / "store.sqlite").exists():
            partial.unlink()
            raise StoreExists(f"Folder: {folder}.")
        try:
            founded = found()
            _write(file, founded.to_json())
            asyncio.run(_create(folder, database, founded))
            partial.rename(kept)
        except BaseException:
            _clear(folder)
            partial.unlink()
            raise
    return founded.to_json()


def _read(kept: Path) -> dict[str, Any]:
    try:
        return parse_object(kept.read_bytes())
    except ValueError:
        raise Refused(DAMAGED) from None


def _prepare(folder: Path) -> None:
    """Make the folder as the store does, before there is anything in it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        folder.chmod(0o700)


def _claim(descriptor: int, folder: Path) -> None:
    os.fchmod(descriptor, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise StoreLocked(f"Folder: {folder}.") from None


def _write(file: IO[bytes], codes: dict[str, Any]) -> None:
    file.truncate(0)
    file.write(json.dumps(codes).encode("ascii"))
    file.flush()
    os.fsync(file.fileno())


def _clear(folder: Path) -> None:
    """Remove the files of an unfinished start, whose codes were never shown."""
    for pattern in MADE:
        for path in folder.glob(pattern):
            path.unlink()


async def _create(folder: Path, database: str | None, founded: Founded) -> None:
    store = await _empty_store(folder, database)
    try:
        await store_founded(store, founded)
    finally:
        await store.close()


async def _empty_store(folder: Path, database: str | None) -> Store:
    """A new store; in a database also the one that an interrupted start has left there. Raises `StoreExists`."""
    try:
        return await create_at(folder, database)
    except StoreExists as there:
        if database is None:
            raise
        store = await open_at(folder, database)
        if await store.organisations():
            await store.close()
            raise there from None
        return store
