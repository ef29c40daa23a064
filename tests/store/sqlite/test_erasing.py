"""What is to be erased is erased, whatever others write meanwhile and whatever the disk says."""

import asyncio
import errno
import os
import sqlite3
import threading
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from intake.store import Conflict, SqliteStore, StorageFull, StoreUnavailable
from intake.store.sqlite import blobs, chunks, files
from intake.store.sqlite import slots as slots_module
from intake.store.sqlite.slots import SLOT_BYTES
from tests.store.kit.rows import DAY, ORGANISATION, sealed
from tests.store.kit.sending import claimed, holding, is_writing, put
from tests.store.sqlite.test_faults import files_limited_to


async def until(true: Callable[[], bool]) -> None:
    """Wait for it; TimeoutError if it never gets so."""
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


async def no_chunks(store: SqliteStore) -> None:
    """Wait until no chunk has a row."""
    async with asyncio.timeout(60):
        while await store.readers.read(chunks.slots):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


async def test_no_want_of_room_of_another_undoes_a_deletion(store: SqliteStore, folder: Path) -> None:
    gone, other = os.urandom(32), os.urandom(32)
    box = await claimed(store, gone)
    await put(store, other, 0, 1)
    begun, go = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        begun.set()
        go.wait(60)

    limit = (folder / "chunks.data").stat().st_size
    store.files._slots._free = array("q", range(limit // SLOT_BYTES + 1, 10_000))
    with files_limited_to(limit):
        held = asyncio.create_task(store.files.writer.run(hold))
        await until(begun.is_set)
        sending = asyncio.create_task(put(store, other, 1, 4))
        deleting = asyncio.create_task(store.delete_mailbox(ORGANISATION.id, box))
        await until(lambda: is_writing(store))
        go.set()
        await held
        with pytest.raises(StorageFull):
            await sending
        assert await deleting
    assert holding(folder, [gone]) == []


def failing(*_: object) -> None:
    """As a disk that has a fault."""
    raise OSError(errno.EIO, "")


@pytest.mark.parametrize("step", ["pwrite", "fdatasync"])
async def test_what_a_disk_does_not_let_go_is_gone_for_everybody_and_erased_as_soon_as_it_does(
    store: SqliteStore, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr(files, "ERASE_AGAIN_SECONDS", 0.01)
    gone, refused = os.urandom(32), os.urandom(32)
    box = await claimed(store, gone)
    with monkeypatch.context() as disk:
        disk.setattr(os, step, failing)
        if step == "fdatasync":
            with pytest.raises(StorageFull):
                await put(store, refused)
            assert await store.stored_chunks(ORGANISATION.id, refused) == []
        assert await store.delete_mailbox(ORGANISATION.id, box)
        assert await store.chunks(ORGANISATION.id, gone, 0, 9) == []
        with pytest.raises(StoreUnavailable):
            await store.erase_files()
        if step == "pwrite":
            assert "chunks.data" in holding(folder, [gone])
    await until(lambda: not holding(folder, [gone, refused]))
    await no_chunks(store)


async def test_a_deletion_that_the_database_could_not_finish_is_finished_later(
    store: SqliteStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes are overwritten and the rows are still there: their slots must not be used before they go."""
    monkeypatch.setattr(files, "ERASE_AGAIN_SECONDS", 0.01)
    gone = os.urandom(32)
    box = await claimed(store, gone)

    def full(*_: object) -> bool:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as disk:
        disk.setattr(blobs, "erased", full)
        assert await store.delete_mailbox(ORGANISATION.id, box)
        assert holding(folder, [gone]) == []
        named = set(await store.readers.read(chunks.slots))
        assert len(named) == 3
        assert not named & set(store.files._slots._free)
    await no_chunks(store)
    assert await store.readers.read(blobs.owed) == []


async def test_what_comes_after_its_file_was_deleted_is_not_confirmed_and_not_kept(
    store: SqliteStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = os.urandom(32)
    await put(store, name, chunks=1)
    write = store.files.writer.write

    async def delete_first(sent: Sequence[bytes]) -> list[int]:
        await store.delete_blob(ORGANISATION.id, name)
        return await write(sent)

    monkeypatch.setattr(store.files.writer, "write", delete_first)
    with pytest.raises(Conflict):
        await store.put_chunks(ORGANISATION.id, name, 1, [sealed(name, 1)], DAY + 2)
    assert holding(folder, [name]) == []
    assert await store.stored_chunks(ORGANISATION.id, name) == []


async def test_a_reader_of_what_is_deleted_never_gets_bytes_of_another_file(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its slots are free as soon as it is erased, and the next file may take them while a reader is at them."""
    name, other = os.urandom(32), os.urandom(32)
    box = await claimed(store, name)
    slots, loop = store.files._slots, asyncio.get_running_loop()
    read = slots.read

    async def take_its_slots() -> None:
        await store.delete_mailbox(ORGANISATION.id, box)
        slots._free = array("q", sorted(slots._free)[:3])
        monkeypatch.setattr(slots_module, "SPREAD_SLOTS", 0)
        await put(store, other)

    def late(slot: int, length: int) -> bytes:
        monkeypatch.setattr(slots, "read", read)
        asyncio.run_coroutine_threadsafe(take_its_slots(), loop).result(60)
        return read(slot, length)

    monkeypatch.setattr(slots, "read", late)
    assert await store.chunks(ORGANISATION.id, name, 0, 3) == []
    assert await store.stored_chunks(ORGANISATION.id, other) == [(0, 3)]
