"""Making and opening a data folder's store: its files, its connections, its threads, all of them or none."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import AsyncExitStack
from pathlib import Path

from intake.store.chunk_table import connect_chunks
from intake.store.connection import Connection, connect, unavailable
from intake.store.erasure import Eraser
from intake.store.errors import StoreUnavailable
from intake.store.files import RESERVE_BYTES, Files
from intake.store.folder import Folder
from intake.store.free_pages import FreePages
from intake.store.readers import Readers
from intake.store.sqlite import SqliteStore
from intake.store.writer import BATCH_ITEMS, GroupWriter

READERS = 3


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
    be left on the disk. Raises `NotAStore`, `FolderNotPrivate`, `StoreLocked`, `SchemaTooNew`, `MigrationFailed`,
    `StoreUnavailable`.
    """
    return await _open(folder, False, batch_items, reserve_bytes)


async def _open(path: Path, create: bool, batch_items: int, reserve_bytes: int) -> SqliteStore:
    async with AsyncExitStack() as undo:
        try:
            folder = await asyncio.to_thread(lambda: Folder(path, create=create))
            undo.callback(folder.release)
            await asyncio.to_thread(folder.check_database)
            interrupted = await asyncio.to_thread(folder.check_chunks)
            eraser = await asyncio.to_thread(Eraser, folder.database)
            undo.callback(eraser.close)
            pages = await asyncio.to_thread(lambda: FreePages(folder.chunks, is_suspect=interrupted))
            undo.callback(pages.close)
            connections = [await _connection(folder.database, number, undo) for number in range(1 + READERS)]
            chunks = await Connection(lambda: connect_chunks(folder.chunks)).open()
            undo.push_async_callback(chunks.close)
            # A crash may have come between a deletion and the erasure it was owed.
            await connections[0].run(lambda c: eraser.erase(c, whole=False))
        except sqlite3.Error as error:
            raise unavailable(error) from None
        except OSError:
            raise StoreUnavailable("The data folder could not be read or written.") from None
        undo.pop_all()
    writer = GroupWriter(connections[0], eraser, batch_items=batch_items)
    readers = Readers(connections[1:])
    files = Files(writer, readers, chunks, pages, folder=folder.path, reserve_bytes=reserve_bytes)
    return SqliteStore(folder, writer, readers, files)


async def _connection(database: Path, number: int, undo: AsyncExitStack) -> Connection:
    """The writer's connection is number 0; the readers' can't write."""
    connection = await Connection(lambda: connect(database, query_only=number > 0)).open()
    undo.push_async_callback(connection.close)
    return connection
