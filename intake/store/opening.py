"""Opens a store wherever it is: in a data folder, or in a PostgreSQL database.

With a database the folder has the operator's socket and a demonstration's codes, and no store.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from types import ModuleType

from intake.store.errors import MIGRATING, RESTORING, DriverMissing
from intake.store.interface import Store
from intake.store.sqlite import open as sqlite
from intake.store.sqlite.files import RESERVE_BYTES
from intake.store.sqlite.filling import filling
from intake.store.sqlite.folder import claim, prepare, require_private


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


def restoring_at(folder: Path, database: str | None) -> AbstractAsyncContextManager[Store]:
    """A new store to `load` into, which is one once the block has ended well. After an error there is none.

    Raises what `filling` of either raises, and `DriverMissing`.
    """
    return _filling(folder, database, RESTORING)


def migrating_at(folder: Path, database: str | None) -> AbstractAsyncContextManager[Store]:
    """The same, but what was loaded before an error or a crash is kept, and there the next time, to be gone on with.

    Until it is whole, `open_at` and `create_at` refuse it.
    """
    return _filling(folder, database, MIGRATING)


@asynccontextmanager
async def _filling(folder: Path, database: str | None, name: str) -> AsyncIterator[Store]:
    filled: AbstractAsyncContextManager[Store]
    filled = filling(folder, name) if database is None else _postgresql().filling(database, name)
    async with filled as store:
        yield store


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
