"""A file that is sealed again under a secret it was sealed under before: never with other bytes."""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from crypto.public.errors import DrempelError
from crypto.public.limits import LONGEST_FILE
from crypto.secret.attachment import CHUNK, SECRET_LENGTH
from intake.client.files.chosen_file import choose
from intake.client.files.file_sealer import Batch, FileSealer

ORGANISATION, SECRET = bytes(32), Random(1).randbytes(SECRET_LENGTH)
COUNT = 24
TOGETHER = 4


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "papers"
    path.write_bytes(Random(2).randbytes(COUNT * CHUNK))
    return path


def batches(sealing: FileSealer) -> list[Batch]:
    return list(iter(lambda: sealing.next(TOGETHER), None))


def numbered(found: list[Batch]) -> dict[int, bytes]:
    return {batch.first + at: chunk for batch in found for at, chunk in enumerate(batch.chunks)}


def save_another(path: Path) -> None:
    """Other bytes in the middle, as an editor saves a document in its place."""
    with path.open("r+b") as file:
        file.seek(12 * CHUNK)
        file.write(b"other bytes")


def touch(path: Path) -> None:
    """No other bytes, but nobody can know that."""
    path.touch()


@pytest.mark.parametrize("change", [save_another, touch])
@pytest.mark.parametrize("stored", [0, 2, 10])
def test_nothing_of_a_changed_file_is_handed_out_after_the_change(
    path: Path, stored: int, change: Callable[[Path], None]
) -> None:
    chosen = choose(path, LONGEST_FILE)
    with closing(FileSealer(chosen, ORGANISATION, SECRET)) as first:
        sent = numbered(batches(first))
    assert sorted(sent) == list(range(COUNT))
    with closing(FileSealer(chosen, ORGANISATION, SECRET, frozenset(range(stored)))) as again:
        before = again.next(TOGETHER)
        assert before is not None
        change(path)
        # The system's clock may stand still between two changes: this one is never within its tick.
        os.utime(path, ns=(0, 0))
        with pytest.raises(DrempelError) as caught:
            again.next(TOGETHER)
    assert caught.value.code == "attachment-changed"
    assert numbered([before]).items() <= sent.items(), "the same chunk is the same bytes"


def test_what_has_arrived_is_sealed_for_its_hash_and_not_handed_out(path: Path) -> None:
    chosen = choose(path, LONGEST_FILE)
    with closing(FileSealer(chosen, ORGANISATION, SECRET)) as first:
        sent = numbered(batches(first))
        hashed = first.attachment().hash
    with closing(FileSealer(chosen, ORGANISATION, SECRET, frozenset({0, 1, 5}))) as again:
        found = batches(again)
        assert again.attachment().hash == hashed
    assert numbered(found) == {number: chunk for number, chunk in sent.items() if number not in {0, 1, 5}}
    assert sum(batch.skipped for batch in found) == 3
