"""Choosing files. Every file goes through `choose` before a byte of it is sealed."""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from mimetypes import MimeTypes
from pathlib import Path
from typing import BinaryIO

from crypto.public.encoding import write_object
from crypto.public.errors import DrempelError
from crypto.public.limits import LONGEST_FILE, LONGEST_META, MOST_CLAIMS
from crypto.secret.attachment import Attachment

# The rest of a message's meta at most: the addressees, 256 ids of 40 letters, and the parents.
REST_OF_META = 14 * 1024
UNKNOWN = "\ufffd"
"""Replaces the characters of a name that can't be decoded."""
UNKNOWN_TYPE = "application/octet-stream"
# Python's own list of types. That of the machine would help to identify the sender.
_TYPES = MimeTypes().types_map[True]


@dataclass(frozen=True)
class Stamp:
    """The state of a file, which differs after each write as far as the file system tells.

    It includes the time of the inode's last change (ctime): unlike the content's (mtime), no program can set it back.
    """

    size: int
    modified: int
    changed: int
    device: int
    inode: int

    def to_bytes(self) -> bytes:
        """Bytes that are the same for the same state of the same file, and for no other."""
        return repr((self.size, self.modified, self.changed, self.device, self.inode)).encode("ascii")


def stamp_of(file: BinaryIO) -> Stamp:
    """The stamp of an open file as it is now."""
    found = os.fstat(file.fileno())
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_dev, found.st_ino)


@dataclass(frozen=True)
class ChosenFile:
    """A file to be sent: the name and media type that travel with it, and its state when it was chosen."""

    name: str
    type: str
    path: Path = field(repr=False)
    stamp: Stamp = field(repr=False)

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return self.stamp.size

    def open(self) -> BinaryIO:
        """Open the file for reading; DrempelError `attachment-changed` if its state is no longer the chosen one."""
        file = _opened(self.path)
        if stamp_of(file) != self.stamp:
            file.close()
            raise DrempelError("attachment-changed", shown(self.name))
        return file


def choose(path: Path, largest: int) -> ChosenFile:
    """Check the file at a path, and give it as it is going to be sent.

    DrempelError, with its name: `attachment-unreadable`, or `attachment-too-large` above `largest` bytes.

    This is the only way from a path to a sealed file. Any change to a file between choosing and sealing, such as
    removing metadata about its author, belongs here: the rest of the client reads only what this returns.
    """
    name = _text(path.name)
    with _opened(path) as file:
        _flush(file)
        stamp = stamp_of(file)
        _check_end(file, stamp, name)
    if stamp.size > min(largest, LONGEST_FILE):
        at_most = f"{shown(name)}: at most {min(largest, LONGEST_FILE):,} bytes."
        raise DrempelError("attachment-too-large", at_most)
    return ChosenFile(name, _TYPES.get(path.suffix.lower(), UNKNOWN_TYPE), path, stamp)


def choose_all(paths: Iterable[Path], largest: int) -> list[ChosenFile]:
    """Choose all files of a message, before any is sent; DrempelError as of `choose`, or `attachments-too-many`."""
    asked = list(paths)
    if len(asked) > MOST_CLAIMS:
        raise DrempelError("attachments-too-many")
    chosen = [choose(path, largest) for path in asked]
    empty = [Attachment(file.name, file.type, file.size, bytes(32), bytes(32)).to_json() for file in chosen]
    # The meta must have room for all of them: better to refuse now than after gigabytes have been sent.
    if len(write_object({"attachments": empty})) > LONGEST_META - REST_OF_META:
        raise DrempelError("attachments-too-many")
    return chosen


def shown(name: str) -> str:
    """A file's name for printing: one line, without characters that a terminal acts on."""
    return "".join(letter if letter.isprintable() else UNKNOWN for letter in name)


def unreadable(name: str, why: str) -> DrempelError:
    """The error for a file that can't be read."""
    return DrempelError("attachment-unreadable", f"{shown(name)}: {why}.")


def _text(name: str) -> str:
    """Decode a file's name, which is bytes to the system: as UTF-8, else as the locale says.

    Bytes that are neither can't travel as text: U+FFFD replaces them.
    """
    data = os.fsencode(name)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        # Python keeps bytes that the locale can't decode as surrogates, which are not printable.
        return name if name.isprintable() else data.decode("utf-8", errors="replace")


def _check_end(file: BinaryIO, stamp: Stamp, name: str) -> None:
    """Refuse a file that has, or may have, more bytes than its size says: `attachment-unreadable`.

    Files that the system generates while they are read, as in /proc, have size 0: they would be sent empty, unnoticed.
    """
    try:
        goes_on = bool(os.pread(file.fileno(), 1, stamp.size)) and stamp_of(file) == stamp
    except OSError as problem:
        if stamp.size:
            return  # reading it will fail too; a file of size 0 is never read
        raise unreadable(name, problem.strerror or "it does not read") from None
    if goes_on:
        raise unreadable(name, "there is more in it than its length says")


def _flush(file: BinaryIO) -> None:
    """Flush the file to disk: a write through a memory map changes the timestamps only after a flush.

    The system notes the time at the first such write after the flush, and at no later one.
    """
    with suppress(OSError):  # fails on a read-only file system, where nothing changes either
        os.fdatasync(file.fileno())


def _opened(path: Path) -> BinaryIO:
    name = _text(path.name)
    try:
        # Without O_NONBLOCK, opening a pipe without a writer would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as problem:
        raise unreadable(name, problem.strerror or "it does not open") from None
    except ValueError:  # a zero byte in the name
        raise unreadable(name, "there is no such name") from None
    kind = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(kind):
        os.close(descriptor)
        raise unreadable(name, "It is a folder" if stat.S_ISDIR(kind) else "It is no ordinary file")
    return os.fdopen(descriptor, "rb", buffering=0)
