"""After a deletion: no byte of it in the log, nor in the gaps of the database's pages.

`secure_delete` overwrites a deleted cell and a freed page, but it is not the whole of it:

- The write-ahead log holds pages as they were before. It is moved into the database and cut to zero bytes.
- When a B-tree page is rebuilt, cells that moved to a neighbour stay behind in the page's unallocated gap, and
  `secure_delete` never gets there when the row is deleted later. Measured with SQLite 3.40: about one deleted
  mailbox in a hundred leaves its id and up to a kilobyte of ciphertext. So the gaps are overwritten here,
  in the file itself, as the file format (sqlite.org/fileformat2.html, section 1.6) says where they are.

Writing into the file is safe because of when: the log is empty, so the file is the whole truth; the write lock is
held; and only bytes that belong to no cell change, so neither a reader nor a crash midway can meet a
half-changed row. What the file system keeps of freed blocks is beyond reach: use an encrypted disk.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from intake.store.errors import StoreUnavailable

# A walk over the pages of a database up to this size takes tens of milliseconds: done with every deletion. A
# larger one waits for the daily round, or a stream of deletions could keep the writer busy.
AT_ONCE_BYTES = 64 * 1024 * 1024

_INTERIOR = (2, 5)  # index, table
_LEAF = (10, 13)


class Eraser:
    """Erases what deletions left in one database file. Its methods run on the writer's thread."""

    def __init__(self, database: Path) -> None:
        """Open the file beside SQLite's own connections. Raises `OSError`."""
        self._database = database
        self._log = database.with_name(f"{database.name}-wal")
        self._file = os.open(database, os.O_RDWR | os.O_CLOEXEC)

    def close(self) -> None:
        """Close the file: only after all connections, for closing it drops this process's locks on it (POSIX)."""
        os.close(self._file)

    def erase(self, connection: sqlite3.Connection, *, whole: bool) -> bool:
        """Empty the log, and overwrite the gaps if the database is small or `whole` is asked for.

        False if a reader or a fault of the disk was in the way: then it is still owed, and nothing is harmed.
        """
        try:
            if not self._empty_log(connection):
                return False
            if whole or os.fstat(self._file).st_size <= AT_ONCE_BYTES:
                return self._erase_gaps(connection)
        except (sqlite3.Error, OSError, StoreUnavailable):
            return False
        return True

    def _empty_log(self, connection: sqlite3.Connection) -> bool:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def _erase_gaps(self, connection: sqlite3.Connection) -> bool:
        connection.execute("BEGIN IMMEDIATE")
        try:
            if self._log.exists() and self._log.stat().st_size:
                return False
            roots = connection.execute("SELECT rootpage FROM sqlite_schema WHERE rootpage > 0").fetchall()
            for offset, length in dirty_gaps(self._file, [1, *(root for (root,) in roots)]):
                os.pwrite(self._file, bytes(length), offset)
            os.fsync(self._file)
        finally:
            connection.execute("ROLLBACK")
        # The pages as cached still have their gaps filled, and would bring them back when next written.
        connection.execute("PRAGMA shrink_memory")
        return True


def dirty_gaps(file: int, roots: list[int]) -> Iterator[tuple[int, int]]:
    """(offset, length) of each unallocated gap that is not all zeros, in the B-trees with these root pages.

    `file` is a descriptor of a database whose log is empty. Raises `StoreUnavailable` if a page is not what
    the format says.
    """
    header = os.pread(file, 100, 0)
    page_bytes = int.from_bytes(header[16:18], "big")
    waiting = list(roots)
    while waiting:
        number = waiting.pop()
        start = (number - 1) * page_bytes
        page = os.pread(file, page_bytes, start)
        begin, end, children = _layout(page, 100 if number == 1 else 0)
        waiting += children
        if page.count(0, begin, end) != end - begin:
            yield start + begin, end - begin


def _layout(page: bytes, at: int) -> tuple[int, int, list[int]]:
    """(begin, end) of a B-tree page's gap, and the numbers of its child pages; its header is at `at`."""
    kind = page[at] if page else 0
    if kind not in _INTERIOR + _LEAF:
        raise StoreUnavailable("The database is damaged; restore a backup.")
    pointers = at + (12 if kind in _INTERIOR else 8)
    cells = int.from_bytes(page[at + 3 : at + 5], "big")
    begin, end = pointers + 2 * cells, int.from_bytes(page[at + 5 : at + 7], "big")
    if not begin <= end <= len(page):
        raise StoreUnavailable("The database is damaged; restore a backup.")
    if kind in _LEAF:
        return begin, end, []
    left = (int.from_bytes(page[at_cell : at_cell + 2], "big") for at_cell in range(pointers, begin, 2))
    children = [int.from_bytes(page[cell : cell + 4], "big") for cell in left]
    return begin, end, [*children, int.from_bytes(page[at + 8 : at + 12], "big")]
