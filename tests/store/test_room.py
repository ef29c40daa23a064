"""The room on the disk: files never take what is kept for texts, and what is deleted makes room again."""

import os
import random
from pathlib import Path
from types import SimpleNamespace

import pytest

from intake.store import SqliteStore, StorageFull, chunk_table, files, free_pages
from tests.store.rows import DAY, ORGANISATION, sealed
from tests.store.sending import put

RESERVE = 1 << 20


class Disk:
    """A disk of so many bytes for files, beside the reserve, on which nothing lies but the chunks."""

    def __init__(self, chunks: Path, size: int) -> None:
        self._chunks = chunks
        self._size = size

    @property
    def free(self) -> int:
        return self._size - self._chunks.stat().st_blocks * free_pages.BLOCK_BYTES

    def statvfs(self, _: Path) -> SimpleNamespace:
        return SimpleNamespace(f_bavail=max(0, self.free + RESERVE), f_frsize=1)


def on_disk(store: SqliteStore, folder: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> Disk:
    """Let the store believe that it lies on such a disk."""
    disk = Disk(folder / "chunks.sqlite", size)
    monkeypatch.setattr(files, "os", disk)
    monkeypatch.setattr(store.files, "_reserve_bytes", RESERVE)
    return disk


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_comes_and_goes_the_reserve_is_left_and_the_rest_is_used(
    store: SqliteStore, folder: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice = random.Random(seed)
    monkeypatch.setattr(free_pages, "WORTH_BYTES", chunk_table.ROW_BYTES)
    disk = on_disk(store, folder, 64 * chunk_table.ROW_BYTES, monkeypatch)
    there: list[bytes] = []
    refused = 0
    for _ in range(60):
        act = dice.choice(["put", "put", "put", "delete", "round"])
        if act == "put":
            name, count = os.urandom(32), dice.randint(1, 16)
            try:
                await put(store, name, chunks=count)
                there.append(name)
            except StorageFull:
                refused += 1
                most = (
                    count + 3
                ) * chunk_table.ROW_BYTES  # with what is not worth a hole, and pages of the trees
                assert disk.free < most, "there was room"
        elif act == "delete" and there:
            await store.delete_blob(ORGANISATION.id, there.pop(dice.randrange(len(there))))
        else:
            await store.erase_files()
        assert disk.free >= 0, "it took what is kept for texts"
    assert refused, "or this test would show nothing"


async def test_the_pages_that_list_holes_are_no_room(
    store: SqliteStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are many of them where a large file was. SQLite would take holes, and so the reserve."""
    monkeypatch.setattr(chunk_table, "ROW_BYTES", 8)  # as if one of those pages had room for chunks
    name = os.urandom(32)
    for first in range(0, 64, 16):
        await put(store, name, first, 16)
    await store.delete_blob(ORGANISATION.id, name)
    await store.erase_files()
    on_disk(store, folder, 0, monkeypatch)
    with pytest.raises(StorageFull):
        await store.put_chunks(ORGANISATION.id, os.urandom(32), 0, [sealed(name, 0)], DAY + 2)
