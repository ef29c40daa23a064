"""The quota of an organisation's files: it is never exceeded, costs nothing stored, and takes nothing from others."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from crypto.public.blobs import CHUNK_LENGTH
from intake.store import NotFound, SqliteStore, StorageFull, open_store
from tests.store.kit.rows import DAY, DIRECTORY, ORGANISATION, content, mailbox, sealed
from tests.store.kit.sending import claimed, counted, holding, put

QUOTA = 10 * CHUNK_LENGTH
OTHER = replace(ORGANISATION, id=b"P" * 32, slug="harbour")


async def send(
    store: SqliteStore,
    name: bytes,
    first: int = 0,
    chunks: int = 1,
    quota: int = QUOTA,
    organisation: bytes = ORGANISATION.id,
) -> bool:
    """Put chunks of a file; False if there was no room for them."""
    parts = [sealed(name, first + at) for at in range(chunks)]
    try:
        await store.put_chunks(organisation, name, first, parts, DAY + 2, quota)
    except StorageFull:
        return False
    return True


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


async def test_its_last_byte_can_be_used_and_no_more(store: SqliteStore) -> None:
    name = os.urandom(32)
    assert await send(store, name, chunks=9)
    assert not await send(store, name, 9, 1, QUOTA - 1)
    assert await send(store, name, 9, 1)
    assert not await send(store, os.urandom(32))
    assert await counted(store) == QUOTA


async def test_what_is_stored_is_taken_again_and_counted_once(store: SqliteStore) -> None:
    """All or none: a request with one chunk too many adds nothing."""
    name = os.urandom(32)
    assert await send(store, name, chunks=10)
    assert await send(store, name, chunks=10)
    assert await send(store, name, 4, 3)
    assert not await send(store, name, 9, 2)
    assert await counted(store) == QUOTA


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


async def test_each_organisation_has_its_own_and_texts_need_none(store: SqliteStore) -> None:
    await store.add_organisation(OTHER, DIRECTORY)
    assert await send(store, os.urandom(32), chunks=10)
    assert not await send(store, os.urandom(32))
    assert await send(store, os.urandom(32), 0, 10, organisation=OTHER.id)
    held = [await store.file_bytes(id_) for id_ in (ORGANISATION.id, OTHER.id, b"Q" * 32)]
    assert held == [QUOTA, QUOTA, 0]
    with pytest.raises(NotFound):
        await send(store, os.urandom(32), organisation=b"Q" * 32)
    box = mailbox()
    assert await store.create_mailbox(box, b"e" * 16, content(box.id))
