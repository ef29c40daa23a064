"""What tests do with files: send them, give them to mailboxes, look for what is left of them."""

from collections.abc import Sequence
from pathlib import Path

from intake.store import BlobClaim, SqliteStore
from tests.store.rows import DAY, ORGANISATION, content, files_holding, mailbox, sealed


async def put(store: SqliteStore, name: bytes, first: int = 0, chunks: int = 3, day: int = DAY + 2) -> None:
    """Store some chunks of the file of this name."""
    await store.put_chunks(
        ORGANISATION.id, name, first, [sealed(name, first + at) for at in range(chunks)], day
    )


async def claimed(store: SqliteStore, name: bytes, chunks: int = 3) -> bytes:
    """A mailbox with a file; returns its id."""
    await put(store, name, chunks=chunks)
    box = mailbox()
    assert await store.create_mailbox(box, b"e" * 16, content(box.id), [BlobClaim(name, chunks)])
    return box.id


def holding(folder: Path, names: Sequence[bytes]) -> list[str]:
    """The files of the folder that hold a part of a chunk of these."""
    return [file for name in names for file in files_holding(folder, name[:24])]
