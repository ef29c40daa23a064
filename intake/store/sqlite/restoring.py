"""Makes a store in a folder that becomes that of a data folder when it is whole, and is nothing before.

It grows in a folder of its own inside. In the end its two files move out, that which makes a data folder a store last.
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

from intake.store.errors import FolderNotEmpty, StoreExists, StoreUnavailable
from intake.store.sqlite.connection import DISK_FAILED
from intake.store.sqlite.folder import RESTORING, claim, prepare, sync
from intake.store.sqlite.open import create_store
from intake.store.sqlite.store import SqliteStore

# `store.sqlite` is last: a folder with it is a store.
_MOVED: Final = ("chunks.data", "store.sqlite")
# What an interrupted restore leaves, and what a file system of its own has.
_LEFT: Final = {RESTORING, "chunks.data", "lock"}
_NOBODYS: Final = {"lost+found"}


@asynccontextmanager
async def restoring(path: Path) -> AsyncIterator[SqliteStore]:
    """A new store, which is that of the folder once the block has ended well; after an error there is no trace of it.

    Raises `StoreExists`, `FolderNotEmpty`, `StoreLocked`, `StoreUnavailable`, OSError.
    """
    before, lock = await asyncio.to_thread(_claim, path)
    inside = path / RESTORING
    try:
        async with await create_store(inside) as store:
            yield store
        await asyncio.to_thread(_move, inside, path)
    except BaseException:
        _undo(path, before)
        raise
    finally:
        os.close(lock)


def _claim(path: Path) -> tuple[int | None, int]:
    """Make or take a folder that is empty, but for what an interrupted restore has left, and lock it.

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
    if names - _LEFT or ("chunks.data" in names and RESTORING not in names):
        raise FolderNotEmpty(f"Folder: {path}.")
    prepare(path)
    path.chmod(0o700)
    lock = claim(path)
    shutil.rmtree(path / RESTORING, ignore_errors=True)
    (path / "chunks.data").unlink(missing_ok=True)
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
