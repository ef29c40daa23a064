"""The slots of the flat file: taken at random, empty when they are free, and none of them lost."""

import os
import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from crypto.public.blobs import CHUNK_LENGTH
from intake.store import StorageFull
from intake.store.sqlite import slots as module
from intake.store.sqlite.slots import SLOT_BYTES, Slots
from tests.store.sqlite.test_faults import files_limited_to
from tests.store.sqlite.test_shuffle import rank_correlation


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "chunks.data"
    path.touch()
    return path


@contextmanager
def opened(path: Path, used: list[int]) -> Iterator[Slots]:
    slots = Slots(path, used, reserve_bytes=0)
    try:
        yield slots
    finally:
        slots.close()


def chunk(name: int) -> bytes:
    return name.to_bytes(4, "big") * (CHUNK_LENGTH // 4)


def blocks(path: Path) -> int:
    """What a file takes on the disk."""
    return path.stat().st_blocks * module.BLOCK_BYTES


def test_a_slot_is_the_pages_of_a_sealed_chunk() -> None:
    assert SLOT_BYTES == -(-CHUNK_LENGTH // 4096) * 4096


@pytest.mark.parametrize("taken", [0, 3000], ids=["new", "after many were freed"])
def test_the_order_of_slots_tells_nothing_of_the_order_of_arrival(
    path: Path, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    monkeypatch.setattr(secrets, "randbelow", random.Random(7).randrange)
    with opened(path, []) as slots:
        slots.give_back([slots._take() for _ in range(taken)])
        order = [slots._take() for _ in range(128)]
    assert len(set(order)) == 128
    assert abs(rank_correlation(order)) < 0.25  # three standard deviations
    neighbours = [abs(one - other) for one, other in pairwise(order)]
    assert sum(neighbours) / len(neighbours) > max(order) / 4  # a third of the range, when it is random


def test_a_chunk_never_has_few_slots_to_choose_from(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choices = []

    def draw(number: int) -> int:
        choices.append(number)
        return 0

    monkeypatch.setattr(secrets, "randbelow", draw)
    with opened(path, []) as slots:
        for _ in range(10_000):
            slots._take()
    assert min(choices) > module.SPREAD_SLOTS // 2
    assert choices[-1] > 10_000 // 16


def test_no_slot_is_given_twice(path: Path) -> None:
    dice = random.Random(1)
    taken: list[int] = []
    with opened(path, []) as slots:
        for _ in range(5000):
            if taken and dice.random() < 0.5:
                slots.give_back([taken.pop(dice.randrange(len(taken)))])
            else:
                taken.append(slots._take())
            assert len(taken) == len(set(taken))
        free = set(slots._free)
    assert not free & set(taken)


def test_what_no_row_names_is_overwritten_at_the_opening_and_nothing_else(path: Path) -> None:
    with opened(path, []) as slots:
        written = slots.write([chunk(name) for name in range(1, 41)])
    kept = dict(list(enumerate(written, 1))[::2])
    with opened(path, list(kept.values())) as slots:
        for name, slot in kept.items():
            assert slots.read(slot, CHUNK_LENGTH) == chunk(name)
        data = path.read_bytes()
        for slot in range(len(data) // SLOT_BYTES):
            held = data[slot * SLOT_BYTES : (slot + 1) * SLOT_BYTES]
            assert any(held) == (slot in kept.values())


def test_the_opening_reads_no_more_than_what_it_has_to_overwrite(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(path, []) as slots:
        kept = slots.write([chunk(name) for name in range(60)])
        gone = slots.write([chunk(name) for name in range(20)])
        slots.overwrite(gone)
        strays = slots.write([chunk(name) for name in range(3)])
    seen: list[int] = []
    pread = os.pread

    def counted(file: int, length: int, offset: int) -> bytes:
        seen.append(offset // SLOT_BYTES)
        return pread(file, length, offset)

    monkeypatch.setattr(os, "pread", counted)
    with opened(path, kept):
        assert sorted(seen) == sorted(strays)


def test_it_is_erased_where_the_system_knows_no_holes_and_the_room_is_used_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_punch_hole", lambda *_: False)
    monkeypatch.setattr(os, "lseek", lambda _, start, __: start)  # all is data
    with opened(path, []) as slots:
        kept, gone = slots.write([chunk(1)]), slots.write([chunk(2)])
    with opened(path, kept) as slots:
        assert slots.read(gone[0], SLOT_BYTES).strip(b"\0") == b""
        assert slots.read(kept[0], CHUNK_LENGTH) == chunk(1)
        slots.reserve_bytes = 1 << 60
        with pytest.raises(StorageFull):
            slots.write([chunk(3)] * 2)
        slots.write([chunk(3)])


def test_the_disk_has_the_room_again(path: Path) -> None:
    with opened(path, []) as slots:
        kept = slots.write([chunk(name) for name in range(10)])
        gone = slots.write([chunk(name) for name in range(50)])
        before = blocks(path)
        slots.overwrite(gone)
        slots.give_back(gone)
        slots.sync()
        assert blocks(path) < before - 49 * SLOT_BYTES
        assert [slots.read(slot, CHUNK_LENGTH) for slot in kept] == [chunk(name) for name in range(10)]


def test_zeros_are_on_the_disk_before_a_hole_is_punched(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the disk would keep the chunk in blocks that belong to nobody."""
    done: list[str] = []

    def noted(name: str, call: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*given: object) -> object:
            done.append(name)
            return call(*given)

        return wrapped

    with opened(path, []) as slots:
        gone = slots.write([chunk(1), chunk(2)])
        for place, name in ((os, "pwrite"), (os, "fdatasync"), (module, "_punch_hole")):
            monkeypatch.setattr(place, name, noted(name, getattr(place, name)))
        slots.overwrite(gone)
    assert done == ["pwrite", "pwrite", "fdatasync", "_punch_hole", "_punch_hole"]


def test_what_did_not_fit_is_overwritten_before_its_slots_are_free(path: Path) -> None:
    with opened(path, []) as slots:
        with files_limited_to(SLOT_BYTES // 2), pytest.raises(StorageFull):  # a part of one chunk at most
            slots.write([chunk(name) for name in range(1, 300)])
        free = len(slots._free)
        slots.clean()
        assert len(slots._free) > free
        assert path.read_bytes().strip(b"\0") == b""
        assert len(slots._free) == slots._count


def test_nothing_is_written_that_would_use_the_reserve(path: Path) -> None:
    with opened(path, []) as slots:
        disk = os.statvfs(path)
        slots.reserve_bytes = disk.f_bavail * disk.f_frsize - SLOT_BYTES // 2
        with pytest.raises(StorageFull):
            slots.write([chunk(1)])
        slots.clean()
        assert path.stat().st_size == 0
