"""Makes a store in a folder that becomes that of a data folder when it is whole, and is none before.

It grows in a folder of its own inside, whose name says what fills it. In the end its two files move out, that which
makes a data folder a store last. A restore that fails leaves no trace; a migration goes on where it stopped.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from intake.store.errors import RESTORING, FolderNotEmpty, NotWhole, StoreExists, StoreUnavailable
from intake.store.sqlite.connection import DISK_FAILED
from intake.store.sqlite.folder import FILLING, claim, prepare, sync
from intake.store.sqlite.open import create_store, open_store
from intake.store.sqlite.store import SqliteStore

# `store.sqlite` is last: a folder with it is a store.
_MOVED: Final = ("chunks.data", "store.sqlite")
# What a file system of its own has.
_NOBODYS: Final = {"lost+found"}


@asynccontextmanager
async def filling(path: Path, name: str) -> AsyncIterator[SqliteStore]:
    """A store to `load` into, which is that of the folder once the block has ended well.

    `name` is RESTORING, which begins anew, or MIGRATING, which takes up what an interrupted migration has left. Raises
    `StoreExists`, `FolderNotEmpty`, `NotWhole` if the other of them has left something, `StoreLocked`,
    `StoreUnavailable`, OSError.
    """
    before, lock = await asyncio.to_thread(_claim, path, name)
    inside = path / name
    try:
        is_begun = await asyncio.to_thread((inside / "store.sqlite").exists)
        async with await (open_store if is_begun else create_store)(inside) as store:
            yield store
        await asyncio.to_thread(_move, inside, path)
    except BaseException:
        if name == RESTORING:
            _undo(path, before)
        raise
    finally:
        os.close(lock)


def _claim(path: Path, name: str) -> tuple[int | None, int]:
    """Make or take a folder that is empty, but for what an interrupted try has left, and lock it.

    Returns its mode, if there was one, and the lock.
    """
    before = path.stat().st_mode if path.exists() else None
    try:
        names = {item.name for item in path.iterdir()} - _NOBODYS
    except FileNotFoundError:
        names = set()
    except NotADirectoryError:
        raise FolderNotEmpty("It is a file.") from None
    if "store.sqlite" in names:
        raise StoreExists(f"Folder: {path}.")
    for other in FILLING:
        if other != name and other in names:
            raise NotWhole(other)
    if names - {name, "chunks.data", "lock"} or ("chunks.data" in names and name not in names):
        raise FolderNotEmpty(f"Folder: {path}.")
    prepare(path)
    path.chmod(0o700)
    lock = claim(path)
    if name == RESTORING:
        shutil.rmtree(path / name, ignore_errors=True)
        (path / "chunks.data").unlink(missing_ok=True)
    elif "chunks.data" in names:  # it was about to become a store
        (path / "chunks.data").rename(path / name / "chunks.data")
    return before, lock


def _move(inside: Path, path: Path) -> None:
    """Move the files of a closed store out. Raises `StoreUnavailable` if a part of it is in its log still."""
    if (inside / "store.sqlite-wal").exists():
        raise StoreUnavailable(DISK_FAILED)
    for name in _MOVED:
        sync(inside / name)
    for name in _MOVED:
        (inside / name).rename(path / name)
        sync(path)
    shutil.rmtree(inside, ignore_errors=True)


def _undo(path: Path, before: int | None) -> None:
    """Leave the folder as it was; `before` is its mode, if there was one."""
    if (path / "store.sqlite").exists():  # all was done
        return
    shutil.rmtree(path / RESTORING, ignore_errors=True)
    with suppress(OSError):  # what went wrong is told, not this
        for name in ("chunks.data", "lock"):
            (path / name).unlink(missing_ok=True)
        if before is None:
            path.rmdir()
        else:
            path.chmod(stat.S_IMODE(before))
