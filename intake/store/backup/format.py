"""The bytes of a backup (docs/backup.md): a line with the version, frames with one record each, and an end frame.

The end frame holds how many records of each kind came, and a SHA-256 of everything before it, so that no part of a
backup can be missing or changed without being seen. It protects against disks, not against people: whoever can
write the file can make another hash.
"""

from __future__ import annotations

import hashlib
import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from intake.store.backup import records
from intake.store.backup.records import Record
from intake.store.errors import BackupDamaged, BackupTooNew, NotABackup
from intake.store.interface import Clock, Organisation

VERSION: Final = 1
_MAGIC: Final = b"drempel backup "
_FIRST_LINE: Final = _MAGIC + b"%d\n" % VERSION
_LONGEST_VERSION: Final = 9  # digits
_HEAD: Final = struct.Struct(">cI")  # a frame's kind, and the length of what follows
_LENGTH: Final = struct.Struct(">I")  # of a field
_NUMBER: Final = struct.Struct(">q")
_COUNT: Final = struct.Struct(">cQ")
_HASH_BYTES: Final = 32
_END: Final = b"Z"
# A longer record is no record: the largest is a keyring of 34 MiB.
LONGEST_RECORD: Final = 64 * 1024 * 1024
# So many bytes of records are handed on at a time, or one record.
PORTION_BYTES: Final = 2 * 1024 * 1024

# The kinds in the order in which they come, and their fields: b bytes, t text, n number, o number or nothing.
_KINDS: Final[Mapping[bytes, tuple[type[Record], str]]] = {
    b"O": (Organisation, "btnnn"),
    b"D": (records.Directory, "bnb"),
    b"L": (records.Login, "bbt"),
    b"S": (records.Statement, "btnb"),
    b"W": (records.WeekKey, "btnb"),
    b"K": (records.Keyring, "btnb"),
    b"G": (records.Tombstone, "bn"),
    b"T": (Clock, "non"),
    b"M": (records.OpenedMailbox, "bbbnnnbb"),
    b"E": (records.LaterEnvelope, "bbnb"),
    b"F": (records.File, "bbn"),
    b"C": (records.Chunk, "nb"),
}
_KIND_OF: Final = {record: kind for kind, (record, _) in _KINDS.items()}
_RANK: Final = {kind: rank for rank, kind in enumerate(_KINDS)} | {b"C": list(_KINDS).index(b"F")}


@dataclass(frozen=True)
class Summary:
    """What is known of a whole backup: its length, the SHA-256 of the file, and how many mailboxes are in it."""

    bytes: int
    sha256: str
    mailboxes: int


class BackupWriter:
    """Turns records into the bytes of a backup."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._counts: Counter[bytes] = Counter()
        self._begun = False

    def add(self, portion: Sequence[Record]) -> bytes:
        """The frames of some records."""
        parts = [] if self._begun else [_FIRST_LINE]
        self._begun = True
        for record in portion:
            kind = _KIND_OF[type(record)]
            self._counts[kind] += 1
            parts.append(frame(record))
        written = b"".join(parts)
        self._hash.update(written)
        return written

    def end(self) -> bytes:
        """The end frame. The backup is worth nothing without it."""
        counts = b"".join(_COUNT.pack(kind, self._counts[kind]) for kind in _KINDS)
        begin, end = self.add([]), _HEAD.pack(_END, len(counts) + _HASH_BYTES) + counts
        self._hash.update(end)
        return begin + end + self._hash.digest()


def frame(record: Record) -> bytes:
    """The bytes of a record."""
    parts = [b""]
    for value in vars(record).values():
        field = _field(value)
        parts += [_LENGTH.pack(len(field)), field]
    parts[0] = _HEAD.pack(_KIND_OF[type(record)], sum(map(len, parts)))
    return b"".join(parts)


def _field(value: bytes | str | int | None) -> bytes:
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    return value.encode("utf-8") if isinstance(value, str) else _NUMBER.pack(value)


class BackupReader:
    """Reads a backup, and checks it: its bytes, its counts, the order of its records, and that each file is whole.

    What its portions hold is not to be believed before the last of them was read.
    """

    def __init__(self, file: BinaryIO) -> None:
        """Read the first line. Raises `NotABackup`, `BackupTooNew`, OSError."""
        self._file = file
        self._hash = hashlib.sha256()
        self._length = 0
        self._counts: Counter[bytes] = Counter()
        self._rank = 0
        self._chunks_left = self._chunks_of_file = 0
        self._is_whole = False
        line = self._file.readline(len(_MAGIC) + _LONGEST_VERSION + 1)
        version = line[len(_MAGIC) : -1]
        if not (line.startswith(_MAGIC) and line.endswith(b"\n") and version.isdigit()):
            raise NotABackup
        if int(version) > VERSION:
            raise BackupTooNew
        if self._seen(line) != _FIRST_LINE:
            raise NotABackup

    def portions(self) -> Iterator[list[Record]]:
        """All records, some at a time. Raises `BackupDamaged`, before or after the last of them, and OSError."""
        portion: list[Record] = []
        size = 0
        while (head := _HEAD.unpack(self._read(_HEAD.size)))[0] != _END:
            kind, length = head
            if kind not in _KINDS or length > LONGEST_RECORD:
                raise BackupDamaged
            record = _record(kind, self._read(length))
            self._check_place(kind, record)
            portion.append(record)
            size += length
            if size >= PORTION_BYTES:
                yield portion
                portion, size = [], 0
        if portion:
            yield portion
        self._end(head[1])

    @property
    def summary(self) -> Summary:
        """Of a backup that was read to its end. Raises `BackupDamaged` before."""
        if not self._is_whole:
            raise BackupDamaged
        return Summary(self._length, self._hash.hexdigest(), self._counts[b"M"])

    def _end(self, length: int) -> None:
        if length != _COUNT.size * len(_KINDS) + _HASH_BYTES or self._chunks_left:
            raise BackupDamaged
        counts = dict(_COUNT.iter_unpack(self._read(length - _HASH_BYTES)))
        expected = self._hash.digest()
        if self._read(_HASH_BYTES) != expected or self._file.read(1):
            raise BackupDamaged
        if counts != {kind: self._counts[kind] for kind in _KINDS}:
            raise BackupDamaged
        self._is_whole = True

    def _check_place(self, kind: bytes, record: Record) -> None:
        self._counts[kind] += 1
        if _RANK[kind] < self._rank:
            raise BackupDamaged
        self._rank = _RANK[kind]
        if isinstance(record, records.Chunk):
            if not self._chunks_left or record.number != self._chunks_of_file - self._chunks_left:
                raise BackupDamaged
            self._chunks_left -= 1
        elif self._chunks_left:
            raise BackupDamaged
        if isinstance(record, records.File):
            self._chunks_left = self._chunks_of_file = record.chunks

    def _read(self, length: int) -> bytes:
        data = self._file.read(length)
        if len(data) != length:
            raise BackupDamaged
        return self._seen(data)

    def _seen(self, data: bytes) -> bytes:
        self._hash.update(data)
        self._length += len(data)
        return data


def _record(kind: bytes, body: bytes) -> Record:
    """Raises `BackupDamaged`."""
    record: Any
    record, types = _KINDS[kind]
    try:
        found: Record = record(*_fields(body, types))
    except (struct.error, UnicodeDecodeError):
        raise BackupDamaged from None
    return found


def _fields(body: bytes, types: str) -> Iterator[bytes | str | int | None]:
    at = 0
    for kind in types:
        (length,) = _LENGTH.unpack_from(body, at)
        at += _LENGTH.size + length
        field = body[at - length : at]
        if len(field) != length:
            raise BackupDamaged
        if kind == "b":
            yield field
        elif kind == "t":
            yield field.decode("utf-8")
        else:
            yield None if kind == "o" and not field else _NUMBER.unpack(field)[0]
    if at != len(body):
        raise BackupDamaged
