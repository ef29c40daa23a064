"""What a request with chunks costs while it waits, and what is left of one that is refused or given up: nothing."""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from crypto.claims import CHUNK_LENGTH
from intake.store import (
    BlobClaim,
    Conflict,
    SqliteStore,
    StorageFull,
    StoreBusy,
    chunk_table,
    files,
    open_store,
)
from tests.store.rows import DAY, LIMITS, ORGANISATION, files_holding, mailbox
from tests.store.sending import claimed, holding, put
from tests.store.test_faults import files_limited_to


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
    await asyncio.sleep(0)
    with pytest.raises(StoreBusy):
        await put(store, os.urandom(32), chunks=2)
    claims = [BlobClaim(os.urandom(32), 1)]
    with pytest.raises(StoreBusy):
        await store.create_mailbox(mailbox(), b"e" * 16, bytes(CHUNK_LENGTH + 1), claims)
    with pytest.raises(StoreBusy):
        await store.append(os.urandom(32), b"e" * 16, DAY, bytes(CHUNK_LENGTH + 1), *LIMITS, claims)
    go_on.set()
    await asyncio.gather(texts, *waiting)
    await put(store, os.urandom(32), chunks=5)


async def test_nothing_stays_of_what_was_given_up_while_it_failed(
    store: SqliteStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk undoes a transaction whose only client has been let go: nobody is left to be told."""
    old, undone = os.urandom(32), os.urandom(32)
    for first in (0, 16):
        await put(store, old, first, 16)
    await put(store, undone, chunks=1)
    await store.delete_blob(ORGANISATION.id, old)
    loop, real = asyncio.get_running_loop(), chunk_table.put
    begun, go_on = asyncio.Event(), threading.Event()

    def slowly(connection: sqlite3.Connection, number: int, first: int, chunks: Sequence[bytes]) -> None:
        loop.call_soon_threadsafe(begun.set)
        go_on.wait()
        real(connection, number, first, chunks)

    monkeypatch.setattr(chunk_table, "put", slowly)
    with files_limited_to((folder / "chunks.sqlite").stat().st_size):
        putting = asyncio.create_task(put(store, undone, 1, 48))
        await begun.wait()
        putting.cancel()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await putting
        assert await store.stored_chunks(ORGANISATION.id, undone) == [(0, 1)]
    left = undone[:24] + (5).to_bytes(8, "big")
    assert "chunks.sqlite" in files_holding(folder, left)  # or this test would show nothing
    await store.delete_blob(ORGANISATION.id, undone)
    assert holding(folder, [undone]) == []
