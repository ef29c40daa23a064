"""The room on the disk: files never take what is kept for texts, and what is deleted makes room again."""

import os
import random
from pathlib import Path
from types import SimpleNamespace

import pytest

from intake.store import SqliteStore, StorageFull
from intake.store.sqlite.slots import BLOCK_BYTES, SLOT_BYTES
from tests.store.kit.rows import ORGANISATION
from tests.store.kit.sending import put

RESERVE = 1 << 20


class Disk:
    """A disk of so many bytes for files, beside the reserve, on which nothing lies but the chunks."""

    def __init__(self, chunks: Path, size: int) -> None:
        self._chunks = chunks
        self._size = size

    @property
    def free(self) -> int:
        return self._size - self._chunks.stat().st_blocks * BLOCK_BYTES

    def statvfs(self, _: int) -> SimpleNamespace:
        return SimpleNamespace(f_bavail=max(0, self.free + RESERVE), f_frsize=1)


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_comes_and_goes_the_reserve_is_left_and_the_rest_is_used(
    store: SqliteStore, folder: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice = random.Random(seed)
    disk = Disk(folder / "chunks.data", 64 * SLOT_BYTES)
    monkeypatch.setattr(os, "fstatvfs", disk.statvfs)
    monkeypatch.setattr(store.files._slots, "reserve_bytes", RESERVE)
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
                most = (count + 1) * SLOT_BYTES  # with what the file system takes to list holes
                assert disk.free < most, "there was room"
        elif act == "delete" and there:
            await store.delete_blob(ORGANISATION.id, there.pop(dice.randrange(len(there))))
        else:
            await store.erase_files()
        assert disk.free >= -SLOT_BYTES, "it took what is kept for texts"
    assert refused, "or this test would show nothing"
