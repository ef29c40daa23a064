"""What a store gives for a backup, and takes from one, whichever database either is on."""

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from intake.store import Clock, Conflict, NotFound, Store, StoreError, StoreExists
from intake.store.backup.records import Chunk, Directory, File, LaterEnvelope, OpenedMailbox, Record
from intake.store.sqlite.slots import SLOT_BYTES
from tests.store.kit.backends import POSTGRESQL, SQLITE, Backend, Database, Folder
from tests.store.kit.dumps import GONE, OTHER, all_of, fill, given, shown
from tests.store.kit.rows import DAY, DIRECTORY, LIMITS, ORGANISATION, content, sealed
from tests.store.kit.sending import claimed


@pytest.fixture(params=[SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.postgres)])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    """Where another store is to be, on either database."""
    if request.param == SQLITE:
        yield Folder(tmp_path / "target")
        return
    made = Database(request.getfixturevalue("cluster"), f"target_{secrets.token_hex(4)}")
    yield made
    made.drop()


@asynccontextmanager
async def closing_store(store: Store) -> AsyncIterator[Store]:
    try:
        yield store
    finally:
        await store.close()


async def test_what_is_given_is_taken_and_read_as_before(store: Store, target: Backend) -> None:
    boxes = await fill(store)
    found = await all_of(store)
    async with closing_store(await target.create()) as new:
        await new.load(given(found[:3], found[3:]))
        again = await all_of(new)  # the order of a mailbox's envelopes is drawn anew
        assert sorted(shown(again), key=repr) == sorted(shown(found), key=repr)
    async with closing_store(await target.open()) as new:
        assert await new.organisations() == await store.organisations()
        with pytest.raises(Conflict):
            await new.create_mailbox(GONE, b"e" * 16, b"deleted")
        assert await new.file_bytes(ORGANISATION.id) == sum(
            len(it.bytes) for it in found if isinstance(it, Chunk)
        )
        assert await new.clock() == Clock(DAY, DAY + 9, 77)
        for version in (None, 1, 2):
            assert await new.directory(OTHER.id, version) == await store.directory(OTHER.id, version)
        assert await new.recipient_by_login(OTHER.id, b"L" * 32) == "lee"
        assert await new.keyring(OTHER.id, "lee") == (2, b"the next ring of lee")
        for week in (10, 11, 12):
            assert await new.statements(OTHER.id, week) == await store.statements(OTHER.id, week)
        for box, (name, chunks) in zip(boxes, ((1, 1), (2, 2), (9, 9)), strict=True):
            assert await new.mailbox(ORGANISATION.id, box) == await store.mailbox(ORGANISATION.id, box)
            assert await new.envelopes(box) == await store.envelopes(box)
            blob = bytes([name]) * 32
            assert await new.chunks(ORGANISATION.id, blob, 0, 99) == [
                sealed(blob, number) for number in range(chunks)
            ]
        assert await new.stored_chunks(ORGANISATION.id, b"nobody's" * 4) == []
        assert await new.days(ORGANISATION.id, 0, DAY) == await store.days(ORGANISATION.id, 0, DAY)
        assert await new.delete_mailbox(ORGANISATION.id, boxes[2])
        assert await new.chunks(ORGANISATION.id, bytes([9]) * 32, 0, 99) == []


async def test_the_order_tells_nothing_of_when_something_came(store: Store) -> None:
    for _ in range(40):
        await claimed(store, os.urandom(32), chunks=1)
    found = await all_of(store)
    boxes = [record.id for record in found if isinstance(record, OpenedMailbox)]
    assert boxes == sorted(boxes)
    files = [(record.mailbox, record.blob) for record in found if isinstance(record, File)]
    assert files in (sorted(files), sorted(files, key=lambda file: file[1]))


async def test_only_an_empty_store_takes_records(store: Store) -> None:
    found = await all_of(store)
    with pytest.raises(StoreExists):
        await store.load(given(found))
    assert await store.directory(ORGANISATION.id) == DIRECTORY
    with pytest.raises(NotFound):
        await store.put_keyring(OTHER.id, "lee", 0, b"nothing came")


BOX = OpenedMailbox(b"m" * 32, ORGANISATION.id, b"c" * 225, DAY, DAY + 1, DAY, b"e" * 16, b"opening")


@pytest.mark.parametrize(
    "records",
    [
        [ORGANISATION, ORGANISATION],
        [Directory(ORGANISATION.id, 1, b"of nobody")],
        [ORGANISATION, BOX, BOX],
        [BOX],
        [ORGANISATION, LaterEnvelope(BOX.id, b"l" * 16, DAY, b"of nobody")],
        [ORGANISATION, File(b"f" * 32, BOX.id, 1), Chunk(0, b"of nobody")],
        [ORGANISATION, BOX, File(b"short", BOX.id, 1), Chunk(0, b"chunk")],
        [ORGANISATION, BOX, File(b"f" * 32, BOX.id, 0)],
        [ORGANISATION, BOX, File(b"f" * 32, BOX.id, 1), Chunk(0, bytes(SLOT_BYTES + 1))],
        [ORGANISATION, BOX, Chunk(0, b"of no file")],
        [Clock(1 << 62, None, "many")],  # type: ignore[arg-type]
    ],
)
async def test_records_that_do_not_belong_together_are_refused(
    target: Backend, records: list[Record]
) -> None:
    async with closing_store(await target.create()) as new:
        with pytest.raises(StoreError):
            await new.load(given(records))


async def test_what_is_written_and_deleted_meanwhile_changes_nothing_of_it(store: Store) -> None:
    names = [bytes([at]) * 32 for at in range(1, 4)]
    boxes = [await claimed(store, name, chunks=12) for name in names]
    for box in boxes:
        await store.append(box, b"m" * 16, DAY + 1, content(box), *LIMITS)
    before = shown(await all_of(store))
    found: list[Record] = []
    async with aclosing(store.dump()) as portions:
        async for portion in portions:
            if not found:
                assert await store.delete_mailbox(ORGANISATION.id, boxes[0])
                await store.append(boxes[1], b"n" * 16, DAY + 1, b"later", *LIMITS)
                await claimed(store, os.urandom(32))
            found += portion
            if isinstance(portion[-1], File) and boxes[2:]:
                assert await store.delete_mailbox(ORGANISATION.id, boxes.pop())
                await store.expire(DAY + 2)
                await store.erase_files()
    assert shown(found) == before
    after = [record.id for record in await all_of(store) if isinstance(record, OpenedMailbox)]
    assert boxes[1] in after
    assert boxes[0] not in after
