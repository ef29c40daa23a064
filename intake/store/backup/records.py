"""The records of a backup: all that a store holds, subject by subject, whatever the database.

`Organisation` and `Clock` are those of the interface; the others are here, since only a backup names them. What a
store draws for itself (keys of rows, slots, what is still to be erased) is no record: another store draws its own.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass

from intake.store.interface import Clock, Organisation

# No repr below, as in the interface: an id or a record in a traceback would outlive the mailbox.


@dataclass(frozen=True, repr=False)
class Directory:
    """One version of an organisation's directory."""

    organisation: builtins.bytes
    version: int
    bytes: builtins.bytes


@dataclass(frozen=True, repr=False)
class Login:
    """A login key that stands for a recipient."""

    organisation: bytes
    login_key: bytes
    recipient: str


@dataclass(frozen=True, repr=False)
class Statement:
    """A recipient's newest statement."""

    organisation: builtins.bytes
    recipient: str
    counter: int
    bytes: builtins.bytes


@dataclass(frozen=True, repr=False)
class WeekKey:
    """The public key of a recipient for one week."""

    organisation: bytes
    recipient: str
    week: int
    key: bytes


@dataclass(frozen=True, repr=False)
class Keyring:
    """A recipient's sealed keyring."""

    organisation: builtins.bytes
    recipient: str
    version: int
    bytes: builtins.bytes


@dataclass(frozen=True, repr=False)
class Tombstone:
    """That a mailbox is gone, until its day."""

    hash: bytes
    expiry_day: int


@dataclass(frozen=True, repr=False)
class OpenedMailbox:
    """A mailbox with the envelope that began it."""

    id: bytes
    organisation: bytes
    creation: bytes
    day: int
    expiry_day: int
    tombstone_day: int
    opening_id: bytes
    opening: bytes


@dataclass(frozen=True, repr=False)
class LaterEnvelope:
    """An envelope that came after the opening."""

    mailbox: builtins.bytes
    id: builtins.bytes
    day: int
    bytes: builtins.bytes


@dataclass(frozen=True, repr=False)
class File:
    """A file that belongs to a mailbox. Its chunks, 0 to `chunks` - 1, follow it at once."""

    blob: bytes
    mailbox: bytes
    chunks: int


@dataclass(frozen=True, repr=False)
class Chunk:
    """A chunk of the file before it."""

    number: int
    bytes: builtins.bytes


Record = (
    Organisation
    | Directory
    | Login
    | Statement
    | WeekKey
    | Keyring
    | Tombstone
    | Clock
    | OpenedMailbox
    | LaterEnvelope
    | File
    | Chunk
)
