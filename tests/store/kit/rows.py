"""Makes rows for a store: organisations, mailboxes and envelopes from a few numbers."""

import hashlib
import os
from pathlib import Path

from crypto.public.blobs import CHUNK_LENGTH
from intake.store import Mailbox, Organisation, Store

ORGANISATION = Organisation(id=b"O" * 32, slug="town-hall", retention_days=90, slots=2, directory_version=1)
DIRECTORY = b'{"directory": 1}'
DAY = 20_000
LIMITS = (1 << 30, 1 << 20, 1 << 20)  # bytes, envelopes, files: as good as none


def content(seed: bytes, size: int = 4196) -> bytes:
    """Bytes that follow from a seed, such as an id."""
    return hashlib.shake_256(seed).digest(size)


def mailbox(
    id: bytes = b"", *, day: int = DAY, expiry_day: int = DAY + 90, tombstone_day: int = DAY + 70
) -> Mailbox:
    """A mailbox whose record follows from its id, which is random unless given."""
    own = id or os.urandom(32)
    return Mailbox(own, ORGANISATION.id, content(own, 225), day, expiry_day, tombstone_day)


async def listed(store: Store, today: int = DAY, organisation: bytes = ORGANISATION.id) -> list[bytes]:
    """The ids of all mailboxes that the store lists for an organisation, ascending."""
    return sorted(box.id for box in await store.mailboxes(organisation, None, 1 << 20, today))


def sealed(name: bytes, number: int = 0) -> bytes:
    """A chunk of a file, full of its name, so that every part of it can be searched for."""
    block = name[:24] + number.to_bytes(8, "big")
    return (block * (CHUNK_LENGTH // 32 + 1))[:CHUNK_LENGTH]


def files_holding(folder: Path, needle: bytes) -> list[str]:
    """The names of the files of a folder in which these bytes are found."""
    return sorted(file.name for file in folder.iterdir() if needle in file.read_bytes())
