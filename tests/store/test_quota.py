"""The quota of an organisation's files: it is never exceeded, costs nothing stored, and takes nothing from others."""

import asyncio
import os
from dataclasses import replace

import pytest

from crypto.public.blobs import CHUNK_LENGTH
from intake.store import NotFound, StorageFull, Store
from tests.store.kit.rows import DAY, DIRECTORY, ORGANISATION, content, mailbox, sealed
from tests.store.kit.sending import claimed, put

QUOTA = 10 * CHUNK_LENGTH
OTHER = replace(ORGANISATION, id=b"P" * 32, slug="harbour")


async def send(
    store: Store,
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


async def test_many_that_race_for_the_last_bytes_store_what_there_is_room_for(store: Store) -> None:
    names = [os.urandom(32) for _ in range(30)]
    stored = await asyncio.gather(*(send(store, name, chunks=at % 2 + 1) for at, name in enumerate(names)))
    there = [await store.stored_chunks(ORGANISATION.id, name) for name in names]
    assert [bool(ranges) for ranges in there] == stored
    held = sum(end for [(_, end)] in filter(None, there)) * CHUNK_LENGTH
    assert await store.file_bytes(ORGANISATION.id) == held
    assert QUOTA - CHUNK_LENGTH <= held <= QUOTA


async def test_its_last_byte_can_be_used_and_no_more(store: Store) -> None:
    name = os.urandom(32)
    assert await send(store, name, chunks=9)
    assert not await send(store, name, 9, 1, QUOTA - 1)
    assert await send(store, name, 9, 1)
    assert not await send(store, os.urandom(32))
    assert await store.file_bytes(ORGANISATION.id) == QUOTA


async def test_what_is_stored_is_taken_again_and_counted_once(store: Store) -> None:
    """All or none: a request with one chunk too many adds nothing."""
    name = os.urandom(32)
    assert await send(store, name, chunks=10)
    assert await send(store, name, chunks=10)
    assert await send(store, name, 4, 3)
    assert not await send(store, name, 9, 2)
    assert await store.file_bytes(ORGANISATION.id) == QUOTA


async def test_each_organisation_has_its_own_and_texts_need_none(store: Store) -> None:
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


async def test_whatever_goes_has_given_its_room_back_after_the_daily_round(store: Store) -> None:
    names = [os.urandom(32) for _ in range(3)]
    box = await claimed(store, names[0], 4)
    for name in names[1:]:
        await put(store, name, chunks=3)
    assert not await send(store, os.urandom(32))
    assert await store.delete_mailbox(ORGANISATION.id, box)
    await store.delete_blob(ORGANISATION.id, names[1])
    await store.expire(DAY + 2)
    await store.erase_files()
    assert await store.file_bytes(ORGANISATION.id) == 0
    assert await send(store, os.urandom(32), chunks=10)
