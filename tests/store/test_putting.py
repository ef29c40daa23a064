"""What a request with chunks does to what is stored: it adds what is new, or nothing."""

import asyncio
import os

import pytest

from intake.store import Conflict, Malformed, NotFound, Organisation, Store
from tests.store.kit.rows import DAY, ORGANISATION, content, mailbox, sealed
from tests.store.kit.sending import claimed, put


async def test_of_two_who_send_the_same_chunks_at_once_both_are_told_that_they_are_stored(
    store: Store,
) -> None:
    """A client that lost its connection sends again, while the first request is still being written."""
    name = os.urandom(32)
    await asyncio.gather(*(put(store, name, chunks=count) for count in (4, 4, 2, 6)))
    assert await store.stored_chunks(ORGANISATION.id, name) == [(0, 6)]
    other = store.put_chunks(ORGANISATION.id, name, 6, [b"other bytes"], DAY + 2)
    outcomes = await asyncio.gather(put(store, name, 6, 2), other, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "NoneType"]


async def test_other_bytes_under_a_number_are_a_conflict_and_nothing_of_them_is_stored(store: Store) -> None:
    name = os.urandom(32)
    await put(store, name, 1, 1)
    with pytest.raises(Conflict):
        await store.put_chunks(ORGANISATION.id, name, 0, [b"new", b"other"], DAY + 2)
    assert await store.stored_chunks(ORGANISATION.id, name) == [(1, 2)]


async def test_a_file_is_one_organisations(store: Store) -> None:
    port = Organisation(b"P" * 32, "port", 90, 2, 1)
    await store.add_organisation(port, b"{}")
    name = os.urandom(32)
    await put(store, name)
    with pytest.raises(Conflict):
        await store.put_chunks(port.id, name, 0, [sealed(name)], DAY + 2)
    await store.delete_blob(port.id, name)
    assert await store.stored_chunks(port.id, name) == []
    assert await store.stored_chunks(ORGANISATION.id, name) == [(0, 3)]
    with pytest.raises(NotFound):
        await store.put_chunks(b"?" * 32, os.urandom(32), 0, [b"x"], DAY + 2)


async def test_a_file_lives_as_long_as_its_newest_chunk_and_no_longer_for_a_repetition(store: Store) -> None:
    begun, repeated = os.urandom(32), os.urandom(32)
    for name in (begun, repeated):
        await put(store, name, 0, 1, day=DAY + 2)
    await put(store, begun, 1, 1, day=DAY + 4)
    await put(store, repeated, 0, 1, day=DAY + 4)
    assert await store.expired(DAY + 3) == (0, 1)
    await store.expire(DAY + 3)
    assert await store.stored_chunks(ORGANISATION.id, repeated) == []
    assert await store.stored_chunks(ORGANISATION.id, begun) == [(0, 2)]
    await store.expire(DAY + 4)
    assert await store.stored_chunks(ORGANISATION.id, begun) == []


async def test_chunks_come_in_ranges_and_are_read_up_to_the_first_that_is_missing(store: Store) -> None:
    name, mine = os.urandom(32), os.urandom(32)
    for first, chunks in ((0, 2), (5, 1), (7, 3)):
        await put(store, name, first, chunks)
    assert await store.stored_chunks(ORGANISATION.id, name) == [(0, 2), (5, 6), (7, 10)]
    assert await store.chunks(ORGANISATION.id, name, 0, 9) == []  # nobody's yet
    await claimed(store, mine, 5)
    assert await store.chunks(ORGANISATION.id, mine, 1, 3) == [sealed(mine, at) for at in (1, 2, 3)]
    assert await store.chunks(ORGANISATION.id, mine, 4, 3) == [sealed(mine, 4)]
    assert await store.chunks(ORGANISATION.id, mine, 5, 3) == []
    assert await store.chunks(b"P" * 32, mine, 0, 3) == []
    with pytest.raises(Conflict):
        await put(store, mine, 5, 1)
    with pytest.raises(Conflict):
        await store.delete_blob(ORGANISATION.id, mine)


async def test_a_chunk_that_is_too_long_or_too_many_is_refused_whole(store: Store) -> None:
    name = os.urandom(32)
    with pytest.raises(Malformed):
        await store.put_chunks(ORGANISATION.id, name, 0, [b"fits", bytes(300_000)], DAY + 2)
    with pytest.raises(Malformed):
        await put(store, name, 65_535, 2)
    assert await store.stored_chunks(ORGANISATION.id, name) == []
    assert await store.expired(DAY + 100) == (0, 0)


async def test_a_file_that_is_begun_anew_has_nothing_of_the_one_before(store: Store) -> None:
    name = os.urandom(32)
    await put(store, name)
    await store.delete_blob(ORGANISATION.id, name)
    await store.put_chunks(ORGANISATION.id, name, 0, [b"another"], DAY + 3)
    assert await store.stored_chunks(ORGANISATION.id, name) == [(0, 1)]
    box = mailbox()
    await store.create_mailbox(box, b"e" * 16, content(box.id))
    assert await store.expired(DAY + 3) == (0, 1)
