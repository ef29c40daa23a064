"""A store that is restored: in an empty folder only, all of it or nothing, also when it is killed in the midst."""

import asyncio
import io
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from intake.store import (
    BackupDamaged,
    FolderNotEmpty,
    NotABackup,
    NotAStore,
    SqliteStore,
    StoreExists,
    StoreLocked,
    StoreUnavailable,
    Summary,
    load_backup,
    open_store,
    write_backup,
)
from intake.store.errors import RESTORING
from intake.store.sqlite import filling as filling_module
from intake.store.sqlite.filling import filling
from tests.project import ROOT
from tests.store.kit.rows import ORGANISATION, listed, sealed
from tests.store.kit.sending import claimed

NAME = b"n" * 32


@pytest.fixture
async def backup(store: SqliteStore) -> bytes:
    """Of a store with a mailbox and its file."""
    await claimed(store, NAME, chunks=9)
    return b"".join([piece async for piece in write_backup(store)])


async def restored(folder: Path, data: bytes) -> Summary:
    async with filling(folder, RESTORING) as store:
        return await load_backup(store, io.BytesIO(data))


def check_files(folder: Path) -> None:
    """They are those of a store, and no others."""
    assert sorted(item.name for item in folder.iterdir() if item.name != "lost+found") == [
        "chunks.data",
        "lock",
        "store.sqlite",
    ]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "chunks.data").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "store.sqlite").stat().st_mode) == 0o600


async def check(folder: Path) -> None:
    """It is a whole store, and once it was opened nothing else."""
    async with await open_store(folder) as store:
        assert len(await listed(store, 0)) == 1
        assert await store.chunks(ORGANISATION.id, NAME, 0, 99) == [sealed(NAME, at) for at in range(9)]
    check_files(folder)


def made(folder: Path) -> None:
    folder.mkdir(mode=0o755)


def with_lost_and_found(folder: Path) -> None:
    (folder / "lost+found").mkdir(parents=True)


def interrupted_at_first(folder: Path) -> None:
    (folder / "restoring").mkdir(parents=True)
    (folder / "restoring" / "store.sqlite").write_bytes(b"half of it")
    (folder / "lock").touch()


def interrupted_at_last(folder: Path) -> None:
    interrupted_at_first(folder)
    (folder / "chunks.data").write_bytes(b"of an earlier try")


@pytest.mark.parametrize(
    "before", [lambda _: None, made, with_lost_and_found, interrupted_at_first, interrupted_at_last]
)
async def test_an_empty_folder_becomes_a_store(
    tmp_path: Path, backup: bytes, before: Callable[[Path], None]
) -> None:
    folder = tmp_path / "new"
    before(folder)
    summary = await restored(folder, backup)
    assert (summary.bytes, summary.mailboxes) == (len(backup), 1)
    await check(folder)


@pytest.mark.parametrize("name", ["store.sqlite", "chunks.data", "notes.txt", "demo-codes.json"])
async def test_any_other_folder_is_left_as_it_was(tmp_path: Path, backup: bytes, name: str) -> None:
    folder = tmp_path / "other"
    folder.mkdir(mode=0o755)
    (folder / name).write_bytes(b"something")
    with pytest.raises((StoreExists, FolderNotEmpty)):
        await restored(folder, backup)
    assert {item.name: item.read_bytes() for item in folder.iterdir()} == {name: b"something"}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    with pytest.raises(FolderNotEmpty):
        await restored(folder / name, backup)
    assert (folder / name).read_bytes() == b"something"


async def test_a_store_is_left_as_it_was(store: SqliteStore, folder: Path, backup: bytes) -> None:
    with pytest.raises(StoreExists):
        await restored(folder, backup)
    assert len(await listed(store, 0)) == 1


async def test_a_backup_that_is_not_whole_leaves_no_trace(tmp_path: Path, backup: bytes) -> None:
    damaged = backup[:-40] + bytes(40)
    for data, refusal in ((damaged, BackupDamaged), (backup[:-1], BackupDamaged), (b"what", NotABackup)):
        with pytest.raises(refusal):
            await restored(tmp_path / "new", data)
        assert not (tmp_path / "new").exists()
        made(tmp_path / "new")
        with pytest.raises(refusal):
            await restored(tmp_path / "new", data)
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o755
        (tmp_path / "new").rmdir()
    await restored(tmp_path / "new", backup)
    await check(tmp_path / "new")


async def test_two_do_not_restore_into_one_folder(tmp_path: Path, backup: bytes) -> None:
    async with filling(tmp_path / "new", RESTORING) as store:
        with pytest.raises(StoreLocked):
            await restored(tmp_path / "new", backup)
        await load_backup(store, io.BytesIO(backup))
    await check(tmp_path / "new")


async def test_what_is_still_in_the_log_is_not_left_behind(
    tmp_path: Path, backup: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the disk is too full to move the log into the database at the end."""
    move = filling_module._move

    def with_log(inside: Path, path: Path) -> None:
        (inside / "store.sqlite-wal").write_bytes(b"the newest rows")
        move(inside, path)

    monkeypatch.setattr(filling_module, "_move", with_log)
    with pytest.raises(StoreUnavailable):
        await restored(tmp_path / "new", backup)
    assert not (tmp_path / "new").exists()


# Restores, and kills itself before a step: a call that makes, moves, removes or syncs something, or writes rows.
KILLED = """
import asyncio, os, shutil, signal, sys
from pathlib import Path
from intake.store import load_backup
from intake.store.sqlite.filling import filling
from intake.store.sqlite import batch, slots
left = int(sys.argv[3])

def counted(function):
    def call(*arguments, **others):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **others)
    return call

async def restore():
    with open(sys.argv[2], "rb") as file:
        async with filling(Path(sys.argv[1]), "restoring") as store:
            await load_backup(store, file)

for place, name in ((os, "fsync"), (os, "fdatasync"), (os, "pwrite"), (Path, "rename"), (Path, "mkdir"),
                    (shutil, "rmtree"), (batch, "_attempt")):
    setattr(place, name, counted(getattr(place, name)))
asyncio.run(restore())
print(left)
"""
MANY, LAST = 1000, 8  # steps: more than there are; those in which the files get their names


async def killed_before(folder: Path, source: Path, step: int) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", KILLED, str(folder), str(source), str(step)]
    return await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, capture_output=True, timeout=120, check=False
    )


def is_store(folder: Path) -> bool:
    return (folder / "store.sqlite").exists()


async def test_a_restore_that_is_killed_anywhere_leaves_no_store_or_all_of_it(
    tmp_path: Path, backup: bytes
) -> None:
    source = tmp_path / "backup"
    source.write_bytes(backup)
    whole = await killed_before(tmp_path / "whole", source, MANY)
    assert whole.returncode == 0, whole.stderr.decode()
    check_files(tmp_path / "whole")
    steps = MANY - int(whole.stdout)
    assert steps > LAST
    left_whole = 0
    for step in (*range(0, steps - LAST, 5), *range(steps - LAST, steps)):
        folder = tmp_path / str(step)
        ran = await killed_before(folder, source, step)
        assert ran.returncode == -signal.SIGKILL, ran.stderr.decode()
        if is_store(folder):
            left_whole += 1
        else:
            with pytest.raises(NotAStore):
                await open_store(folder)
            await restored(folder, backup)
        await check(folder)
    assert left_whole > 0
