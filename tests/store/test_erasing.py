"""What is to be erased is erased, whatever others write meanwhile and whatever the disk says."""

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from intake.store import Conflict, SqliteStore, StorageFull, files
from tests.store.rows import DAY, ORGANISATION, sealed
from tests.store.sending import claimed, holding, put
from tests.store.test_faults import files_limited_to, locked


async def until(true: Callable[[], bool]) -> None:
    """Wait for it; TimeoutError if it never gets so."""
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


async def test_no_want_of_room_of_another_undoes_a_deletion(store: SqliteStore, folder: Path) -> None:
    gone, other = os.urandom(32), os.urandom(32)
    box = await claimed(store, gone)
    await put(store, other, 0, 1)
    begun, go = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        begun.set()
        go.wait(60)

    with files_limited_to((folder / "chunks.sqlite").stat().st_size):
        held = asyncio.create_task(store.files.writer.write(hold))
        await until(begun.is_set)
        sending = asyncio.create_task(put(store, other, 1, 4))
        deleting = asyncio.create_task(store.delete_mailbox(ORGANISATION.id, box))
        await until(lambda: len(store.files.writer._waiting) == 2)
        go.set()
        await held
        with pytest.raises(StorageFull):
            await sending
        assert await deleting
    assert holding(folder, [gone]) == []


async def test_what_a_disk_does_not_let_go_is_gone_for_everybody_and_erased_as_soon_as_it_does(
    store: SqliteStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ERASE_AGAIN_SECONDS", 0.01)
    gone = os.urandom(32)
    box = await claimed(store, gone)
    await store.files.writer.connection.run(lambda c: c.execute("PRAGMA busy_timeout = 0"))
    with locked(folder / "chunks.sqlite"):
        assert await store.delete_mailbox(ORGANISATION.id, box)
        assert await store.chunks(ORGANISATION.id, gone, 0, 9) == []
        assert "chunks.sqlite" in holding(folder, [gone])
    await until(lambda: not holding(folder, [gone]))


async def test_what_comes_after_its_file_was_deleted_is_not_confirmed_and_not_kept(
    store: SqliteStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = os.urandom(32)
    await put(store, name, chunks=1)
    insert = store.files._insert

    async def delete_first(*given: object) -> None:
        await store.delete_blob(ORGANISATION.id, name)
        await insert(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(store.files, "_insert", delete_first)
    with pytest.raises(Conflict):
        await store.put_chunks(ORGANISATION.id, name, 1, [sealed(name, 1)], DAY + 2)
    assert holding(folder, [name]) == []
