"""What a transaction that failed leaves behind in free pages, and how it is overwritten.

A rollback journal does not keep what was in a free page, since nobody needs it: when a transaction wrote into one and
was then undone, by a full disk or a crash, its bytes stay there, and deletions know nothing of them. So after each such
case the free pages are read, and those that are not all zeros are overwritten, in the file itself. That is safe while
no transaction is under way: what is in a free page means nothing to SQLite, but for the first page of each list.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path


class FreePages:
    """Keeps the free pages of one database with a rollback journal empty. Runs on its connection's thread."""

    def __init__(self, database: Path, *, is_suspect: bool) -> None:
        """Open the file beside SQLite's connection. Raises `OSError`.

        `is_suspect`: a transaction may have been undone since the last look.
        """
        self.is_suspect = is_suspect
        self._file = os.open(database, os.O_RDWR | os.O_CLOEXEC)

    def close(self) -> None:
        """Close the file: only after the connection, for closing it drops this process's locks on it (POSIX)."""
        os.close(self._file)

    def erase(self, connection: sqlite3.Connection, *, whole: bool) -> bool:  # noqa: ARG002 - as `Erases` has it
        """Overwrite what failed transactions have left in free pages, if there was one; False if that fails."""
        if not self.is_suspect:
            return True
        try:
            connection.execute("BEGIN IMMEDIATE")  # nobody else writes, and what is in the journal is undone
            try:
                self._overwrite()
            finally:
                connection.execute("ROLLBACK")
        except (sqlite3.Error, OSError):
            return False
        self.is_suspect = False
        return True

    def _overwrite(self) -> None:
        page_bytes = int.from_bytes(os.pread(self._file, 2, 16), "big")
        zeros = bytes(page_bytes)
        for number in free_pages(self._file, page_bytes):
            start = (number - 1) * page_bytes
            if os.pread(self._file, page_bytes, start) != zeros:
                os.pwrite(self._file, zeros, start)
        os.fsync(self._file)


def free_pages(file: int, page_bytes: int) -> Iterator[int]:
    """The numbers of the free pages that hold nothing (sqlite.org/fileformat2.html, section 1.5)."""
    trunk = int.from_bytes(os.pread(file, 4, 32), "big")
    while trunk:
        page = os.pread(file, page_bytes, (trunk - 1) * page_bytes)
        count = int.from_bytes(page[4:8], "big")
        for at in range(8, 8 + 4 * count, 4):
            yield int.from_bytes(page[at : at + 4], "big")
        trunk = int.from_bytes(page[:4], "big")
