"""Files: their chunks apart from all else, gone to the last byte when they go, and no step that can be half done."""

# ruff: noqa: ASYNC240  a test's loop runs nothing else that looking at files could hold up

import asyncio
import os
import random
import sqlite3
from pathlib import Path

import pytest

from crypto.claims import CHUNK_LENGTH
from intake.store import (
    BlobClaim,
    SqliteStore,
    StorageFull,
    chunk_table,
    erasure,
    files,
    mailboxes,
    open_store,
)
from tests.store.rows import DAY, LIMITS, ORGANISATION, content, mailbox, sealed
from tests.store.sending import claimed, holding, put
from tests.store.test_faults import files_limited_to


async def integrity(store: SqliteStore) -> list[object]:
    """What SQLite says of the database of chunks."""
    return await store.files.writer.write(lambda c: c.execute("PRAGMA integrity_check").fetchall())


async def test_no_page_that_can_split_holds_a_byte_of_a_chunk(store: SqliteStore, folder: Path) -> None:
    """What the sizes of the zeros are for: else copies would stay in such pages when a row goes."""
    names = [os.urandom(32) for _ in range(12)]
    for name in names:
        await put(store, name, chunks=4)
    roots = await store.files.writer.write(
        lambda c: c.execute("SELECT rootpage FROM sqlite_schema WHERE rootpage > 0").fetchall()
    )
    data = (folder / "chunks.sqlite").read_bytes()
    pages, waiting = [], [1, *(root for (root,) in roots)]
    while waiting:
        number = waiting.pop()
        page = data[(number - 1) * chunk_table.PAGE_BYTES : number * chunk_table.PAGE_BYTES]
        pages.append(page)
        waiting += erasure._layout(page, 100 if number == 1 else 0)[2]
    assert len(pages) > 5
    assert not any(name[:24] in page for page in pages for name in names)
    assert len(data) < len(names) * 4 * chunk_table.ROW_BYTES


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
        assert "chunks.sqlite" in holding(folder, [name])


async def test_expiry_leaves_no_byte_of_a_chunk_in_any_file(store: SqliteStore, folder: Path) -> None:
    names = [os.urandom(32) for _ in range(80)]
    for name in names:
        await put(store, name, chunks=1, day=DAY + dict.fromkeys(names[:70], 2).get(name, 3))
    box = mailbox(expiry_day=DAY + 2)
    await store.create_mailbox(box, b"e" * 16, content(box.id), [BlobClaim(name, 1) for name in names[60:]])
    assert await store.expire(DAY + 2) == 1
    for name in names:
        assert await store.stored_chunks(ORGANISATION.id, name) == []
    assert "chunks.sqlite" in holding(folder, names)
    await store.erase_files()
    assert holding(folder, names) == []


async def test_an_erasure_that_a_crash_interrupted_is_finished(
    store: SqliteStore, folder: Path, tmp_path: Path
) -> None:
    name, other = os.urandom(32), os.urandom(32)
    box = await claimed(store, name, 5)
    await put(store, other)
    _, numbers = await store.writer.write(lambda c: mailboxes.delete_mailbox(c, ORGANISATION.id, box))
    await store.files.writer.write(lambda c: chunk_table.erase(c, numbers[0], 2))
    crashed = tmp_path / "crashed"
    crashed.mkdir(mode=0o700)
    for file in folder.iterdir():
        (crashed / file.name).write_bytes(file.read_bytes())
    assert "chunks.sqlite" in holding(crashed, [name])
    async with await open_store(crashed) as again:
        assert await again.stored_chunks(ORGANISATION.id, name) == []
        await again.erase_files()
        assert holding(crashed, [name]) == []
        assert await again.stored_chunks(ORGANISATION.id, other) == [(0, 3)]


async def test_chunks_that_came_after_their_row_was_gone_are_swept(store: SqliteStore, folder: Path) -> None:
    names = [os.urandom(32) for _ in range(3)]
    for name in names:
        await put(store, name)
    late = os.urandom(32)
    number = 1 << 46
    await store.files.writer.write(lambda c: chunk_table.put(c, number, 0, [sealed(late)]))
    assert holding(folder, [late]) == ["chunks.sqlite"]
    await store.erase_files()
    assert holding(folder, [late]) == []
    for name in names:
        assert await store.stored_chunks(ORGANISATION.id, name) == [(0, 3)]


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
    with files_limited_to((folder / "chunks.sqlite").stat().st_size + 300_000):
        with pytest.raises(StorageFull):
            await put(store, name, 2, 4)
        assert await store.stored_chunks(ORGANISATION.id, name) == [(0, 2)]
        await put(store, name, 0, 2)  # a repetition needs no room
        await store.create_mailbox(box, b"e" * 16, content(box.id))
    await put(store, name, 2, 4)
    assert await store.stored_chunks(ORGANISATION.id, name) == [(0, 6)]
    await store.append(box.id, b"f" * 16, DAY, b"more", *LIMITS, [BlobClaim(name, 6)])


async def test_what_a_full_disk_undid_is_not_left_in_free_pages(store: SqliteStore, folder: Path) -> None:
    """The pages of a deleted file are used again without a note of what was in them."""
    old, undone = os.urandom(32), os.urandom(32)
    await put(store, old, chunks=16)
    await put(store, old, first=16, chunks=16)
    await store.delete_blob(ORGANISATION.id, old)
    size = (folder / "chunks.sqlite").stat().st_size
    left = [sealed(undone, at) for at in range(48)]
    with files_limited_to(size), pytest.raises(StorageFull):
        await store.put_chunks(ORGANISATION.id, undone, 0, left, DAY + 2)
    assert "chunks.sqlite" in holding(folder, [undone])  # or this test would show nothing
    await store.delete_blob(ORGANISATION.id, undone)
    assert holding(folder, [undone]) == []
    assert await integrity(store) == [("ok",)]


async def test_the_reserve_is_left_alone_but_room_in_the_file_is_used(
    store: SqliteStore, folder: Path
) -> None:
    name = os.urandom(32)
    await put(store, name)
    await store.close()
    async with await open_store(folder, reserve_bytes=1 << 60) as again:
        with pytest.raises(StorageFull):
            await put(again, os.urandom(32), chunks=1)
        await again.delete_blob(ORGANISATION.id, name)
        await put(again, os.urandom(32), chunks=2)
        with pytest.raises(StorageFull):
            await put(again, os.urandom(32), chunks=2)


async def test_the_room_of_what_is_gone_is_given_back_to_the_disk(store: SqliteStore, folder: Path) -> None:
    """Where the file system can: here as on any common one of Linux."""

    def taken() -> int:
        return (folder / "chunks.sqlite").stat().st_blocks * 512

    name, kept = os.urandom(32), os.urandom(32)
    for first in range(0, 64, 16):
        await put(store, name, first, 16)
        await put(store, kept, first, 2)
    before = taken()
    await store.delete_blob(ORGANISATION.id, name)
    await store.erase_files()
    assert taken() < before - 60 * CHUNK_LENGTH
    await put(store, name, chunks=16)
    assert await integrity(store) == [("ok",)]
    for again in (name, kept):
        assert (await store.stored_chunks(ORGANISATION.id, again))[0][0] == 0
    box = mailbox()
    await store.create_mailbox(box, b"e" * 16, content(box.id), [BlobClaim(name, 16)])
    assert await store.chunks(ORGANISATION.id, name, 0, 16) == [sealed(name, at) for at in range(16)]


async def test_a_folder_of_schema_1_takes_files(store: SqliteStore, folder: Path) -> None:
    box, name = mailbox(), os.urandom(32)
    await store.create_mailbox(box, b"e" * 16, content(box.id))
    await store.close()
    connection = sqlite3.connect(folder / "store.sqlite")
    connection.executescript("DROP TABLE blob; DROP TABLE erasing; PRAGMA user_version = 1;")
    connection.close()
    (folder / "chunks.sqlite").unlink()
    async with await open_store(folder) as upgraded:
        assert (await upgraded.envelopes(box.id))[0].bytes == content(box.id)
        await put(upgraded, name)
        await upgraded.append(box.id, b"f" * 16, DAY, b"more", *LIMITS, [BlobClaim(name, 3)])
        assert len(await upgraded.chunks(ORGANISATION.id, name, 0, 9)) == 3
    assert (folder / "backup-before-2.sqlite").exists()
    assert (folder / "chunks.sqlite").stat().st_mode & 0o777 == 0o600
