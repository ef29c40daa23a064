"""A store's records given and taken: all of one moment, whatever is written and deleted meanwhile."""

import asyncio
import os
import shutil
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from intake.store import (
    BlobClaim,
    SqliteStore,
    StoreUnavailable,
    TooMuchWritten,
    create_store,
    open_store,
)
from intake.store.backup.records import Chunk, File, LaterEnvelope, OpenedMailbox, Record
from intake.store.sqlite import dump as dump_module
from intake.store.sqlite.slots import SLOT_BYTES
from tests.store.kit.dumps import all_of, given, shown
from tests.store.kit.rows import DAY, DIRECTORY, LIMITS, ORGANISATION, content, mailbox
from tests.store.kit.sending import claimed, holding, put

LONGEST_SECONDS = 60


async def until(true: Callable[[], bool]) -> None:
    """Wait for what the store does by itself."""
    for _ in range(LONGEST_SECONDS * 20):
        if true():
            return
        await asyncio.sleep(0.05)
    assert true()


async def test_what_was_loaded_needs_no_shuffling_but_for_its_newest_day(
    store: SqliteStore, tmp_path: Path
) -> None:
    await store.create_mailbox(mailbox(b"a" * 32, day=DAY - 5), b"e" * 16, b"a")
    await store.create_mailbox(mailbox(b"b" * 32, day=DAY), b"e" * 16, b"b")
    found = await all_of(store)
    async with await create_store(tmp_path / "new") as new:
        await new.load(given(found))
        settled = await new.readers.read(lambda c: c.execute("SELECT day FROM settled").fetchone())
        assert settled == (DAY - 1,)


async def test_it_is_of_one_moment_and_what_is_deleted_meanwhile_goes_at_its_end(
    store: SqliteStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the first step, in the texts, and in the midst of a file."""
    monkeypatch.setattr(dump_module, "PORTION_BYTES", 1)
    names = [bytes([at]) * 32 for at in range(1, 5)]
    boxes = [await claimed(store, name, chunks=20) for name in names]
    expiring, expires = b"x" * 32, mailbox(expiry_day=DAY + 1)
    await put(store, expiring, chunks=20)
    await store.create_mailbox(expires, b"e" * 16, content(expires.id), [BlobClaim(expiring, 20)])
    found: list[Record] = []
    moments = [OpenedMailbox, LaterEnvelope, File, Chunk]
    await store.append(boxes[3], b"m" * 16, DAY, b"more", *LIMITS)
    before = shown(await all_of(store))
    async with aclosing(store.dump()) as portions:
        async for portion in portions:
            if not found:
                assert await store.expire(DAY + 1) == 1
            found += portion
            if moments and isinstance(portion[-1], moments[0]):
                moments.pop(0)
                assert await store.delete_mailbox(ORGANISATION.id, boxes.pop())
                assert await store.stored_chunks(ORGANISATION.id, names[len(boxes)]) == []
                await claimed(store, os.urandom(32))
                await store.erase_files()
        assert not boxes
        assert holding(folder, [*names, expiring]).count("chunks.data") == 5  # erasing waits
    assert shown(found) == before
    await until(lambda: not holding(folder, [*names, expiring]))
    assert await all_of(store)


async def test_an_erasure_that_goes_on_when_it_ends_does_not_let_the_later_ones_wait(
    store: SqliteStore, folder: Path
) -> None:
    """The task that tries again what has failed may be busy with earlier deletions."""
    box = await claimed(store, b"n" * 32)
    store.files._erase_again(3600)
    async with aclosing(store.dump()) as portions:
        await anext(portions)
        assert await store.delete_mailbox(ORGANISATION.id, box)
    await until(lambda: not holding(folder, [b"n" * 32]))


async def test_after_a_crash_in_its_midst_the_next_start_erases_what_was_deleted(
    store: SqliteStore, folder: Path, tmp_path: Path
) -> None:
    box = await claimed(store, b"n" * 32)
    async with aclosing(store.dump()) as portions:
        await anext(portions)
        assert await store.delete_mailbox(ORGANISATION.id, box)
        shutil.copytree(folder, tmp_path / "crashed")  # all that a crash would leave
    assert "chunks.data" in holding(tmp_path / "crashed", [b"n" * 32])
    async with await open_store(tmp_path / "crashed") as again:
        await again.erase_files()
        assert holding(tmp_path / "crashed", [b"n" * 32]) == []


async def test_two_at_a_time_end_each_for_itself(store: SqliteStore, folder: Path) -> None:
    box = await claimed(store, b"n" * 32)
    first, second = store.dump(), store.dump()
    await anext(first)
    await anext(second)
    await store.delete_mailbox(ORGANISATION.id, box)
    await first.aclose()
    assert [type(record) async for portion in second for record in portion] == [File, Chunk, Chunk, Chunk]


async def test_others_write_and_the_log_is_moved_at_its_end(store: SqliteStore, folder: Path) -> None:
    await claimed(store, b"n" * 32, chunks=20)
    async with aclosing(store.dump()) as portions:
        await anext(portions)
        for _ in range(200):
            box = mailbox()
            await store.create_mailbox(box, b"e" * 16, content(box.id, 100_000))
        gone = mailbox(b"g" * 32)
        await store.create_mailbox(gone, b"e" * 16, content(b"gone"))
        await store.delete_mailbox(ORGANISATION.id, gone.id)
        assert (folder / "store.sqlite-wal").stat().st_size > 20_000_000
    await until(lambda: not (folder / "store.sqlite-wal").stat().st_size)
    assert content(b"gone")[:32] not in (folder / "store.sqlite").read_bytes()


@pytest.mark.parametrize("nearly_full", [False, True])
async def test_it_ends_before_the_log_grows_without_bound(
    store: SqliteStore, folder: Path, monkeypatch: pytest.MonkeyPatch, nearly_full: bool
) -> None:
    """Also while whoever reads it takes no step."""
    monkeypatch.setattr(dump_module, "PORTION_BYTES", 1)
    monkeypatch.setattr(dump_module, "WATCH_SECONDS", 0)
    monkeypatch.setattr(dump_module, "LOG_MOST", 1 << 40 if nearly_full else 20_000_000)
    monkeypatch.setattr(dump_module, "LOG_MOST_NEARLY_FULL", 20_000_000 if nearly_full else 1 << 40)
    monkeypatch.setattr(dump_module, "TEXT_BYTES", 1 << 60 if nearly_full else 0)
    log = folder / "store.sqlite-wal"
    for _ in range(3):
        await claimed(store, os.urandom(32))
    async with aclosing(store.dump()) as portions:
        await anext(portions)
        while log.stat().st_size <= 20_000_000:
            box = mailbox()
            await store.create_mailbox(box, b"e" * 16, content(box.id, 2_000_000))
        await store.delete_mailbox(ORGANISATION.id, box.id)
        await until(lambda: not log.stat().st_size)
        with pytest.raises(TooMuchWritten):
            await anext(portions)
    assert len(shown(await all_of(store))) > 3


async def test_a_store_that_is_closed_meanwhile_ends_it(folder: Path) -> None:
    async with await create_store(folder) as store:
        await store.add_organisation(ORGANISATION, DIRECTORY)
    for moment in (1, 2, 4):
        async with await open_store(folder) as store:
            await claimed(store, os.urandom(32), chunks=20)
            portions = store.dump()
            for _ in range(moment):
                await anext(portions)
            await store.close()
            with pytest.raises(StoreUnavailable):
                await anext(portions)
            with pytest.raises(StoreUnavailable):
                await anext(store.dump())


async def test_a_store_that_is_closed_while_it_begins_ends_it(folder: Path) -> None:
    async with await create_store(folder) as store:
        await store.add_organisation(ORGANISATION, DIRECTORY)
        beginning = asyncio.ensure_future(anext(store.dump()))
        await asyncio.sleep(0)
        await store.close()
        with pytest.raises(StoreUnavailable):
            await beginning


async def test_a_file_that_lost_its_bytes_is_told_and_not_given_half(
    store: SqliteStore, folder: Path
) -> None:
    await claimed(store, b"n" * 32)
    os.truncate(folder / "chunks.data", 0)
    with pytest.raises(StoreUnavailable, match="Bytes of a file are missing"):
        await all_of(store)
    os.truncate(folder / "chunks.data", 300 * SLOT_BYTES)
