"""Files: their chunks apart from all else, gone to the last byte when they go, and no step that can be half done."""

# ruff: noqa: ASYNC240  a test's loop runs nothing else that looking at files could hold up

import asyncio
import os
import random
import threading
from pathlib import Path

import pytest

from intake.store import BlobClaim, SqliteStore, StorageFull, open_store
from intake.store.sqlite import blobs, chunks, files, mailboxes
from intake.store.sqlite.slots import SLOT_BYTES
from tests.store.kit.rows import DAY, LIMITS, ORGANISATION, content, files_holding, listed, mailbox, sealed
from tests.store.kit.sending import claimed, holding, put
from tests.store.sqlite.test_faults import files_limited_to


async def integrity(store: SqliteStore) -> list[object]:
    """What SQLite says of the database."""
    return await store.readers.read(lambda c: c.execute("PRAGMA integrity_check").fetchall())


@pytest.mark.parametrize("is_claimed", [True, False], ids=["with its mailbox", "by itself"])
async def test_a_deletion_leaves_no_byte_of_a_chunk_in_any_file(
    store: SqliteStore, folder: Path, is_claimed: bool
) -> None:
    dice = random.Random(4)
    there: dict[bytes, bytes] = {}
    gone: list[bytes] = []
    for _ in range(4):
        for _ in range(12):
            name, chunks = os.urandom(32), dice.randint(1, 5)
            there[name] = await claimed(store, name, chunks) if is_claimed else b""
            await put(store, name, chunks=chunks)
        going = dice.sample(sorted(there), 8)
        for name in going:
            box = there.pop(name)
            if is_claimed:
                assert await store.delete_mailbox(ORGANISATION.id, box)
            else:
                await store.delete_blob(ORGANISATION.id, name)
            assert await store.stored_chunks(ORGANISATION.id, name) == []
        gone += going
        assert holding(folder, gone) == []
        assert await integrity(store) == [("ok",)]
    for name in there:
        assert "chunks.data" in holding(folder, [name])


async def test_expiry_leaves_no_byte_of_a_chunk_in_any_file(store: SqliteStore, folder: Path) -> None:
    names = [os.urandom(32) for _ in range(80)]
    for name in names:
        await put(store, name, chunks=1, day=DAY + dict.fromkeys(names[:70], 2).get(name, 3))
    box = mailbox(expiry_day=DAY + 2)
    await store.create_mailbox(box, b"e" * 16, content(box.id), [BlobClaim(name, 1) for name in names[60:]])
    assert await store.expire(DAY + 2) == 1
    for name in names:
        assert await store.stored_chunks(ORGANISATION.id, name) == []
    assert "chunks.data" in holding(folder, names)
    await store.erase_files()
    assert holding(folder, names) == []


async def test_an_erasure_that_a_crash_interrupted_is_finished(
    store: SqliteStore, folder: Path, tmp_path: Path
) -> None:
    name, other = os.urandom(32), os.urandom(32)
    box = await claimed(store, name, 5)
    await put(store, other)
    _, [number] = await store.writer.write(lambda c: mailboxes.delete_mailbox(c, ORGANISATION.id, box))
    first, second, *_ = await store.readers.read(lambda c: chunks.find(c, number))
    await store.files.writer.run(lambda slots: slots.overwrite([first.slot, second.slot]))
    await store.writer.write(lambda c: blobs.erased(c, number, [first]))
    crashed = tmp_path / "crashed"
    crashed.mkdir(mode=0o700)
    for file in folder.iterdir():
        (crashed / file.name).write_bytes(file.read_bytes())
    assert "chunks.data" in holding(crashed, [name])
    async with await open_store(crashed) as again:
        assert await again.stored_chunks(ORGANISATION.id, name) == []
        await again.erase_files()
        assert holding(crashed, [name]) == []
        assert await again.stored_chunks(ORGANISATION.id, other) == [(0, 3)]


async def test_bytes_that_no_row_names_are_gone_once_the_store_is_opened(
    store: SqliteStore, folder: Path
) -> None:
    """As after a crash between the bytes and their rows, or with an older backup of the database."""
    names, late = [os.urandom(32) for _ in range(3)], os.urandom(32)
    for name in names:
        await put(store, name)
    assert len(await store.files.writer.write([sealed(late)] * 5)) == 5
    await store.close()
    assert "chunks.data" in holding(folder, [late])
    async with await open_store(folder) as again:
        assert holding(folder, [late]) == []
        for name in names:
            assert await again.stored_chunks(ORGANISATION.id, name) == [(0, 3)]
            assert "chunks.data" in holding(folder, [name])


async def test_others_are_served_between_the_steps_of_an_erasure(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ERASE_AT_ONCE", 1)
    large, small = os.urandom(32), os.urandom(32)
    await put(store, large, chunks=16)
    deleting = asyncio.create_task(store.delete_blob(ORGANISATION.id, large))
    await put(store, small, chunks=1)
    assert not deleting.done()
    await deleting


async def test_a_full_disk_refuses_files_and_takes_texts(store: SqliteStore, folder: Path) -> None:
    name, box = os.urandom(32), mailbox()
    await put(store, name, 0, 2)
    with files_limited_to(SLOT_BYTES):  # where only the first slot has room
        with pytest.raises(StorageFull):
            await put(store, name, 2, 4)
        assert await store.stored_chunks(ORGANISATION.id, name) == [(0, 2)]
        await put(store, name, 0, 2)  # a repetition needs no room
        await store.create_mailbox(box, b"e" * 16, content(box.id))
    assert files_holding(folder, sealed(name, 2)[:32]) == []
    await put(store, name, 2, 4)
    assert await store.stored_chunks(ORGANISATION.id, name) == [(0, 6)]
    await store.append(box.id, b"f" * 16, DAY, b"more", *LIMITS, [BlobClaim(name, 6)])


async def test_a_file_that_is_lost_costs_no_text(store: SqliteStore, folder: Path) -> None:
    """A backup of the database was put back without that of the flat file, or with one that is cut."""
    name, other = os.urandom(32), os.urandom(32)
    box = await claimed(store, name)
    await store.close()
    (folder / "chunks.data").unlink()
    async with await open_store(folder) as again:
        assert [envelope.mailbox for envelope in await again.envelopes(box)] == [box]
        assert await again.chunks(ORGANISATION.id, name, 0, 9) == []
        await put(again, other, chunks=9)
        assert await again.delete_mailbox(ORGANISATION.id, box)
        assert await again.stored_chunks(ORGANISATION.id, other) == [(0, 9)]
        assert "chunks.data" in holding(folder, [other])


async def test_mailboxes_with_many_files_expire_a_few_at_a_time(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file is a row of the transaction, and texts wait for it."""
    names = [os.urandom(32) for _ in range(12)]
    for first in range(0, 12, 2):
        box, two = mailbox(), names[first : first + 2]
        for name in two:
            await put(store, name, chunks=1)
        await store.create_mailbox(box, b"e" * 16, content(box.id), [BlobClaim(name, 1) for name in two])
    assert await store.writer.write(lambda c: mailboxes.expire(c, DAY + 90, 3)) == 2
    monkeypatch.setattr("intake.store.sqlite.store.EXPIRE_AT_ONCE", 3)
    assert await store.expire(DAY + 90) == 4
    assert await listed(store) == []


async def test_a_report_with_files_waits_for_no_chunks_of_others(store: SqliteStore) -> None:
    """The rows of chunks are beside those of mailboxes, and the thread that writes bytes has no part in a claim."""
    names = [os.urandom(32) for _ in range(20)]
    for name in names:
        await put(store, name, chunks=2)
    go = threading.Event()
    held = asyncio.create_task(store.files.writer.run(lambda _: go.wait(60)))
    box, claims = mailbox(), [BlobClaim(name, 2) for name in names]
    async with asyncio.timeout(50):
        await store.create_mailbox(box, b"e" * 16, content(box.id), claims)
        await store.append(box.id, b"f" * 16, DAY, b"without files", *LIMITS)
        assert await store.append(box.id, b"g" * 16, DAY, b"the same again", *LIMITS, claims)
        assert len(await store.chunks(ORGANISATION.id, names[3], 0, 9)) == 2
    go.set()
    await held
