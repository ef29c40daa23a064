"""The quota of files: what is refused leaves nothing in the folder, and what is erased gives its room back."""

import asyncio
import os
from pathlib import Path

from crypto.public.blobs import CHUNK_LENGTH
from intake.store import SqliteStore, open_store
from tests.store.kit.rows import DAY, ORGANISATION, sealed
from tests.store.kit.sending import claimed, counted, holding, put
from tests.store.test_quota import QUOTA, send


async def test_many_that_race_for_the_last_bytes_never_exceed_it(store: SqliteStore, folder: Path) -> None:
    """Some send two chunks at once, some the same file as another; those that are deleted make room meanwhile."""
    names = [os.urandom(32) for _ in range(40)]
    sent = [(name, at % 3 % 2 + 1) for at, name in enumerate(names)]
    await put(store, deleted := os.urandom(32), chunks=3)
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, await store.file_bytes(ORGANISATION.id))

    watching = asyncio.create_task(watch())
    sending = [send(store, name, chunks=chunks) for name, chunks in [*sent, *sent[:10]]]
    _, *stored = await asyncio.gather(store.delete_blob(ORGANISATION.id, deleted), *sending)
    watching.cancel()
    refused = [name for name, is_stored in zip(names, stored, strict=False) if not is_stored]
    for at, name in enumerate(names[:10]):
        if stored[40 + at] and name in refused:
            refused.remove(name)
    assert most <= QUOTA
    assert 7 * CHUNK_LENGTH <= await counted(store) <= QUOTA
    there = [await store.stored_chunks(ORGANISATION.id, name) for name in names]
    assert [not ranges for ranges in there] == [name in refused for name in names]
    assert holding(folder, refused) == []


async def test_a_lower_one_erases_nothing_and_refuses_what_is_new(store: SqliteStore, folder: Path) -> None:
    name, mine = os.urandom(32), os.urandom(32)
    await claimed(store, mine)
    await put(store, name, chunks=5)
    await store.close()
    async with await open_store(folder) as again:
        lower = 2 * CHUNK_LENGTH
        assert not await send(again, name, 5, 1, lower)
        assert await send(again, name, 0, 5, lower)
        assert await again.chunks(ORGANISATION.id, mine, 0, 9) == [sealed(mine, at) for at in range(3)]
        assert await counted(again) == 8 * CHUNK_LENGTH


async def test_whatever_goes_gives_its_room_back_once_it_is_erased(store: SqliteStore) -> None:
    names = [os.urandom(32) for _ in range(3)]
    box = await claimed(store, names[0], 4)
    await put(store, names[1], chunks=3)
    await put(store, names[2], chunks=3)
    assert not await send(store, os.urandom(32))
    assert await store.delete_mailbox(ORGANISATION.id, box)
    assert await counted(store) == 6 * CHUNK_LENGTH
    await store.delete_blob(ORGANISATION.id, names[1])
    assert await counted(store) == 3 * CHUNK_LENGTH
    await store.expire(DAY + 2)
    assert await counted(store) == 3 * CHUNK_LENGTH  # it is still on the disk
    await store.erase_files()
    assert await counted(store) == 0
    assert await send(store, os.urandom(32), chunks=10)
