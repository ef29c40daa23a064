"""What a request with chunks costs while it waits, and what is left of one that is refused or given up: nothing."""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from crypto.public.blobs import CHUNK_LENGTH
from intake.store import Conflict, SqliteStore, StorageFull, StoreBusy, StoreUnavailable, open_store
from intake.store.errors import Malformed
from intake.store.sqlite import blobs, chunks, files
from intake.store.sqlite.slots import SLOT_BYTES
from tests.store.kit.rows import DAY, ORGANISATION, sealed
from tests.store.kit.sending import claimed, holding, is_writing, put
from tests.store.sqlite.test_faults import files_limited_to


async def expiry_days(store: SqliteStore) -> dict[bytes, int | None]:
    """The expiry day of each blob there is."""
    return dict(await store.readers.read(lambda c: c.execute("SELECT id, expiry_day FROM blob").fetchall()))


async def test_of_what_is_refused_for_want_of_room_no_row_is_kept_and_nothing_lives_longer(
    store: SqliteStore, folder: Path
) -> None:
    begun, mine = os.urandom(32), os.urandom(32)
    await put(store, begun, chunks=1)
    await claimed(store, mine)
    await store.close()
    async with await open_store(folder, reserve_bytes=1 << 60) as again:
        for name, first in ((os.urandom(32), 0), (begun, 1)):
            with pytest.raises(StorageFull):
                await put(again, name, first, 1, day=DAY + 5)
        with pytest.raises(Conflict):  # whatever room there is
            await put(again, mine, 3, 1, day=DAY + 5)
        assert await expiry_days(again) == {begun: DAY + 2, mine: None}


async def test_requests_hold_no_more_memory_than_is_allowed_whatever_they_wait_for(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "QUEUE_BYTES", 5 * CHUNK_LENGTH)
    go_on = threading.Event()
    texts = asyncio.create_task(store.writer.write(lambda _: go_on.wait()))  # as a large round of erasing
    waiting = [asyncio.create_task(put(store, os.urandom(32), chunks=2)) for _ in range(2)]
    while store.files._held < 4 * CHUNK_LENGTH:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0)
    with pytest.raises(StoreBusy):
        await put(store, os.urandom(32), chunks=2)
    go_on.set()
    await asyncio.gather(texts, *waiting)
    await put(store, os.urandom(32), chunks=5)


async def test_what_its_client_gives_up_is_stored_or_leaves_nothing(
    store: SqliteStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is left to be told; the slots must be known to be taken or free all the same."""
    kept, undone = os.urandom(32), os.urandom(32)
    begun, go_on = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        begun.set()
        go_on.wait(60)

    for name, limit in ((kept, 1 << 40), (undone, SLOT_BYTES // 2)):
        begun.clear()
        go_on.clear()
        held = asyncio.create_task(store.files.writer.run(hold))
        await asyncio.to_thread(begun.wait, 60)
        with files_limited_to(limit):
            putting = asyncio.create_task(put(store, name, chunks=4))
            while not is_writing(store):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0)
            putting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await putting
            go_on.set()
            await held
            while store.files._working:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
    assert await store.stored_chunks(ORGANISATION.id, kept) == [(0, 4)]
    assert await store.stored_chunks(ORGANISATION.id, undone) == []
    assert holding(folder, [undone]) == []


async def test_bytes_are_on_the_disk_before_a_row_names_them_and_requests_share_the_wait_for_it(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    held, go_on = threading.Event(), threading.Event()

    def noted(name: str, call: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*given: object) -> object:
            done.append(name)
            return call(*given)

        return wrapped

    def hold(_: object) -> None:
        held.set()
        go_on.wait(60)

    for place, name in ((os, "pwrite"), (os, "fdatasync"), (blobs, "add_chunks")):
        monkeypatch.setattr(place, name, noted(name, getattr(place, name)))
    holding_up = asyncio.create_task(store.files.writer.run(hold))
    await asyncio.to_thread(held.wait, 60)
    first = asyncio.create_task(put(store, os.urandom(32), chunks=2))
    while not is_writing(store):  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0)
    others = [asyncio.create_task(put(store, os.urandom(32), chunks=2)) for _ in range(5)]
    while len(store.files.writer._waiting) < 5:  # noqa: ASYNC110
        await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(holding_up, first, *others)
    assert done.count("fdatasync") == 2
    assert done[:3] == ["pwrite", "pwrite", "fdatasync"]
    assert [name for name in done if name != "add_chunks"][3:] == ["pwrite"] * 10 + ["fdatasync"]
    assert done[done.index("fdatasync", 3) + 1 :].count("add_chunks") >= 5  # the first may be in between


async def test_a_commit_that_failed_and_yet_happened_costs_no_byte(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request is answered as failed, but its rows are there: their slots are nobody else's."""
    name = os.urandom(32)
    write = store.writer.write

    async def fail_after(operation: Callable[[sqlite3.Connection], object], **options: bool) -> None:
        await write(operation, **options)
        raise StoreUnavailable

    with monkeypatch.context() as database:
        database.setattr(store.writer, "write", fail_after)
        with pytest.raises(StoreUnavailable):
            await put(store, name)
    assert await store.stored_chunks(ORGANISATION.id, name) == [(0, 3)]
    await put(store, name)  # compares the bytes
    used = await store.readers.read(chunks.slots)
    assert not set(used) & set(store.files._slots._free)


async def test_of_two_who_send_the_same_chunks_at_once_both_are_told_that_they_are_stored(
    store: SqliteStore, folder: Path
) -> None:
    """A client that lost its connection sends again, while the first request is still being written."""
    name = os.urandom(32)
    await asyncio.gather(*(put(store, name, chunks=count) for count in (4, 4, 2, 6)))
    assert await store.stored_chunks(ORGANISATION.id, name) == [(0, 6)]
    copies = (folder / "chunks.data").read_bytes().count(sealed(name, 1))
    assert copies == 1
    other = [asyncio.create_task(put(store, name, 6, 2)), asyncio.create_task(_other(store, name, 6))]
    outcomes = await asyncio.gather(*other, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "NoneType"]


async def _other(store: SqliteStore, name: bytes, first: int) -> None:
    await store.put_chunks(ORGANISATION.id, name, first, [b"other bytes"], DAY + 2)


async def test_a_chunk_that_no_slot_can_hold_is_refused(store: SqliteStore) -> None:
    name = os.urandom(32)
    with pytest.raises(Malformed):
        await store.put_chunks(ORGANISATION.id, name, 0, [b"fits", bytes(SLOT_BYTES + 1)], DAY + 2)
    with pytest.raises(Malformed):
        await put(store, name, 65_535, 2)
    assert await expiry_days(store) == {}
