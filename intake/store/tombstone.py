"""The name under which a store remembers that a mailbox is gone, so that nobody can make it again."""

import hashlib


def tombstone_of(mailbox: bytes) -> bytes:
    """The hash (32 bytes) of a mailbox's id: it answers whether an id was there, and tells none."""
    return hashlib.sha256(b"tombstone" + mailbox).digest()
