"""Choosing files: every file that is to be sent goes through `choose` first, before a byte of it is sealed."""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from mimetypes import MimeTypes
from pathlib import Path
from typing import BinaryIO

from crypto.attachment import LONGEST_FILE, Attachment
from crypto.claims import MOST_CLAIMS
from crypto.encoding import write_object
from crypto.errors import DrempelError
from crypto.message import LONGEST_META

# What else a message's meta holds at most: the addressees, 256 ids of 40 letters, and the parents.
REST_OF_META = 14 * 1024
UNKNOWN_TYPE = "application/octet-stream"
# Of Python itself and not of the machine, whose own list of types would be one more thing that tells who sends.
_TYPES = MimeTypes().types_map[True]


@dataclass(frozen=True)
class Stamp:
    """What differs once a file is written to, as far as a file system tells.

    The moment of the last change of the inode is part of it: unlike that of the content, no program can set it back.
    """

    size: int
    modified: int
    changed: int
    device: int
    inode: int

    def to_bytes(self) -> bytes:
        """The same for the same state of the same file, and for no other."""
        return repr((self.size, self.modified, self.changed, self.device, self.inode)).encode("ascii")


def stamp_of(file: BinaryIO) -> Stamp:
    """The stamp of an open file as it is now."""
    found = os.fstat(file.fileno())
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_dev, found.st_ino)


@dataclass(frozen=True)
class Chosen:
    """A file as it is going to be sent: the name and media type that travel, and the state it was in when chosen."""

    name: str
    type: str
    path: Path = field(repr=False)
    stamp: Stamp = field(repr=False)

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return self.stamp.size

    def open(self) -> BinaryIO:
        """A reader at its beginning; DrempelError `attachment-changed` if it is no longer as it was chosen."""
        file = _opened(self.path)
        if stamp_of(file) != self.stamp:
            file.close()
            raise DrempelError("attachment-changed", shown(self.name))
        return file


def choose(path: Path, largest: int) -> Chosen:
    """A file that somebody wants to send, as it is going to be sent.

    DrempelError, with its name: `attachment-unreadable`, or `attachment-too-large` above `largest` bytes.

    The one way from a path to what is sealed. Whatever is to be done to a file between choosing and sealing, such as
    taking out what it says about its author, belongs here: what is given back is all that the rest will read.
    """
    name = _text(path.name)
    with _opened(path) as file:
        _settle(file)
        stamp = stamp_of(file)
        _check_end(file, stamp, name)
    if stamp.size > min(largest, LONGEST_FILE):
        at_most = f"{shown(name)}: at most {min(largest, LONGEST_FILE):,} bytes."
        raise DrempelError("attachment-too-large", at_most)
    return Chosen(name, _TYPES.get(path.suffix.lower(), UNKNOWN_TYPE), path, stamp)


def choose_all(paths: Iterable[Path], largest: int) -> list[Chosen]:
    """All files of a message, before anything of it is sent; DrempelError as of `choose`, or `attachments-too-many`."""
    asked = list(paths)
    if len(asked) > MOST_CLAIMS:
        raise DrempelError("attachments-too-many")
    chosen = [choose(path, largest) for path in asked]
    empty = [Attachment(file.name, file.type, file.size, bytes(32), bytes(32)).to_json() for file in chosen]
    # What can't be said in the end had better be said before gigabytes of it have travelled.
    if len(write_object({"attachments": empty})) > LONGEST_META - REST_OF_META:
        raise DrempelError("attachments-too-many")
    return chosen


def shown(name: str) -> str:
    """A file's name on one line, with nothing in it that could play tricks on a terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in name)


def unreadable(name: str, why: str) -> DrempelError:
    """What to raise about a file that can't be read."""
    return DrempelError("attachment-unreadable", f"{shown(name)}: {why}.")


def _text(name: str) -> str:
    """A name as text. To the system it is bytes, and what of it is no text can't travel as text."""
    return name.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="replace")


def _check_end(file: BinaryIO, stamp: Stamp, name: str) -> None:
    """`attachment-unreadable` if a file has, or may have, more bytes than it says.

    What a system makes up while it is read says 0: it would travel as nothing, and nobody would know.
    """
    try:
        goes_on = bool(os.pread(file.fileno(), 1, stamp.size)) and stamp_of(file) == stamp
    except OSError as problem:
        if stamp.size:
            return  # reading it will tell; of one that says 0, nothing would ever be read
        raise unreadable(name, problem.strerror or "it does not read") from None
    if goes_on:
        raise unreadable(name, "there is more in it than its length says")


def _settle(file: BinaryIO) -> None:
    """Have on the disk what is in memory only: until then, a program that has it mapped changes it without a trace.

    The system notes the time of such a change at the first one after that, and at no later one.
    """
    with suppress(OSError):  # not where nothing can be written, but there nothing changes either
        os.fdatasync(file.fileno())


def _opened(path: Path) -> BinaryIO:
    name = _text(path.name)
    try:
        # Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
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
