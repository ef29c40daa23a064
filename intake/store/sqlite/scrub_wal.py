"""Moves the write-ahead log into the database, and erases deleted bytes from both.

`secure_delete` overwrites a deleted cell and a freed page, but that is not enough:

- The log holds pages as they were before. It is moved into the database and cut to zero bytes.
- When a B-tree page is rebuilt, cells that moved to a neighbour stay behind in the page's unallocated gap, and
  `secure_delete` never gets there when the row is deleted later. Measured with SQLite 3.40: about one deleted
  mailbox in a hundred leaves its id and up to a kilobyte of ciphertext. So the gaps are overwritten here, in the
  file itself, as the file format (sqlite.org/fileformat2.html, section 1.6) says where they are.

Only a page that was written can have got something into its gap, and what is written goes through the log. So the
pages that the log holds are looked at before it is begun anew, and no others: the work depends on what was written
since, never on the size of the database. For that, nothing but the methods below may move the log: SQLite's own
checkpoints are off (connection.py). Another program that opens the database after a crash, or longest, moves it
too; then a gap may keep what it has.

Writing into the file is safe at that moment: it has all pages of the log; the write lock is held; and only bytes
outside of cells change, so neither a reader nor a crash midway can meet a half-changed row. Copies that the file
system keeps in freed blocks are beyond reach: use an encrypted disk.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from intake.store.sqlite.connection import BUSY_SECONDS

# Where a B-tree page's pointers to its cells begin, behind which is the gap: inner pages of indexes and tables, leaves.
_CELL_POINTERS = {2: 12, 5: 12, 10: 8, 13: 8}
_LOG_HEADER, _FRAME_HEADER = 32, 24  # bytes (section 4.1)
_FRAMES_AT_ONCE = 256


class Eraser:
    """Keeps one database file and its log free of deleted bytes. Its methods run on the writer's thread."""

    def __init__(self, database: Path) -> None:
        """Open the file beside SQLite's own connections. Raises `OSError`."""
        self._log = database.with_name(f"{database.name}-wal")
        self._file = os.open(database, os.O_RDWR | os.O_CLOEXEC)
        self._moved: tuple[int, bytes] | None = None  # the log as it was when all of it had been moved

    def close(self) -> None:
        """Close the file: only after all connections, for closing it drops this process's locks on it (POSIX)."""
        os.close(self._file)

    def checkpoint(self, connection: sqlite3.Connection) -> bool:
        """Move the log into the database without waiting for anybody, and overwrite the gaps of its pages.

        The next write then begins the log anew. False if a reader or a fault of the disk prevented it: then it has
        to be tried again, and no data is harmed.
        """
        try:
            with _without_waiting(connection):
                return self._move(connection)
        except (sqlite3.Error, OSError):
            return False

    def erase(self, connection: sqlite3.Connection) -> bool:
        """`checkpoint`, and cut the log to nothing. False if that has to be tried again."""
        try:
            with _without_waiting(connection):
                if not self._move(connection):
                    return False
                busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except (sqlite3.Error, OSError):
            return False
        # Cached pages still have the old bytes in their gaps, and would write them again.
        connection.execute("PRAGMA shrink_memory")
        return not busy

    def _move(self, connection: sqlite3.Connection) -> bool:
        others = connection.execute("PRAGMA data_version").fetchone()
        busy, frames, moved = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if busy or moved != frames:
            return False
        if self._state() == self._moved:
            return True
        (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
        connection.execute("BEGIN IMMEDIATE")
        try:
            if connection.execute("PRAGMA data_version").fetchone() != others:  # another program has written
                return False
            self._overwrite(dirty_gaps(self._log, self._file, frames, page_bytes))
            self._moved = self._state()
        finally:
            connection.execute("ROLLBACK")
        return True

    def _overwrite(self, gaps: dict[int, int]) -> None:
        for offset, length in gaps.items():
            os.pwrite(self._file, bytes(length), offset)
        if gaps:
            os.fsync(self._file)

    def _state(self) -> tuple[int, bytes]:
        """The log's length and its header, which is another whenever it is begun anew."""
        try:
            with self._log.open("rb") as log:
                return os.fstat(log.fileno()).st_size, log.read(_LOG_HEADER)
        except FileNotFoundError:
            return 0, b""


@contextmanager
def _without_waiting(connection: sqlite3.Connection) -> Iterator[None]:
    """Let nothing wait for other connections: behind a long read, each write would."""
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(1000 * BUSY_SECONDS)}")


def dirty_gaps(log: Path, file: int, frames: int, page_bytes: int) -> dict[int, int]:
    """Offset and length in the database of each unallocated gap that is not all zeros, in the pages of a log.

    All of its `frames` have been moved. `file` is a descriptor of the database.
    """
    suspects: set[int] = set()
    size = _FRAME_HEADER + page_bytes
    with log.open("rb") as frames_of:
        frames_of.seek(_LOG_HEADER)
        for first in range(0, frames, _FRAMES_AT_ONCE):
            data = frames_of.read(size * min(frames - first, _FRAMES_AT_ONCE))
            for at, kind in enumerate(data[_FRAME_HEADER::size]):
                start = at * size
                if kind in _CELL_POINTERS and _dirty_gap(data[start + _FRAME_HEADER : start + size]):
                    suspects.add(int.from_bytes(data[start : start + 4], "big") - 1)
    gaps = {}
    for page in suspects:  # which may have changed in a later frame
        if gap := _dirty_gap(os.pread(file, page_bytes, page * page_bytes)):
            gaps[page * page_bytes + gap[0]] = gap[1] - gap[0]
    return gaps


def _dirty_gap(page: bytes) -> tuple[int, int] | None:
    """(begin, end) of the gap of a B-tree's page, if it is not all zeros.

    Any other page begins with the number of a page, and so with a zero (connection.py); the first one, with a text.
    """
    pointers = _CELL_POINTERS.get(page[0])
    if pointers is None:
        return None
    begin = pointers + 2 * int.from_bytes(page[3:5], "big")
    end = int.from_bytes(page[5:7], "big")
    return (begin, end) if page[begin:end] != bytes(max(0, end - begin)) else None
