"""Keeps chunks in slots of one flat file: which slots are free, what is written, what is overwritten.

Rows of the database say which chunk lies in which slot (chunks.py). A slot that no row names is free, and
holds nothing: it is overwritten with zeros, these are on the disk, and only then it is given back. A hole is
punched there too, so that the disk has the room again: an attacker could send files until it is full and
never claim them. Linux can do that; elsewhere the room is only reused for other files.

So what lies in a free slot was left by a batch that a crash undid, or is younger than a backup of the
database that was put back. The opening overwrites it. It is found without a note and without reading the
file: the file system says where there is data in free slots (`SEEK_DATA`).

A new chunk takes one of many free slots at random, else the order of slots would be that of arrival. For that
the file grows before it has to, by zeros that take no room.
"""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path

from intake.store.errors import Malformed, StorageFull

SLOT_BYTES = 65 * 4096  # the whole pages that a sealed chunk of 262,160 bytes needs; a test compares
# A new chunk has at least half of so many slots to choose from, and a sixteenth of the file's.
SPREAD_SLOTS = 256
BLOCK_BYTES = 512  # of which `st_blocks` is a number (POSIX)
_ZEROS = bytes(SLOT_BYTES)
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_KEEP_SIZE, _PUNCH_HOLE = 1, 2  # linux/falloc.h


class Slots:
    """The slots of one file. Only `read` may be called by several threads at a time."""

    def __init__(self, path: Path, used: Sequence[int], *, reserve_bytes: int) -> None:
        """Open the file and overwrite what lies in slots that are not `used`. Raises `OSError`.

        Nothing is written where less than `reserve_bytes` would then be left on the disk.
        """
        self.reserve_bytes = reserve_bytes
        self._unclean: list[int] = []  # neither free nor named by a row, until `clean` succeeds
        self._punches = True
        self._file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            in_file = -(-os.fstat(self._file).st_size // SLOT_BYTES)
            self._count = max(in_file, max(used, default=-1) + 1)
            is_free = bytearray(b"\1") * self._count
            for slot in used:
                is_free[slot] = 0
            self._free = array("q", (slot for slot, free in enumerate(is_free) if free))
            self.overwrite(self._strays())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def write(self, chunks: Sequence[bytes]) -> list[int]:
        """Write chunks into free slots, which `sync` makes durable; returns these slots.

        Raises `StorageFull`, and then `clean` has to be called; `Malformed` if one is larger than a slot.
        """
        if any(len(chunk) > SLOT_BYTES for chunk in chunks):
            raise Malformed
        slots = []
        try:
            self._check_room(len(chunks) * SLOT_BYTES)
            for chunk in chunks:
                slots.append(self._take())
                self._write(chunk, slots[-1])
        except OSError:
            self.disown(slots)
            raise StorageFull from None
        return slots

    def sync(self) -> None:
        """Wait until all that was written is on the disk. Raises `OSError`."""
        os.fdatasync(self._file)

    def read(self, slot: int, length: int) -> bytes:
        """The first `length` bytes of a slot, or fewer at the end of the file. Raises `OSError`."""
        return os.pread(self._file, length, slot * SLOT_BYTES)

    def overwrite(self, slots: Sequence[int]) -> None:
        """Overwrite slots with zeros, wait for the disk, then punch holes. Raises `OSError`.

        Where a full disk took a part of a chunk, zeros for the rest find no room: only the hole ends those.
        """
        short = set()
        for slot in slots:
            try:
                self._write(_ZEROS, slot)
            except OSError as error:
                if error.errno not in _NO_ROOM:
                    raise
                short.add(slot)
        if slots:
            self.sync()
        for slot in slots:
            self._punches = _punch_hole(self._file, slot * SLOT_BYTES)
            if slot in short and not self._punches:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def give_back(self, slots: Iterable[int]) -> None:
        """Free slots that are overwritten and that no row names any more."""
        self._free.extend(slots)

    def disown(self, slots: Iterable[int]) -> None:
        """Note slots that were written and that no row will name; `clean` frees them."""
        self._unclean += slots

    def clean(self) -> None:
        """Overwrite and free the disowned slots. Raises `OSError`; then they stay disowned."""
        self.overwrite(self._unclean)
        self.give_back(self._unclean)
        self._unclean.clear()

    def _check_room(self, size: int) -> None:
        """Raise `StorageFull` if that would use the reserve. Free slots without holes count as room."""
        disk, file = os.fstatvfs(self._file), os.fstat(self._file)
        room = max(0, disk.f_bavail * disk.f_frsize - self.reserve_bytes)
        if not self._punches:
            taken = self._count - len(self._free)
            room += max(0, file.st_blocks * BLOCK_BYTES - taken * SLOT_BYTES)
        if size > room:
            raise StorageFull

    def _take(self) -> int:
        spread = max(SPREAD_SLOTS, self._count // 8)
        if len(self._free) <= spread // 2:
            self._free.extend(range(self._count, self._count + spread))
            self._count += spread
        at = secrets.randbelow(len(self._free))
        self._free[at], self._free[-1] = self._free[-1], self._free[at]
        return self._free.pop()

    def _write(self, content: bytes, slot: int) -> None:
        left, at = memoryview(content), slot * SLOT_BYTES
        while left:  # a disk that gets full takes a part before it fails
            written = os.pwrite(self._file, left, at)
            left, at = left[written:], at + written

    def _strays(self) -> list[int]:
        """The free slots that are not empty, while all are in ascending order."""
        strays, data = [], -1
        for slot in self._free:
            start = slot * SLOT_BYTES
            if data < start:
                data = self._data_from(start)
            if data < start + SLOT_BYTES and self.read(slot, SLOT_BYTES).strip(b"\0"):
                strays.append(slot)
        return strays

    def _data_from(self, start: int) -> int:
        try:
            return os.lseek(self._file, start, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:  # nothing but a hole follows
                raise
            return self._count * SLOT_BYTES


def _punch_hole(file: int, offset: int) -> bool:
    """Make a hole of a slot, for which Python has no call; whether the system can do that with this file."""
    try:
        fallocate = ctypes.CDLL(None, use_errno=True).fallocate64
    except (OSError, AttributeError):
        return False
    fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
    return bool(fallocate(file, _KEEP_SIZE | _PUNCH_HOLE, offset, SLOT_BYTES) == 0)
