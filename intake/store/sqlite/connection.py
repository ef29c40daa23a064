"""One SQLite connection on a thread of its own, and the settings every connection of the store has."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import aiosqlite

from intake.store.errors import StoreUnavailable

T = TypeVar("T")

# No other process writes (the folder's lock), so only an operator's shell or a checkpoint can hold the database.
BUSY_SECONDS = 0.5
# The log grows to this before it is moved into the database, if nobody lets the writer rest. Random keys touch pages
# all over the file, so moving it seldom is cheaper; but somebody waits for it. At 40,000 reports as many come in a
# second as at 32 MiB, and the slowest hundredth waits for 69 ms, not 121. Its file keeps that length: to cut and
# lengthen it each time takes a tenth more processor time.
LOG_BYTES = 16 * 1024 * 1024
PAGE_BYTES = 4096
# Up to 64 GiB the number of a page begins with a zero, which tells other pages from those of B-trees (scrub_wal.py).
MOST_PAGES = (1 << 24) - 1

DISK_FULL, DISK_FAILED = "The disk is full.", "Reading or writing the disk failed."
_CAUSES = {
    "SQLITE_FULL": DISK_FULL,
    "SQLITE_BUSY": "Another program holds the database.",
    "SQLITE_LOCKED": "Another program holds the database.",
    "SQLITE_IOERR": DISK_FAILED,
    "SQLITE_READONLY": "The data folder is not writable.",
    "SQLITE_CANTOPEN": "A file of the data folder could not be opened.",
    "SQLITE_CORRUPT": "The database is damaged; restore a backup.",
    "SQLITE_NOTADB": "The database is damaged; restore a backup.",
}


def unavailable(error: sqlite3.Error, kind: type[StoreUnavailable] = StoreUnavailable) -> StoreUnavailable:
    """A `StoreUnavailable` that names the cause for an operator, without the statement."""
    name = getattr(error, "sqlite_errorname", "")
    family = "_".join(name.split("_")[:2])  # SQLITE_IOERR_FSYNC -> SQLITE_IOERR
    return kind(_CAUSES.get(family, ""))


def connect(path: Path, *, query_only: bool = False) -> sqlite3.Connection:
    """Open an existing database file with the store's settings, in autocommit mode.

    Raises `sqlite3.Error` if it cannot be.
    """
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=BUSY_SECONDS
    )
    try:
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",  # a reply means: on the disk
            "secure_delete = ON",  # what is deleted is overwritten
            "foreign_keys = ON",
            "temp_store = MEMORY",  # no copies of rows in files elsewhere
            "trusted_schema = OFF",
            f"journal_size_limit = {LOG_BYTES}",
            "wal_autocheckpoint = 0",  # scrub_wal.py moves the log
            f"max_page_count = {MOST_PAGES}",
            f"query_only = {'ON' if query_only else 'OFF'}",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class Connection(aiosqlite.Connection):
    """An aiosqlite connection that can run a whole function on its thread, in one round trip.

    A round trip costs more than an insert, so a batch must be one. aiosqlite has this only as the protected
    `_execute`; a subclass is the smallest intrusion, and this is the only one.

    aiosqlite logs what it executes at level DEBUG, so a function given here must not show data in its repr:
    a closure, never a `functools.partial` with arguments.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        """Prepare a connection, which `connect` makes on its thread; await it to open it."""
        super().__init__(connect, iter_chunk_size=64)

    async def open(self) -> Connection:
        """Open it and start its thread. Raises `sqlite3.Error`, with the thread ended."""
        await self
        return self

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Call `function` with the sqlite3 connection on its thread. Raises what it raises.

        Cancelling the caller does not stop a function that was handed over. Raises `StoreUnavailable` after
        `close()`.
        """
        if not self._running or self._connection is None:
            raise StoreUnavailable("It is closed.")
        execute: Callable[[Callable[[], T]], Awaitable[T]] = self._execute
        return await execute(lambda: function(self._conn))
