"""Helpers for files: to send them, to claim them for mailboxes, to search for their traces."""

from collections.abc import Sequence
from pathlib import Path

from intake.store import BlobClaim, SqliteStore, Store
from tests.store.kit.rows import DAY, ORGANISATION, content, mailbox, sealed


async def put(store: Store, name: bytes, first: int = 0, chunks: int = 3, day: int = DAY + 2) -> None:
    """Store some chunks of the file of this name."""
    await store.put_chunks(
        ORGANISATION.id, name, first, [sealed(name, first + at) for at in range(chunks)], day
    )


async def claimed(store: Store, name: bytes, chunks: int = 3) -> bytes:
    """A mailbox with a file; returns its id."""
    await put(store, name, chunks=chunks)
    box = mailbox()
    assert await store.create_mailbox(box, b"e" * 16, content(box.id), [BlobClaim(name, chunks)])
    return box.id


def holding(folder: Path, names: Sequence[bytes]) -> list[str]:
    """The files of the folder that hold a part of a chunk of these."""
    contents = {file.name: file.read_bytes() for file in folder.iterdir()}
    return [file for file, held in contents.items() for name in names if name[:24] in held]


async def counted(store: SqliteStore) -> int:
    """The length of all chunks that have a row, which must be what is kept for the one organisation."""
    query = "SELECT coalesce(sum(length), 0) FROM chunk"
    (length,) = await store.readers.read(lambda c: c.execute(query).fetchone())
    assert await store.file_bytes(ORGANISATION.id) == length
    return int(length)


def is_writing(store: SqliteStore) -> bool:
    """Whether chunks are being written into slots, or wait for it."""
    task = store.files.writer._task
    return task is not None and not task.done()
