"""A file belongs to one mailbox, wholly, whatever happens at the same time."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence

import pytest

from intake.store import BlobClaim, Conflict, Incomplete, Mailbox, MailboxFull, SqliteStore, mailboxes, settle
from tests.store.rows import DAY, LIMITS, ORGANISATION, content, mailbox, sealed
from tests.store.sending import claimed, put


async def test_a_claim_holds_only_for_the_blob_that_was_seen_to_be_whole(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deleted and begun anew under the same id between the look and the transaction: not the same blob."""
    name, box = os.urandom(32), mailbox()
    await put(store, name)
    look = store.files.whole

    async def look_then_lose(claims: Sequence[BlobClaim]) -> object:
        seen = await look(claims)
        await store.delete_blob(ORGANISATION.id, name)
        await put(store, name, chunks=1)
        return seen

    monkeypatch.setattr(store.files, "whole", look_then_lose)
    with pytest.raises(Incomplete):
        await store.create_mailbox(box, b"e" * 16, content(box.id), [BlobClaim(name, 3)])
    assert await store.envelopes(box.id) == []
    assert await store.chunks(ORGANISATION.id, name, 0, 9) == []


async def test_a_chunk_beyond_what_was_claimed_is_never_given(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may come between the look and the transaction, and goes with the others."""
    name, box = os.urandom(32), mailbox()
    await put(store, name)
    look = store.files.whole

    async def look_then_send(claims: Sequence[BlobClaim]) -> object:
        seen = await look(claims)
        await put(store, name, 3, 1)
        return seen

    monkeypatch.setattr(store.files, "whole", look_then_send)
    await store.create_mailbox(box, b"e" * 16, content(box.id), [BlobClaim(name, 3)])
    assert await store.chunks(ORGANISATION.id, name, 0, 9) == [sealed(name, at) for at in range(3)]
    with pytest.raises(Conflict):
        await put(store, name, 4, 1)


async def test_when_its_day_is_over_a_mailbox_keeps_its_files(store: SqliteStore) -> None:
    names = [os.urandom(32) for _ in range(5)]
    boxes = [await claimed(store, name) for name in names]
    later = os.urandom(32)
    await put(store, later)
    await store.append(boxes[0], b"f" * 16, DAY, b"more", *LIMITS, [BlobClaim(later, 3)])
    await store.expire(DAY + 1)
    await store.erase_files()
    for name in (*names, later):
        assert await store.chunks(ORGANISATION.id, name, 1, 2) == [sealed(name, at) for at in (1, 2)]
    assert await store.delete_mailbox(ORGANISATION.id, boxes[0])
    assert await store.stored_chunks(ORGANISATION.id, later) == []


async def test_fifty_clients_send_at_once(store: SqliteStore) -> None:
    names = [os.urandom(32) for _ in range(50)]

    async def send(name: bytes) -> None:
        for first in range(3):
            await put(store, name, first, 1)

    await asyncio.gather(*map(send, names))
    for name in names:
        assert await store.stored_chunks(ORGANISATION.id, name) == [(0, 3)]


async def test_a_mailbox_takes_so_many_files_and_no_more(store: SqliteStore) -> None:
    names = [os.urandom(32) for _ in range(4)]
    for name in names:
        await put(store, name, chunks=1)
    claims = [BlobClaim(name, 1) for name in names]
    box = mailbox()
    await store.create_mailbox(box, b"e" * 16, content(box.id), claims[:1])
    limits = LIMITS[0], LIMITS[1], 3
    assert await store.append(box.id, b"f" * 16, DAY, b"two more", *limits, claims[1:3])
    with pytest.raises(MailboxFull):
        await store.append(box.id, b"g" * 16, DAY, b"a fourth", *limits, claims[3:])
    assert await store.chunks(ORGANISATION.id, names[3], 0, 9) == []
    assert len(await store.envelopes(box.id)) == 2
    assert await store.append(box.id, b"h" * 16, DAY, b"one of them again", *limits, claims[:1])
    assert await store.append(box.id, b"i" * 16, DAY, b"none", *limits)


async def test_mailboxes_with_many_files_are_rewritten_and_expire_a_few_at_a_time(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file is a row of the transaction, and texts wait for it."""
    names = [os.urandom(32) for _ in range(12)]
    for first in range(0, 12, 2):
        box, two = mailbox(), names[first : first + 2]
        for name in two:
            await put(store, name, chunks=1)
        await store.create_mailbox(box, b"e" * 16, content(box.id), [BlobClaim(name, 1) for name in two])
    rewritten, rewrite = list[int](), settle._rewrite

    def counted(connection: sqlite3.Connection, chosen: list[Mailbox]) -> None:
        rewritten.append(len(chosen))
        rewrite(connection, chosen)

    monkeypatch.setattr(settle, "STEP_BYTES", 7 * settle.ROW_BYTES)
    monkeypatch.setattr(settle, "_rewrite", counted)
    await store.expire(DAY + 1)
    assert rewritten == [2, 2, 2]
    assert await store.writer.write(lambda c: mailboxes.expire(c, DAY + 90, 3)) == 2
    monkeypatch.setattr("intake.store.sqlite.EXPIRE_AT_ONCE", 3)
    assert await store.expire(DAY + 90) == 4
    assert await store.mailboxes(ORGANISATION.id) == []


async def test_many_files_are_claimed_in_one_turn_among_those_who_send(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each turn waits for a batch of others' chunks: with one a file, a report with 64 would take minutes."""
    names = [os.urandom(32) for _ in range(20)]
    for name in names:
        await put(store, name, chunks=2)
    turns = 0
    run = store.files.writer.connection.run

    async def counted(function: Callable[[sqlite3.Connection], object]) -> object:
        nonlocal turns
        turns += 1
        return await run(function)

    monkeypatch.setattr(store.files.writer.connection, "run", counted)
    box, claims = mailbox(), [BlobClaim(name, 2) for name in names]
    await store.create_mailbox(box, b"e" * 16, content(box.id), claims)
    assert turns == 1
    await store.append(box.id, b"f" * 16, DAY, b"without files", *LIMITS)
    assert turns == 1
    assert await store.append(box.id, b"g" * 16, DAY, b"the same again", *LIMITS, claims)
