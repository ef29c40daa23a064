"""Opens a store wherever it is: in a data folder, or in a PostgreSQL database.

With a database the folder has the operator's socket and a demonstration's codes, and no store.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import ModuleType

from intake.store.errors import DriverMissing, StoreExists
from intake.store.interface import Store
from intake.store.sqlite import open as sqlite
from intake.store.sqlite.files import RESERVE_BYTES
from intake.store.sqlite.folder import claim, prepare, require_private
from intake.store.sqlite.restoring import restoring


async def open_at(folder: Path, database: str | None, *, reserve_bytes: int = RESERVE_BYTES) -> Store:
    """Open the store in a folder, or, if it is given, in the database at a `postgresql://` address.

    Raises what the `open_store` of either raises, and `DriverMissing`.
    """
    if database is None:
        return await sqlite.open_store(folder, reserve_bytes=reserve_bytes)
    store: Store = await _postgresql().open_store(database)
    return store


async def create_at(folder: Path, database: str | None) -> Store:
    """Make an empty store and open it. Raises what the `create_store` of either raises, and `DriverMissing`."""
    if database is None:
        return await sqlite.create_store(folder)
    store: Store = await _postgresql().create_store(database)
    return store


@asynccontextmanager
async def restoring_at(folder: Path, database: str | None) -> AsyncIterator[Store]:
    """A new store to `load` into, which is one once the block has ended well.

    After an error there is none in the folder; in a database there is an empty one, which the next try takes. Raises
    what `restoring` and the `create_store` of the other raise, and `DriverMissing`.
    """
    if database is None:
        async with restoring(folder) as store:
            yield store
        return
    postgresql = _postgresql()
    try:
        made: Store = await postgresql.create_store(database)
    except StoreExists:
        made = await postgresql.open_store(database)
    try:
        yield made
    finally:
        await made.close()


@contextmanager
def socket_folder(folder: Path) -> Iterator[None]:
    """Make a folder without a store, if it is not there, and hold it for one instance until the block ends.

    Raises `FolderNotPrivate`, `StoreLocked`, `StoreUnavailable`, OSError.
    """
    prepare(folder)
    require_private(folder)
    lock = claim(folder)
    try:
        yield
    finally:
        os.close(lock)


def _postgresql() -> ModuleType:
    """The other backend, whose driver is an optional package."""
    try:
        from intake.store.postgresql import open as postgresql
    except ImportError:  # psycopg, or the libpq under it
        raise DriverMissing from None
    return postgresql
