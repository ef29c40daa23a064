"""A backup as a stream: out of a store, into one, or only read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from typing import BinaryIO

from intake.store.backup.format import BackupReader, BackupWriter, Summary
from intake.store.backup.records import Record
from intake.store.interface import Store


async def write_backup(store: Store) -> AsyncGenerator[bytes, None]:
    """The bytes of a backup of all that a store holds, in pieces. Close it, also when it is not read to its end."""
    writer = BackupWriter()
    async with aclosing(store.dump()) as portions:
        async for portion in portions:
            yield await asyncio.to_thread(writer.add, portion)  # which hashes megabytes
    yield writer.end()


async def load_backup(store: Store, file: BinaryIO) -> Summary:
    """Put a backup into an empty store, which is to be thrown away after an error.

    Raises `NotABackup`, `BackupTooNew`, `BackupDamaged`, what `Store.load` raises, and OSError.
    """
    reader = await asyncio.to_thread(BackupReader, file)
    await store.load(_in_thread(reader.portions()))
    return reader.summary


def check_backup(file: BinaryIO) -> Summary:
    """Read a backup to its end, and check it. Raises `NotABackup`, `BackupTooNew`, `BackupDamaged`, OSError."""
    reader = BackupReader(file)
    for _ in reader.portions():
        pass
    return reader.summary


async def _in_thread(portions: Iterator[list[Record]]) -> AsyncIterator[list[Record]]:
    while portion := await asyncio.to_thread(next, portions, None):
        yield portion
