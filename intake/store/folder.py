"""The data folder: who may enter it, one instance at a time, and the making and opening of its database file.

store.sqlite (-wal, -shm)     the database
chunks.sqlite (-journal)      the chunks of files
lock                          held by the running instance (flock; released by the kernel if it dies)
creating.sqlite               a creation that was interrupted; the next start removes it
backing-up.sqlite             a backup that was interrupted; likewise
backup-before-<n>.sqlite      the database as it was before the upgrade to schema n
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path

from intake.store import chunk_table, migration
from intake.store.connection import PAGE_BYTES
from intake.store.errors import (
    FolderNotPrivate,
    NotAStore,
    SchemaTooNew,
    StoreExists,
    StoreLocked,
    StoreUnavailable,
)

APPLICATION_ID = 0x4472656D  # "Drem", in the file's header: this file is ours
# A backup keeps what has been deleted since, so it must not outlive the upgrade for long.
BACKUP_DAYS = 14
_DAY_SECONDS = 86_400
_OTHERS = 0o077


class Folder:
    """A data folder, claimed for this instance until `release()`."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Claim a folder that holds a store, or (`create`) make one where there is none.

        Raises `NotAStore`, `FolderNotPrivate`, `StoreLocked`, `StoreExists`, or `StoreUnavailable` if it cannot be
        written; `OSError`, `sqlite3.Error` if the database could not be made.
        """
        if create:
            _prepare(path)
        elif not (path / "store.sqlite").is_file():  # before a lock is left in a folder that is not ours
            raise NotAStore(f"Folder: {path}.")
        if path.stat().st_mode & _OTHERS:
            raise FolderNotPrivate(f"Folder: {path}.")
        self.path = path
        self.database = path / "store.sqlite"
        self.chunks = path / "chunks.sqlite"
        self._lock = _lock(path)
        try:
            if create:
                self._create_database()
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

    def check_database(self) -> None:
        """Make sure the file is ours and of this release's schema, upgrading it (after a backup) if older.

        Raises `NotAStore`, `SchemaTooNew`, `MigrationFailed`.
        """
        self._clear("creating.sqlite")
        self._clear("backing-up.sqlite")
        self.database.chmod(0o600)
        connection = sqlite3.connect(self.database, isolation_level=None)
        try:
            version = _schema_version(connection, self.database.name)
            newest = migration.newest_version()
            if version > newest:
                raise SchemaTooNew(f"Its schema is {version}, this release knows {newest}.")
            if version < newest:
                self._back_up(connection, newest)
                migration.migrate(connection, from_version=version)
        finally:
            connection.close()

    def check_chunks(self) -> bool:
        """Make the database of chunks if there is none, as before schema 2; otherwise make sure that it is ours.

        True if a crash interrupted a transaction of it. Raises `NotAStore`, `SchemaTooNew`.
        """
        if not self.chunks.exists():
            self._create_chunks()
        self.chunks.chmod(0o600)
        journal = self.chunks.with_name(f"{self.chunks.name}-journal")
        interrupted = journal.exists() and journal.stat().st_size > 0
        connection = sqlite3.connect(self.chunks, isolation_level=None)
        try:
            version = _schema_version(connection, self.chunks.name)
        finally:
            connection.close()
        if version > chunk_table.VERSION:
            raise SchemaTooNew(
                f"The schema of its chunks is {version}, this release knows {chunk_table.VERSION}."
            )
        return interrupted

    def _create_chunks(self) -> None:
        unfinished = self._unfinished("creating.sqlite")
        connection = sqlite3.connect(unfinished, isolation_level=None)
        try:
            connection.execute(f"PRAGMA page_size = {chunk_table.PAGE_BYTES}")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {chunk_table.VERSION}")
            connection.executescript(chunk_table.SCHEMA)
        finally:
            connection.close()
        self._finish(unfinished, self.chunks)

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
        """An empty file for us alone, in the place of whatever an interrupted start left there."""
        self._clear(name)
        path = self.path / name
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        return path

    def _clear(self, name: str) -> None:
        for leftover in self.path.glob(f"{name}*"):  # its journal too
            leftover.unlink()

    def _finish(self, unfinished: Path, final: Path) -> None:
        """Give a file its name once its bytes are on the disk."""
        _sync(unfinished)
        unfinished.replace(final)
        _sync(self.path)


def _prepare(path: Path) -> None:
    """Make a data folder that only this user can enter, or close an empty one to others."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not any(path.iterdir()):
        path.chmod(0o700)


def _lock(path: Path) -> int:
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


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
