"""Stores with something of everything in them, and what they give for a backup."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

from intake.store import Clock, Member, Organisation, Store
from intake.store.backup.records import Record
from tests.store.kit.rows import DAY, LIMITS, ORGANISATION, content, mailbox
from tests.store.kit.sending import claimed, put

GONE = mailbox(b"G" * 32)
OTHER = Organisation(b"P" * 32, "water-board", 30, 4, 1)


async def all_of(store: Store) -> list[Record]:
    async with aclosing(store.dump()) as portions:
        return [record async for portion in portions for record in portion]


async def given(*portions: Sequence[Record]) -> AsyncIterator[Sequence[Record]]:
    for portion in portions:
        yield portion


def shown(found: Sequence[Record]) -> list[tuple[object, ...]]:
    return [(type(record).__name__, *vars(record).values()) for record in found]


async def fill(store: Store) -> list[bytes]:
    """Something of everything that a store keeps; returns the ids of the mailboxes."""
    member = Member("lee", b"L" * 32, b"ring of lee", 5, b"statement", {10: b"w" * 1216, 11: b"x" * 1216})
    await store.add_organisation(OTHER, b'{"other": 1}', [member])
    await store.put_directory(OTHER.id, 2, b'{"other": 2}', 60, 8)
    await store.put_keyring(OTHER.id, "lee", 1, b"the next ring of lee")
    await store.keep_clock(Clock(DAY, DAY + 9, 77))
    boxes = [await claimed(store, bytes([at]) * 32, chunks=at) for at in (1, 2, 9)]
    for at, box in enumerate(boxes):
        for number in range(at):
            more = os.urandom(16)
            await store.append(box, more, DAY + number, content(more), *LIMITS)
    await put(store, b"nobody's" * 4)
    await store.create_mailbox(GONE, b"e" * 16, b"deleted")
    await store.delete_mailbox(ORGANISATION.id, GONE.id)
    return boxes
