"""A file belongs to one mailbox, wholly, whatever happens at the same time."""

import asyncio
import os

import pytest

from intake.store import BlobClaim, Conflict, Incomplete, Mailbox, MailboxFull, Store
from tests.store.kit.rows import DAY, LIMITS, ORGANISATION, content, mailbox, sealed
from tests.store.kit.sending import claimed, put


async def test_a_claim_takes_what_is_whole_at_that_moment_and_nothing_comes_after(store: Store) -> None:
    """With a deletion or a chunk more on its way: the mailbox has a whole file, or is not made."""
    outcomes = set()
    for delay in range(12):
        name, box = os.urandom(32), mailbox()
        await put(store, name)
        created = asyncio.Event()

        async def create(name: bytes = name, box: Mailbox = box, created: asyncio.Event = created) -> bool:
            try:
                return await store.create_mailbox(box, b"e" * 16, content(box.id), [BlobClaim(name, 3)])
            finally:
                created.set()

        async def other(name: bytes = name, delay: int = delay, created: asyncio.Event = created) -> None:
            for _ in range(delay // 2):
                await asyncio.sleep(0)
            if delay >= 10:  # surely later
                await created.wait()
            await (put(store, name, 3, 1) if delay % 2 else store.delete_blob(ORGANISATION.id, name))

        _, claiming = await asyncio.gather(
            other(),
            create(),
            return_exceptions=True,
        )
        outcomes.add(type(claiming))
        if claiming is True:
            read = await store.chunks(ORGANISATION.id, name, 0, 9)
            assert read == [sealed(name, at) for at in range(3)]
            with pytest.raises(Conflict):
                await put(store, name, 4, 1)
        else:
            assert await store.envelopes(box.id) == []
            assert await store.chunks(ORGANISATION.id, name, 0, 9) == []
    assert outcomes <= {bool, Incomplete}
    assert bool in outcomes


async def test_when_its_day_is_over_a_mailbox_keeps_its_files(store: Store) -> None:
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


async def test_fifty_clients_send_at_once(store: Store) -> None:
    names = [os.urandom(32) for _ in range(50)]

    async def send(name: bytes) -> None:
        for first in range(3):
            await put(store, name, first, 1)

    await asyncio.gather(*map(send, names))
    for name in names:
        assert await store.stored_chunks(ORGANISATION.id, name) == [(0, 3)]


async def test_a_mailbox_takes_so_many_files_and_no_more(store: Store) -> None:
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
