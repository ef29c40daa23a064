"""Stores on a small disk that gets full, for the tests that mount one.

python -m tests.store.kit.full_disk FOLDER STORY    STORY: the name of one of `STORIES`
"""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from intake.store import (
    NotWhole,
    SqliteStore,
    StorageFull,
    StoreError,
    StoreUnavailable,
    create_store,
    open_store,
)
from intake.store.sqlite.files import RESERVE_BYTES
from intake.store.sqlite.slots import SLOT_BYTES
from tests.kit.serving import drempel
from tests.store.kit.rows import DAY, DIRECTORY, ORGANISATION, content, mailbox, sealed
from tests.store.kit.sending import claimed, holding, put

MIB = 1 << 20


async def fill_with_files(store: SqliteStore) -> tuple[list[bytes], list[bytes]]:
    """Send files until none of one chunk fits; returns those that were stored and those that were refused."""
    stored, refused = list[bytes](), list[bytes]()
    for chunks in (7, 3, 1):
        while True:
            name = os.urandom(32)
            try:
                await put(store, name, chunks=chunks)
            except StoreError:
                refused.append(name)
                break
            stored.append(name)
    return stored, refused


async def check(store: SqliteStore, folder: Path, stored: list[bytes], refused: list[bytes]) -> None:
    """What was stored is there, and of what was refused or is gone there is no byte.

    The log can be emptied only once there is room again, and is a moment after that.
    """
    for _ in range(100):
        if not (left := holding(folder, refused)):
            break
        await asyncio.sleep(0.1)
    assert left == [], left
    ranges = [await store.stored_chunks(ORGANISATION.id, name) for name in stored]
    assert [part for [part] in ranges if part not in ((0, 7), (0, 3), (0, 1))] == []
    assert [await store.stored_chunks(ORGANISATION.id, name) for name in refused] == [[]] * len(refused)


async def files(folder: Path, reserve: int) -> None:
    """Files fill the disk, but for so many MiB."""
    async with await create_store(folder) as store:
        await store.add_organisation(ORGANISATION, DIRECTORY)
    async with await open_store(folder, reserve_bytes=reserve * MIB) as store:
        mine = os.urandom(32)
        box = await claimed(store, mine, 4)
        stored, refused = await fill_with_files(store)
        assert len(stored) > 4
        await check(store, folder, stored, refused)
        if reserve:
            for _ in range(40):  # texts still find room
                text = mailbox()
                assert await store.create_mailbox(text, b"e" * 16, content(text.id))
        assert await store.chunks(ORGANISATION.id, mine, 0, 9) == [sealed(mine, at) for at in range(4)]
        assert await store.delete_mailbox(ORGANISATION.id, box)
        await store.delete_blob(ORGANISATION.id, stored[0])
        await store.erase_files()
        gone = [mine, stored.pop(0)]
        await check(store, folder, stored, [*refused, *gone])
        again, refused = await fill_with_files(store)  # the room is there again
        assert again
        await check(store, folder, stored + again, [*refused, *gone])
        await store.expire(DAY + 2)
        await store.erase_files()
        assert holding(folder, stored + again + refused) == []
        taken = (folder / "chunks.data").stat().st_blocks * 512
        assert taken < SLOT_BYTES, taken
        try:
            await store.put_chunks(ORGANISATION.id, mine, 0, [sealed(mine, at) for at in range(96)], DAY + 2)
        except StorageFull:
            assert holding(folder, [mine]) == []


async def fill_with_texts(store: SqliteStore, most: int = 1000) -> list[bytes]:
    """Send texts of one MiB until none is taken; returns the ids of their mailboxes."""
    stored: list[bytes] = []
    with suppress(StoreUnavailable):
        while len(stored) < most:
            box = mailbox()
            await store.create_mailbox(box, b"e" * 16, os.urandom(MIB))
            stored.append(box.id)
    return stored


async def texts(folder: Path) -> None:
    """Texts fill the disk as far as they may."""
    async with await create_store(folder) as store:
        await store.add_organisation(ORGANISATION, DIRECTORY)
        stored = await fill_with_texts(store)
        assert len(stored) > 20
        assert 0 < free(folder) <= 64 * MIB, free(folder)
        assert (folder / "ballast").stat().st_size == 32 * MIB
        box = await store.mailbox(ORGANISATION.id, stored[0])
        assert box
        [opening] = await store.envelopes(box.id)
        assert not await store.create_mailbox(box, opening.id, opening.bytes)  # a repetition needs no room
        for id_ in stored[:10]:
            assert await store.delete_mailbox(ORGANISATION.id, id_)
        assert len(await fill_with_texts(store, 5)) == 5, "what was deleted has made no room"
        assert await store.expire(DAY + 1000) == len(stored) - 10 + 5


async def others(folder: Path) -> None:
    """Something else fills the disk to its last block."""
    log = folder.with_name("log")
    async with await create_store(folder) as store:
        await store.add_organisation(ORGANISATION, DIRECTORY)
        stored = await fill_with_texts(store, 10)
        with suppress(OSError), log.open("wb", buffering=0) as file:
            while file.write(bytes(MIB)):
                pass
        assert free(folder) < MIB
        assert await fill_with_texts(store) == []
        for id_ in stored[:5]:
            assert await store.delete_mailbox(ORGANISATION.id, id_)
        assert [bool(await store.envelopes(id_)) for id_ in stored] == [False] * 5 + [True] * 5
    async with await open_store(folder) as store:
        assert await store.expire(DAY + 1000) == 5
        log.unlink()
        assert len(await fill_with_texts(store, 3)) == 3


async def migration(folder: Path) -> None:
    """Files that are copied find no more room, and later they do."""
    old, filler, names = (
        folder.with_name("old"),
        folder.with_name("filler"),
        [os.urandom(32) for _ in range(6)],
    )
    async with await create_store(old) as store:
        await store.add_organisation(ORGANISATION, DIRECTORY)
        for name in names:
            await claimed(store, name, 3)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free(old) - RESERVE_BYTES - 2 * MIB)
    command = ("migrate-store", "--from", f"sqlite:{old}", "--to", f"sqlite:{folder}")
    drempel(*command).refused(
        "There is not enough room for the new store. Make some. Run the same command again"
    )
    with pytest.raises(NotWhole):
        await open_store(folder)
    assert (folder / "migrating" / "chunks.data").stat().st_blocks > 0, "it got to the files"
    filler.unlink()
    assert drempel(*command).status == 0
    async with await open_store(folder) as new:
        for name in names:
            assert await new.chunks(ORGANISATION.id, name, 0, 9) == [sealed(name, at) for at in range(3)]


def free(folder: Path) -> int:
    """The bytes that are left on the disk."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


STORIES: dict[str, Callable[[Path], Coroutine[Any, Any, None]]] = {
    "files and a reserve": partial(files, reserve=80),
    "files to the last block": partial(files, reserve=0),
    "texts": texts,
    "others": others,
    "a migration": migration,
}
SIZES = {"a migration": 600}  # MiB

if __name__ == "__main__":
    asyncio.run(STORIES[sys.argv[2]](Path(sys.argv[1])))
