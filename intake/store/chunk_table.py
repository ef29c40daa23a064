"""The second database of a data folder: the sealed chunks of files, and nothing that says whose they are.

Its settings differ from those of the first, for its rows are large, are written once, and come one after the other:

- A rollback journal and no write-ahead log. A page that is appended is written once, where the log writes it twice:
  measured here 500 to 900 MB/s against 400.
- Pages of 8 KiB. Those of 64 KiB are a third faster, but a chunk would take five of them, for the few bytes that it
  has beyond four; those of 4 KiB are a fifth slower.
- No byte of a chunk lies in a page of the B-tree. When such a page is split, copies of cells stay behind in its gaps
  (erasure.py), and to look for them would mean to read all such pages with every deletion. So a row begins with as many
  zeros as SQLite keeps in the B-tree, and ends with as many as make it keep no more. The rest lies in overflow pages,
  which are overwritten as a whole when the row goes (`secure_delete`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from intake.store.errors import Conflict

PAGE_BYTES = 8192
NUMBER_BITS = 47
CHUNK_BITS = 16  # so that number and chunk make one key of 63 bits, and a blob's chunks lie together
CHUNK_BYTES = 262_160
# By sqlite.org/fileformat2.html, section 1.6, with a header of 9 bytes: of a row of this size, the first 1,003 bytes
# lie in the B-tree and the rest in 33 overflow pages. A test looks.
ZEROS_BEFORE, ZEROS_AFTER = 1000, 7400
ROW_BYTES = 34 * PAGE_BYTES  # with its share of the B-tree
# An operator's backup holds the file now and then, for milliseconds.
BUSY_SECONDS = 10.0

VERSION = 1
SCHEMA = """
CREATE TABLE chunk (
    key    INTEGER NOT NULL PRIMARY KEY,   -- number of its blob << 16 | number of the chunk: random, then ascending
    before BLOB    NOT NULL,               -- zeros
    bytes  BLOB    NOT NULL,               -- sealed
    after  BLOB    NOT NULL                -- zeros
) STRICT;
"""
_INSERT = "INSERT INTO chunk (key, before, bytes, after) VALUES (?, zeroblob(?), ?, zeroblob(?))"


def connect_chunks(path: Path) -> sqlite3.Connection:
    """Open the database of chunks, in autocommit mode. Raises `sqlite3.Error` if it cannot be."""
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=BUSY_SECONDS
    )
    try:
        for pragma in (
            "journal_mode = TRUNCATE",
            "synchronous = FULL",  # a reply means: on the disk
            "secure_delete = ON",  # what is deleted is overwritten
            "temp_store = MEMORY",
            "trusted_schema = OFF",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _key(number: int, chunk: int) -> int:
    return number << CHUNK_BITS | chunk


def is_new(connection: sqlite3.Connection, number: int, first: int, chunks: Sequence[bytes]) -> bool:
    """Whether any of these chunks is not there yet. Raises `Conflict` if one is there with other bytes."""
    return len(_same(connection, number, first, chunks)) < len(chunks)


def put(connection: sqlite3.Connection, number: int, first: int, chunks: Sequence[bytes]) -> None:
    """Insert the chunks `first`, `first` + 1 ... but those that are there. Raises `Conflict`."""
    there = _same(connection, number, first, chunks)
    connection.executemany(
        _INSERT,
        (
            (key, ZEROS_BEFORE, chunk, ZEROS_AFTER)
            for key, chunk in enumerate(chunks, _key(number, first))
            if key not in there
        ),
    )


def _same(connection: sqlite3.Connection, number: int, first: int, chunks: Sequence[bytes]) -> set[int]:
    start = _key(number, first)
    rows = connection.execute(
        "SELECT key, bytes FROM chunk WHERE key BETWEEN ? AND ?", (start, start + len(chunks) - 1)
    )
    there = set()
    with closing(rows):  # an unfinished cursor would keep its lock
        for key, stored in rows:
            if stored != chunks[key - start]:
                raise Conflict
            there.add(key)
    return there


def stored(connection: sqlite3.Connection, number: int) -> list[tuple[int, int]]:
    """The numbers of the chunks of a blob that are there, as ascending half-open ranges."""
    start = _key(number, 0)
    ranges: list[tuple[int, int]] = []
    for (key,) in connection.execute(
        "SELECT key FROM chunk WHERE key BETWEEN ? AND ? ORDER BY key", (start, _last(number))
    ):
        chunk = key - start
        if ranges and ranges[-1][1] == chunk:
            ranges[-1] = (ranges[-1][0], chunk + 1)
        else:
            ranges.append((chunk, chunk + 1))
    return ranges


def read(connection: sqlite3.Connection, number: int, first: int, end: int) -> list[bytes]:
    """The chunks from `first` on before `end`, as far as they are there one after the other."""
    rows = connection.execute(
        "SELECT key, bytes FROM chunk WHERE key BETWEEN ? AND ? ORDER BY key",
        (_key(number, first), _key(number, end) - 1),
    )
    found: list[bytes] = []
    with closing(rows):
        for key, chunk in rows:
            if key != _key(number, first + len(found)):
                break
            found.append(chunk)
    return found


def erase(connection: sqlite3.Connection, number: int, limit: int) -> bool:
    """Delete at most `limit` chunks of a blob; True once none is left."""
    deleted = connection.execute(
        "DELETE FROM chunk WHERE key IN (SELECT key FROM chunk WHERE key BETWEEN ? AND ? LIMIT ?)",
        (_key(number, 0), _last(number), limit),
    )
    return deleted.rowcount < limit


def numbers(connection: sqlite3.Connection, after: int, limit: int) -> list[int]:
    """The next numbers that have chunks, ascending: a seek each, however many chunks there are."""
    found: list[int] = []
    while len(found) < limit:
        row = connection.execute(
            "SELECT key >> ? FROM chunk WHERE key > ? ORDER BY key LIMIT 1", (CHUNK_BITS, _last(after))
        ).fetchone()
        if row is None:
            break
        after = row[0]
        found.append(after)
    return found


def _last(number: int) -> int:
    return _key(number, (1 << CHUNK_BITS) - 1)
