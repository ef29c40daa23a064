"""The connection is cut at each request of each write: what was confirmed is there, what was refused is not."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from intake.store import BlobClaim, OutcomeUnknown, Store, StoreUnavailable
from intake.store.postgresql.open import create_store, open_store
from tests.store.kit.backends import Database
from tests.store.kit.cutting import cut_line
from tests.store.kit.rows import DAY, DIRECTORY, LIMITS, ORGANISATION, content, mailbox, sealed

pytestmark = pytest.mark.postgres


@dataclass
class Write:
    """A write, whether it has been done, what it needs before, and how many requests it makes at least."""

    do: Callable[[Store], Awaitable[object]]
    is_done: Callable[[Store], Awaitable[bool]]
    before: Callable[[Store], Awaitable[object]] | None = None
    requests: int = 3


def creation() -> Write:
    box = mailbox()

    async def is_done(store: Store) -> bool:
        there = await store.envelopes(box.id)
        assert (await store.mailbox(ORGANISATION.id, box.id) == box) == bool(there)
        return [envelope.bytes for envelope in there] == [content(box.id)]

    return Write(lambda store: store.create_mailbox(box, b"e" * 16, content(box.id)), is_done, requests=1)


def creation_with_file() -> Write:
    box, name = mailbox(), os.urandom(32)

    async def is_done(store: Store) -> bool:
        claimed = await store.claimed_blob(ORGANISATION.id, name) is not None
        assert claimed == bool(await store.envelopes(box.id))
        return claimed

    return Write(
        lambda store: store.create_mailbox(box, b"e" * 16, content(box.id), [BlobClaim(name, 1)]),
        is_done,
        lambda store: store.put_chunks(ORGANISATION.id, name, 0, [sealed(name)], DAY + 2),
    )


def envelope() -> Write:
    box = mailbox()

    async def is_done(store: Store) -> bool:
        return len(await store.envelopes(box.id)) == 2

    return Write(
        lambda store: store.append(box.id, b"f" * 16, DAY + 1, b"more", *LIMITS),
        is_done,
        lambda store: store.create_mailbox(box, b"e" * 16, content(box.id)),
    )


def chunks() -> Write:
    name = os.urandom(32)

    async def is_done(store: Store) -> bool:
        stored = await store.stored_chunks(ORGANISATION.id, name)
        assert stored in ([], [(0, 2)])
        return bool(stored)

    return Write(
        lambda store: store.put_chunks(ORGANISATION.id, name, 0, [sealed(name), sealed(name, 1)], DAY + 2),
        is_done,
    )


def deletion() -> Write:
    box, name = mailbox(), os.urandom(32)

    async def before(store: Store) -> None:
        await store.put_chunks(ORGANISATION.id, name, 0, [sealed(name)], DAY + 2)
        await store.create_mailbox(box, b"e" * 16, content(box.id), [BlobClaim(name, 1)])

    async def is_done(store: Store) -> bool:
        there = await store.mailbox(ORGANISATION.id, box.id) is not None
        assert there == bool(await store.envelopes(box.id))
        assert there == bool(await store.chunks(ORGANISATION.id, name, 0, 9))
        return not there

    return Write(lambda store: store.delete_mailbox(ORGANISATION.id, box.id), is_done, before)


def keyring() -> Write:
    recipient = os.urandom(8).hex()

    async def is_done(store: Store) -> bool:
        return await store.keyring(ORGANISATION.id, recipient) == (1, b"sealed")

    return Write(lambda store: store.put_keyring(ORGANISATION.id, recipient, 0, b"sealed"), is_done)


@pytest.mark.parametrize(
    "made",
    [creation, creation_with_file, envelope, chunks, deletion, keyring],
    ids=lambda made: made.__name__,
)
async def test_a_cut_at_any_request_confirms_nothing_that_is_not_there(
    own_database: Database, made: Callable[[], Write]
) -> None:
    outcomes: set[object] = set()
    url = own_database.url
    async with await create_store(url) as other, cut_line(own_database.cluster.port) as line:
        await other.add_organisation(ORGANISATION, DIRECTORY)
        cut_url = own_database.cluster.tcp_url(own_database.name, line.port)
        async with await open_store(cut_url) as store:
            first = made()
            if first.before:
                await first.before(store)
            assert await _write(store, first) is None  # connections are there from now on
            for answered, dead in ((False, False), (True, False), (True, True)):
                at, came = 0, True
                while came:
                    write = made()
                    if write.before:
                        await write.before(other)
                    line.cut(at, answered=answered, dead=dead)
                    outcome = await _write(store, write)
                    came = line.is_cut
                    line.mend()
                    is_done = await write.is_done(other)
                    if outcome is None:
                        assert is_done
                    elif outcome is StoreUnavailable:
                        assert not is_done
                    outcomes.add(outcome)
                    at += 1
                assert at > write.requests
        assert not store.failed.done()
    assert outcomes == {None, StoreUnavailable, OutcomeUnknown}


async def test_rows_without_the_end_of_their_transaction_confirm_nothing(own_database: Database) -> None:
    box = mailbox()
    url = own_database.url
    async with await create_store(url) as other, cut_line(own_database.cluster.port) as line:
        await other.add_organisation(ORGANISATION, DIRECTORY)
        async with await open_store(own_database.cluster.tcp_url(own_database.name, line.port)) as store:
            await store.heartbeat()
            for name in (mailbox(), mailbox()):
                assert await store.create_mailbox(name, b"e" * 16, b"opening")
            line.cut(0, answered=True, rows=True)
            # It was asked for again, and is not new then.
            assert not await store.create_mailbox(box, b"e" * 16, b"opening")
            assert line.is_cut


async def _write(store: Store, write: Write) -> type[StoreUnavailable] | None:
    """What it has come to; None: it was confirmed."""
    try:
        async with asyncio.timeout(60):
            await write.do(store)
    except StoreUnavailable as error:
        return type(error)
    return None
