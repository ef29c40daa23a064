"""Takes the records of a backup into an empty store, by the writers that requests use."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from intake.store.backup.format import PORTION_BYTES
from intake.store.backup.records import Chunk, File, Record
from intake.store.errors import Malformed
from intake.store.sqlite import blobs, records
from intake.store.sqlite.files import Files
from intake.store.sqlite.group_commit import GroupWriter
from intake.store.sqlite.mailboxes import key_of


class Load:
    """One loading of records, in the order of a backup."""

    def __init__(self, rows: GroupWriter, files: Files) -> None:
        self._rows = rows
        self._files = files
        self._number: int | None = None  # of the file whose chunks come

    async def take(self, portion: Sequence[Record]) -> None:
        """Store some records. Raises `StorageFull`, `Conflict`, `NotFound`, `Malformed`."""
        numbered = await self._rows.write(lambda c: self._rows_of(c, portion), size=PORTION_BYTES)
        if numbered:
            await self._files.load(numbered)

    def _rows_of(self, connection: sqlite3.Connection, portion: Sequence[Record]) -> list[tuple[int, Chunk]]:
        """Insert the rows of all but chunks; the chunks, each with the number of its file."""
        numbered = []
        for record in portion:
            if isinstance(record, Chunk):
                if self._number is None:
                    raise Malformed
                numbered.append((self._number, record))
            elif isinstance(record, File):
                self._number = blobs.put_claimed(
                    connection, record.blob, key_of(record.mailbox), record.chunks
                )
            else:
                records.put(connection, record)
        return numbered
