"""The data folder: its permissions, its lock for one instance, and the creation and checks of its files.

store.sqlite (-wal, -shm)     the database
chunks.data                   the chunks of files, in slots (slots.py)
ballast                       empty room for deletions on a full disk (room.py)
lock                          held by the running instance (flock; released by the kernel if it dies)
creating.sqlite               an interrupted creation; the next start removes it
backing-up.sqlite             an interrupted copy before an upgrade; likewise
restoring/, migrating/        a store that is not whole yet (filling.py)
backup-before-<n>.sqlite      the database as it was before the upgrade to schema n
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from pathlib import Path

from intake.store.errors import (
    MIGRATING,
    RESTORING,
    FolderNotPrivate,
    NotAStore,
    NotWhole,
    SchemaTooNew,
    StoreExists,
    StoreLocked,
    StoreTooOld,
    StoreUnavailable,
)
from intake.store.sqlite import migration
from intake.store.sqlite.connection import PAGE_BYTES

APPLICATION_ID = 0x44726D70  # "Drmp", in the file's header: this file is ours
_RELEASE_0_1 = 0x4472656D  # what it had there, before schemas were numbered anew
# A backup keeps what has been deleted since, so it must not outlive the upgrade for long.
BACKUP_DAYS = 14
# Folders in it in which a store is filled.
FILLING = (RESTORING, MIGRATING)
_DAY_SECONDS = 86_400
_OTHERS = 0o077


class Folder:
    """A data folder, claimed for this instance until `release()`."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Claim a folder that holds a store, or (`create`) make one where there is none.

        Raises `NotAStore`, `NotWhole`, `StoreTooOld`, `FolderNotPrivate`, `StoreLocked`, `StoreExists`, or
        `StoreUnavailable` if it cannot be written; `OSError`, `sqlite3.Error` if the database could not be made.
        """
        refuse_half(path)
        if create:
            prepare(path)
        else:  # checked first, so that nothing is changed in a folder that is not this release's
            _check_ours(path / "store.sqlite")
        require_private(path)
        self.path = path
        self.database = path / "store.sqlite"
        self.chunks = path / "chunks.data"
        self._lock = claim(path)
        try:
            self._clear("creating.sqlite")
            self._clear("backing-up.sqlite")
            for name in FILLING:  # what is left of one whose last step was interrupted
                shutil.rmtree(path / name, ignore_errors=True)
            if create:
                self._create_database()
            self.database.chmod(0o600)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let the next instance in."""
        os.close(self._lock)

    def _create_database(self) -> None:
        """Make the database: whole and durable under its name, or not at all."""
        if self.database.exists():
            raise StoreExists(f"Folder: {self.path}.")
        unfinished = self._unfinished("creating.sqlite")
        connection = sqlite3.connect(unfinished, isolation_level=None)
        try:
            connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            migration.migrate(connection, from_version=0)
        finally:
            connection.close()
        self._finish(unfinished, self.database)

    def check_database(self, connection: sqlite3.Connection) -> None:
        """Make sure that the database is of this release's schema, upgrading it (after a backup) if older.

        Raises `NotAStore`, `SchemaTooNew`, `MigrationFailed`.
        """
        version = _schema_version(connection, self.database.name)
        newest = migration.newest_version()
        if version > newest:
            raise SchemaTooNew(f"Its schema is {version}, this release knows {newest}.")
        if version < newest:
            self._back_up(connection, newest)
            migration.migrate(connection, from_version=version)

    def check_chunks(self) -> None:
        """Make the flat file of chunks if there is none. Raises `OSError`."""
        if not self.chunks.exists():
            os.close(os.open(self.chunks, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            sync(self.path)
        self.chunks.chmod(0o600)

    def drop_old_backups(self, today: int) -> None:
        """Remove backups taken `BACKUP_DAYS` or more before the day `today`."""
        for backup in self.path.glob("backup-before-*.sqlite"):
            if int(backup.stat().st_mtime) // _DAY_SECONDS + BACKUP_DAYS <= today:
                backup.unlink()

    def _back_up(self, connection: sqlite3.Connection, version: int) -> None:
        unfinished = self._unfinished("backing-up.sqlite")
        connection.execute("VACUUM INTO ?", (str(unfinished),))
        self._finish(unfinished, self.path / f"backup-before-{version}.sqlite")

    def _unfinished(self, name: str) -> Path:
        """Make an empty private file, in place of the one that an interrupted start left."""
        self._clear(name)
        path = self.path / name
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        return path

    def _clear(self, name: str) -> None:
        for leftover in self.path.glob(f"{name}*"):  # its journal too
            leftover.unlink()

    def _finish(self, unfinished: Path, final: Path) -> None:
        """Rename a file to its final name, once its bytes are on the disk."""
        sync(unfinished)
        unfinished.replace(final)
        sync(self.path)


def refuse_half(path: Path) -> None:
    """Make sure that no store in a folder is half filled. Raises `NotWhole`."""
    if not (path / "store.sqlite").exists():
        for name in FILLING:
            if (path / name).exists():
                raise NotWhole(name)


def require_private(path: Path) -> None:
    """Make sure that only this user can enter a folder. Raises `FolderNotPrivate`."""
    if path.stat().st_mode & _OTHERS:
        raise FolderNotPrivate(f"Folder: {path}.")


def _check_ours(database: Path) -> None:
    """Look into a database's header, without SQLite, which would leave files beside it. Raises `NotAStore`."""
    if not database.is_file():
        raise NotAStore(f"Folder: {database.parent}.")
    with database.open("rb") as file:
        header = file.read(100)
    if not header.startswith(b"SQLite format 3\0"):
        raise NotAStore(f"Its {database.name} is not a database.")
    application = int.from_bytes(header[68:72], "big")
    if application == _RELEASE_0_1:
        raise StoreTooOld(f"Folder: {database.parent}.")
    if application != APPLICATION_ID:
        raise NotAStore(f"Its {database.name} belongs to another program.")


def prepare(path: Path) -> None:
    """Make a data folder that only this user can enter, or close an empty one to other users."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in missing:  # or a power cut could lose what is in it
        sync(folder.parent)
    if not any(path.iterdir()):
        path.chmod(0o700)


def claim(path: Path) -> int:
    """Lock a folder, until the descriptor that it returns is closed. Raises `StoreLocked`, `StoreUnavailable`."""
    try:
        lock = os.open(path / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError:
        raise StoreUnavailable("The data folder is not writable.") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise StoreLocked(f"Folder: {path}.") from None
    return lock


def _schema_version(connection: sqlite3.Connection, name: str) -> int:
    try:
        application: int = connection.execute("PRAGMA application_id").fetchone()[0]
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.DatabaseError:
        raise NotAStore(f"Its {name} is not a database.") from None
    if application != APPLICATION_ID:
        raise NotAStore(f"Its {name} belongs to another program.")
    return version


def sync(path: Path) -> None:
    """Wait until a file, or what a folder names, is on the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
