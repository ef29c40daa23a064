"""The packed forms in which browsers keep things: what stands in a file besides its plain bytes."""

import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import lz4.block

MOST = 1 << 28  # bytes that one packed thing may become
MOZLZ4 = b"mozLz40\0"
SQLITE = b"SQLite format 3\0"
LEVELDB = bytes.fromhex("57fb808b247547db")
GZIP = b"\x1f\x8b\x08"
ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
LEAST = 8  # bytes; anything shorter is no secret


class NotSnappy(Exception):
    """These bytes are something else."""


def unpacked(path: Path, data: bytes) -> Iterator[bytes]:
    """Everything packed in a file, as far as these formats go; the plain bytes are not repeated."""
    if data.startswith(MOZLZ4):
        yield lz4.block.decompress(data[len(MOZLZ4) :])
    if data.startswith(SQLITE):
        yield from values(path)
    if data.endswith(LEVELDB):
        yield from blocks(data)
    yield from streams(data)


def streams(data: bytes) -> Iterator[bytes]:
    """The content of gzip and zlib streams anywhere in the data, truncated ones included."""
    view = memoryview(data)
    for mark in (GZIP, *ZLIB):
        at = data.find(mark)
        while at >= 0:
            stream = zlib.decompressobj(47)  # either of the two
            try:
                found = stream.decompress(view[at:], MOST)
            except zlib.error:
                found = b""
            if len(found) >= LEAST:
                yield found
            at = data.find(mark, at + 1)


def values(path: Path) -> Iterator[bytes]:
    """Every text and blob in an SQLite database, whole and, where it is Snappy, unpacked: local storage is."""
    # From a copy, with its write-ahead log: to read that is to empty it.
    with TemporaryDirectory() as folder:
        for part in ("", "-wal"):
            source = path.with_name(path.name + part)
            if source.exists():
                shutil.copyfile(source, Path(folder) / f"copy{part}")
        with closing(sqlite3.connect(Path(folder) / "copy")) as database:
            database.text_factory = bytes
            for value in _cells(database):
                yield from _forms(value)


def _cells(database: sqlite3.Connection) -> Iterator[bytes]:
    named = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0")
    for (table,) in named.fetchall():
        quoted = table.decode("utf-8").replace('"', '""')
        for row in database.execute(f'SELECT * FROM "{quoted}"'):  # noqa: S608  # the name is the file's own
            yield from (value for value in row if isinstance(value, bytes))


def _forms(value: bytes) -> Iterator[bytes]:
    if len(value) >= LEAST:
        yield value
        with suppress(NotSnappy):
            yield snappy(value)


def blocks(table: bytes) -> Iterator[bytes]:
    """The packed blocks of a LevelDB table; those that are not packed are in the plain bytes."""
    footer = table[-48:]
    _, at = _handle(footer, 0)
    index, _ = _handle(footer, at)
    for where in _handles(_block(table, index)):
        yield _block(table, where)


def _block(table: bytes, handle: tuple[int, int]) -> bytes:
    offset, size = handle
    data = table[offset : offset + size]
    return snappy(data) if table[offset + size] == 1 else data


def _handles(index: bytes) -> Iterator[tuple[int, int]]:
    """The values of an index block: entries of shared length, own length, value length, key, value."""
    end = len(index) - 4 - 4 * int.from_bytes(index[-4:], "little")
    at = 0
    while at < end:
        _, at = _varint(index, at)
        own, at = _varint(index, at)
        size, at = _varint(index, at)
        yield _handle(index, at + own)[0]
        at += own + size


def _handle(data: bytes, at: int) -> tuple[tuple[int, int], int]:
    offset, at = _varint(data, at)
    size, at = _varint(data, at)
    return (offset, size), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise NotSnappy
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def snappy(data: bytes) -> bytes:
    """Unpack raw Snappy; NotSnappy unless every byte fits and the length is as announced."""
    size, at = _varint(data, 0)
    out = bytearray()
    while at < len(data) and len(out) < size <= MOST:
        tag = data[at]
        if tag & 3 == 0:
            length, at = _literal(data, at)
            out += data[at : at + length]
            at += length
        else:
            length, back, at = _copy(data, at)
            if not 0 < back <= len(out):
                raise NotSnappy
            for _ in range(length):  # it may overlap what it makes
                out.append(out[-back])
    if at != len(data) or len(out) != size:
        raise NotSnappy
    return bytes(out)


def _literal(data: bytes, at: int) -> tuple[int, int]:
    length = data[at] >> 2
    if length < 60:
        return length + 1, at + 1
    wide = length - 59
    return int.from_bytes(data[at + 1 : at + 1 + wide], "little") + 1, at + 1 + wide


def _copy(data: bytes, at: int) -> tuple[int, int, int]:
    tag, wide = data[at], (1, 2, 4)[(data[at] & 3) - 1]
    back = int.from_bytes(data[at + 1 : at + 1 + wide], "little")
    if wide == 1:
        return (tag >> 2 & 7) + 4, (tag >> 5) << 8 | back, at + 2
    return (tag >> 2) + 1, back, at + 1 + wide
