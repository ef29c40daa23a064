"""Makes or opens a data folder's store: its files, connections and threads, all of them or none."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import AsyncExitStack
from pathlib import Path

from intake.store.errors import StoreUnavailable
from intake.store.sqlite import chunks
from intake.store.sqlite.connection import Connection, connect, unavailable
from intake.store.sqlite.files import RESERVE_BYTES, Files
from intake.store.sqlite.folder import Folder
from intake.store.sqlite.group_commit import BATCH_ITEMS, GroupWriter
from intake.store.sqlite.readers import Readers
from intake.store.sqlite.scrub_wal import Eraser
from intake.store.sqlite.slots import Slots
from intake.store.sqlite.store import SqliteStore

READERS = 3
FILE_READERS = 2  # of their own: they wait for the disk with megabytes


async def create_store(folder: Path) -> SqliteStore:
    """Make a data folder with an empty store, and open it.

    Raises `StoreExists`, `FolderNotPrivate`, `StoreLocked`, `StoreUnavailable`.
    """
    return await _open(folder, True, BATCH_ITEMS, RESERVE_BYTES)


async def open_store(
    folder: Path, *, batch_items: int = BATCH_ITEMS, reserve_bytes: int = RESERVE_BYTES
) -> SqliteStore:
    """Open the store in a data folder, upgrading its schema if this release is newer.

    At most `batch_items` writes share a transaction. Chunks of files are refused where less than `reserve_bytes` would
    be left on the disk. Raises `NotAStore`, `StoreTooOld`, `FolderNotPrivate`, `StoreLocked`, `SchemaTooNew`,
    `MigrationFailed`, `StoreUnavailable`.
    """
    return await _open(folder, False, batch_items, reserve_bytes)


async def _open(path: Path, create: bool, batch_items: int, reserve_bytes: int) -> SqliteStore:
    async with AsyncExitStack() as undo:
        try:
            folder = await asyncio.to_thread(lambda: Folder(path, create=create))
            undo.callback(folder.release)
            eraser = await asyncio.to_thread(Eraser, folder.database)
            undo.callback(eraser.close)
            writer = await _connection(folder.database, 0, undo)
            await writer.run(folder.check_database)
            await asyncio.to_thread(folder.check_chunks)
            # A crash may have come between a deletion and its erasure.
            await writer.run(eraser.erase)
            readers = [
                await _connection(folder.database, number, undo)
                for number in range(1, 1 + READERS + FILE_READERS)
            ]
            used = await writer.run(chunks.slots)
            slots = await asyncio.to_thread(lambda: Slots(folder.chunks, used, reserve_bytes=reserve_bytes))
        except sqlite3.Error as error:
            raise unavailable(error) from None
        except OSError:
            raise StoreUnavailable("The data folder could not be read or written.") from None
        undo.pop_all()
    rows = GroupWriter(writer, eraser, batch_items=batch_items)
    files = Files(rows, Readers(readers[READERS:]), slots)
    return SqliteStore(folder, rows, Readers(readers[:READERS]), files)


async def _connection(database: Path, number: int, undo: AsyncExitStack) -> Connection:
    """The writer's connection is number 0; the readers' can't write."""
    connection = await Connection(lambda: connect(database, query_only=number > 0)).open()
    undo.push_async_callback(connection.close)
    return connection
