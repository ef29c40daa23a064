"""Reads a server's data folder: its files, and the values in its database."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

Table = tuple[str, list[str], list[tuple[object, ...]]]
"""Its name, its columns and its rows."""


def everything_in(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path, without its holes: many megabytes to search, and nothing in them."""
    return {
        str(item.relative_to(folder)): without_holes(item) for item in folder.rglob("*") if item.is_file()
    }


def without_holes(path: Path) -> bytes:
    """What a sparse file holds."""
    parts = []
    with path.open("rb", buffering=0) as file, suppress(OSError):  # ENXIO: nothing but a hole follows
        end = 0
        while True:
            start = os.lseek(file.fileno(), end, os.SEEK_DATA)
            end = os.lseek(file.fileno(), start, os.SEEK_HOLE)
            parts.append(os.pread(file.fileno(), end - start, start))
    return b"".join(parts)


def founding_of(data: Path) -> bytes:
    """Values of the founding that no client ever sends again: keyrings, keys, signatures, ids."""
    connection = sqlite3.connect(f"file:{data / 'store.sqlite'}?mode=ro", uri=True)
    pieces: list[bytes] = []
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        for row in connection.execute(f"SELECT * FROM {table}"):  # noqa: S608 - names from the schema
            pieces += [value for value in row if isinstance(value, bytes)]
    connection.close()
    return b"".join(pieces)


def tables_of(data: Path) -> list[Table]:
    """All tables of the database."""
    connection = sqlite3.connect(f"file:{data / 'store.sqlite'}?mode=ro", uri=True)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    tables = []
    for name in names:
        cursor = connection.execute(f"SELECT * FROM {name}")  # noqa: S608 - names from the schema
        tables.append((name, [column[0] for column in cursor.description], cursor.fetchall()))
    connection.close()
    return tables
