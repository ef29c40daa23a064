"""A full disk, a locked database, a failing write: nothing is confirmed, and afterwards all goes on."""

import asyncio
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from intake.store import OutcomeUnknown, SqliteStore, StoreUnavailable, open_store
from intake.store.sqlite.connection import PAGE_BYTES
from tests.store.kit.rows import DAY, LIMITS, ORGANISATION, content, files_holding, mailbox


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another program, such as an operator's shell, holds the database."""
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def files_limited_to(bytes: int) -> Iterator[None]:
    """The system refuses to make any file longer than this: a write to the log fails (EFBIG)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def limit_pages(store: SqliteStore, more: int) -> None:
    """Let the database grow by so many pages and no further, as if the disk were full."""

    def limit(connection: sqlite3.Connection) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + more}").fetchall()

    await store.writer.connection.run(limit)


async def test_a_locked_database_confirms_nothing_and_recovers(store: SqliteStore) -> None:
    boxes = [mailbox() for _ in range(20)]
    with locked(store.folder.database):
        outcomes = await asyncio.gather(
            *(store.create_mailbox(box, b"e" * 16, b"opening") for box in boxes), return_exceptions=True
        )
        assert {str(outcome) for outcome in outcomes} == {
            str(StoreUnavailable("Another program holds the database."))
        }
        assert len({id(outcome) for outcome in outcomes}) == len(boxes)  # each task may add its traceback
        assert len(await store.organisations()) == 1  # reading goes on
    assert [await store.envelopes(box.id) for box in boxes] == [[]] * len(boxes)
    for box in boxes:
        assert await store.create_mailbox(box, b"e" * 16, b"opening")


async def test_a_full_disk_confirms_nothing_of_the_batch_and_recovers(store: SqliteStore) -> None:
    boxes = [mailbox() for _ in range(50)]
    await limit_pages(store, 20)
    outcomes = await asyncio.gather(
        *(store.create_mailbox(box, b"e" * 16, content(box.id)) for box in boxes), return_exceptions=True
    )
    assert {str(outcome) for outcome in outcomes} == {str(StoreUnavailable("The disk is full."))}
    assert await store.days(ORGANISATION.id, 0, DAY) == []
    assert await store.create_mailbox(boxes[0], b"e" * 16, b"small enough")
    await limit_pages(store, 1_000_000)
    assert all([await store.create_mailbox(box, b"e" * 16, content(box.id)) for box in boxes[1:]])


async def test_deleting_makes_room_on_a_full_disk(store: SqliteStore) -> None:
    box, other = mailbox(), mailbox()
    await store.create_mailbox(box, b"e" * 16, content(box.id, 50_000))
    await limit_pages(store, 2)
    with pytest.raises(StoreUnavailable):
        await store.create_mailbox(other, b"e" * 16, content(other.id, 40_000))
    assert await store.delete_mailbox(ORGANISATION.id, box.id)
    assert await store.create_mailbox(other, b"e" * 16, content(other.id, 40_000))


async def test_a_failing_write_confirms_nothing_and_recovers(store: SqliteStore, folder: Path) -> None:
    box = mailbox()
    await store.create_mailbox(box, b"e" * 16, b"opening")
    with files_limited_to((folder / "store.sqlite-wal").stat().st_size):
        with pytest.raises(OutcomeUnknown):  # a part of the log may have reached the disk
            await store.append(box.id, b"f" * 16, DAY, content(box.id), *LIMITS)
        assert [envelope.bytes for envelope in await store.envelopes(box.id)] == [b"opening"]
    assert await store.append(box.id, b"f" * 16, DAY, content(box.id), *LIMITS)
    await store.close()
    async with await open_store(folder) as again:
        assert [envelope.bytes for envelope in await again.envelopes(box.id)] == [b"opening", content(box.id)]


async def test_a_damaged_page_is_told_and_not_written_to(store: SqliteStore, folder: Path) -> None:
    box = mailbox()
    await store.create_mailbox(box, b"e" * 16, content(box.id))
    (root,) = await store.readers.read(
        lambda c: c.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'mailbox'").fetchone()
    )
    await store.close()
    database = folder / "store.sqlite"
    damaged = bytearray(database.read_bytes())
    damaged[(root - 1) * PAGE_BYTES] = 0xEE  # no kind of page
    database.write_bytes(damaged)
    async with await open_store(folder) as again:
        with pytest.raises(StoreUnavailable, match="damaged"):
            await again.envelopes(box.id)
        assert len(await again.organisations()) == 1
    assert database.read_bytes() == damaged


async def test_what_a_failed_write_left_in_the_log_is_erased_as_soon_as_it_can_be(
    store: SqliteStore, folder: Path
) -> None:
    """Nobody need write anything else for that."""
    box = mailbox()
    opening = content(b"a long one", 400_000)
    parts = [opening[at : at + 32] for at in range(0, len(opening), 10_000)]

    def left() -> list[bytes]:
        return [part for part in parts if files_holding(folder, part)]

    log = (folder / "store.sqlite-wal").stat().st_size
    with files_limited_to(log + 200_000), pytest.raises(StoreUnavailable):
        await store.create_mailbox(box, b"e" * 16, opening)
    for _ in range(100):
        if not left():
            break
        await asyncio.sleep(0.1)
    assert left() == []
    assert await store.create_mailbox(box, b"e" * 16, opening)
