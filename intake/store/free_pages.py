"""Free pages of the database of chunks: nothing is left in them, and their room is given back to the disk.

A rollback journal does not keep what was in a free page, since nobody needs it: when a transaction wrote into one and
was then undone, by a full disk or a crash, its bytes stay there, and deletions know nothing of them. So after each such
case the free pages are read, and those that are not all zeros are overwritten, in the file itself. That is safe while
no transaction is under way: what is in a free page means nothing to SQLite, but for the first page of each list.

A database never gets shorter by itself. Somebody could send files until the disk is full and never hand them in: when
they are gone, texts must have their room back. So holes are made where free pages are: the file keeps its length, and
zeros that are nowhere on the disk. Linux has that; elsewhere the room is only there for other files.
"""

from __future__ import annotations

import ctypes
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

WORTH_BYTES = 4 * 1024 * 1024
BLOCK_BYTES = 512  # of which `st_blocks` is a number (POSIX)
_KEEP_SIZE, _PUNCH_HOLE = 1, 2  # linux/falloc.h


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

    def give_back(self, connection: sqlite3.Connection) -> bool:
        """Make holes of the free pages, if they take enough to be worth it; whether the disk has more room now.

        Raises `sqlite3.Error`, `OSError`.
        """
        worth = max(WORTH_BYTES, os.fstat(self._file).st_size // 256)  # pages that list others always stay
        if self.is_suspect or self._free(connection) - self._holes() < worth:
            return False
        connection.execute("BEGIN IMMEDIATE")
        try:
            return self._make_holes()
        finally:
            connection.execute("ROLLBACK")

    def room(self, connection: sqlite3.Connection) -> int:
        """Bytes that new chunks can have in free pages and take nothing more of the disk for.

        None as soon as there are holes: SQLite fills those just as well as other free pages, and so the disk.
        Raises `sqlite3.Error`, `OSError`.
        """
        return 0 if self._holes() else self._free(connection)

    def _free(self, connection: sqlite3.Connection) -> int:
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        return int(free) * self._page_bytes()

    def _holes(self) -> int:
        file = os.fstat(self._file)
        return max(0, file.st_size - file.st_blocks * BLOCK_BYTES)

    def _make_holes(self) -> bool:
        page_bytes = self._page_bytes()
        made = False
        for numbers in free_lists(self._file, page_bytes):
            for first, end in runs(sorted(numbers)):
                if not _make_hole(self._file, (first - 1) * page_bytes, (end - first) * page_bytes):
                    return made
                made = True
        return made

    def _page_bytes(self) -> int:
        return int.from_bytes(os.pread(self._file, 2, 16), "big")

    def _overwrite(self) -> None:
        page_bytes = self._page_bytes()
        zeros = bytes(page_bytes)
        for numbers in free_lists(self._file, page_bytes):
            for number in numbers:
                start = (number - 1) * page_bytes
                if os.pread(self._file, page_bytes, start) != zeros:
                    os.pwrite(self._file, zeros, start)
        os.fsync(self._file)


def free_lists(file: int, page_bytes: int) -> Iterator[list[int]]:
    """The numbers of the free pages that hold nothing, some at a time (sqlite.org/fileformat2.html, section 1.5)."""
    trunk = int.from_bytes(os.pread(file, 4, 32), "big")
    while trunk:
        page = os.pread(file, page_bytes, (trunk - 1) * page_bytes)
        count = int.from_bytes(page[4:8], "big")
        yield [int.from_bytes(page[at : at + 4], "big") for at in range(8, 8 + 4 * count, 4)]
        trunk = int.from_bytes(page[:4], "big")


def runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Ascending numbers as half-open ranges of neighbours."""
    first = end = -1
    for number in numbers:
        if number != end:
            if end > first:
                yield first, end
            first = number
        end = number + 1
    if end > first:
        yield first, end


def _make_hole(file: int, offset: int, length: int) -> bool:
    """Whether the system can do that, with this file. Python has no call for it."""
    try:
        fallocate = ctypes.CDLL(None, use_errno=True).fallocate64
    except (OSError, AttributeError):
        return False
    fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
    return bool(fallocate(file, _KEEP_SIZE | _PUNCH_HOLE, offset, length) == 0)
