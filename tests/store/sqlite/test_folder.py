"""The data folder: private, one instance at a time, whole or not there, and upgraded with care."""

# ruff: noqa: ASYNC240  a test's loop runs nothing else that looking at files could hold up

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from intake.store import (
    FolderNotPrivate,
    MigrationFailed,
    NotAStore,
    SchemaTooNew,
    SqliteStore,
    StoreExists,
    StoreLocked,
    StoreTooOld,
    StoreUnavailable,
    create_store,
    open_store,
)
from intake.store.sqlite import migration
from intake.store.sqlite.folder import BACKUP_DAYS
from tests.project import ROOT
from tests.store.kit.rows import DAY, DIRECTORY, LIMITS, ORGANISATION, content, mailbox


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_only_its_user_can_read_it(store: SqliteStore, folder: Path) -> None:
    await store.create_mailbox(mailbox(), b"e" * 16, b"opening")
    assert mode(folder) == 0o700
    files = {file.name: mode(file) for file in folder.iterdir()}
    assert files == dict.fromkeys(
        ["chunks.data", "lock", "store.sqlite", "store.sqlite-shm", "store.sqlite-wal"], 0o600
    )


async def test_a_file_that_others_could_read_is_closed_to_them(store: SqliteStore, folder: Path) -> None:
    await store.close()
    (folder / "store.sqlite").chmod(0o644)
    async with await open_store(folder):
        assert {mode(file) for file in folder.iterdir()} == {0o600}


async def test_an_empty_folder_is_closed_to_others(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o755)
    async with await create_store(folder):
        assert mode(folder) == 0o700


@pytest.mark.parametrize("open_to", [0o750, 0o701])
async def test_a_folder_that_others_can_enter_is_refused(
    store: SqliteStore, folder: Path, open_to: int
) -> None:
    await store.close()
    folder.chmod(open_to)
    with pytest.raises(FolderNotPrivate, match="chmod 700"):
        await (await open_store(folder)).close()
    (folder / "store.sqlite").unlink()
    with pytest.raises(FolderNotPrivate, match="chmod 700"):
        await (await create_store(folder)).close()


async def test_two_instances_do_not_share_a_folder(store: SqliteStore, folder: Path) -> None:
    with pytest.raises(StoreLocked):
        await (await open_store(folder)).close()
    command = [sys.executable, "-m", "tests.store.kit.instance", "open", str(folder)]
    other = subprocess.run(  # noqa: ASYNC221  nothing else runs here meanwhile
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert "StoreLocked" in other.stderr
    await store.close()
    async with await open_store(folder) as again:
        assert await again.organisations() == [ORGANISATION]


async def test_a_store_is_not_created_twice(store: SqliteStore, folder: Path) -> None:
    await store.close()
    with pytest.raises(StoreExists):
        await (await create_store(folder)).close()
    async with await open_store(folder) as again:
        assert await again.directory(ORGANISATION.id) == DIRECTORY


async def test_a_folder_without_a_store_is_left_as_it_was(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(NotAStore):
        await (await open_store(folder)).close()
    assert not folder.exists()
    folder.mkdir(mode=0o700)
    with pytest.raises(NotAStore):
        await (await open_store(folder)).close()
    assert not any(folder.iterdir())


def text_file(path: Path) -> None:
    path.write_text("not a database, but long enough to have a header\n" * 100)


def empty_file(path: Path) -> None:
    path.touch()


def other_program(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmarks (address)")
    connection.close()


@pytest.mark.parametrize("make", [text_file, empty_file, other_program])
async def test_a_file_that_is_no_store_is_refused_untouched(
    folder: Path, make: Callable[[Path], None]
) -> None:
    folder.mkdir(mode=0o700)
    make(folder / "store.sqlite")
    before = (folder / "store.sqlite").read_bytes()
    with pytest.raises(NotAStore):
        await (await open_store(folder)).close()
    assert (folder / "store.sqlite").read_bytes() == before


async def test_a_newer_schema_is_refused(store: SqliteStore, folder: Path) -> None:
    newest = migration.newest_version()
    await store.close()
    connection = sqlite3.connect(folder / "store.sqlite")
    connection.execute(f"PRAGMA user_version = {newest + 1}")
    connection.close()
    with pytest.raises(SchemaTooNew, match=f"{newest + 1}"):
        await (await open_store(folder)).close()


@pytest.mark.parametrize("version", [1, 2])
async def test_a_folder_of_release_0_1_is_refused_untouched(folder: Path, version: int) -> None:
    """Its schemas were numbered too, so the number alone would not tell."""
    folder.mkdir(mode=0o700)
    connection = sqlite3.connect(folder / "store.sqlite")
    connection.executescript(
        f"PRAGMA application_id = {0x4472656D}; PRAGMA user_version = {version};"
        "PRAGMA journal_mode = WAL; CREATE TABLE mailbox (id BLOB);"
    )
    before = {file.name: file.read_bytes() for file in folder.iterdir()}  # its log too, as after a crash
    with pytest.raises(StoreTooOld, match="drempel init"):
        await (await open_store(folder)).close()
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    connection.close()


async def test_a_new_folder_is_durable_with_those_above_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut it must not be missing: codes were handed out."""
    synced: list[Path] = []
    sync = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    deep = folder / "var" / "data"
    await (await create_store(deep)).close()
    assert {folder.parent, folder, folder / "var", deep} <= set(synced)


@pytest.mark.parametrize("interrupted", ["fsync", "replace"])
async def test_an_interrupted_creation_leaves_nothing_to_trip_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch, interrupted: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(*{"fsync": (os, "fsync"), "replace": (Path, "replace")}[interrupted], fail)
        with pytest.raises(StoreUnavailable):
            await (await create_store(folder)).close()
    with pytest.raises(NotAStore):
        await (await open_store(folder)).close()
    (folder / "creating.sqlite-journal").write_bytes(b"left by a crash")
    async with await create_store(folder) as store:
        await store.add_organisation(ORGANISATION, DIRECTORY)
        assert not list(folder.glob("creating*"))


async def test_every_connection_has_the_settings(store: SqliteStore) -> None:
    def settings(connection: sqlite3.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "temp_store", "query_only")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await store.writer.connection.run(settings) == ["wal", 2, 1, 1, 2, 0]
    assert await store.readers.read(settings) == ["wal", 2, 1, 1, 2, 1]


async def test_no_table_numbers_its_rows(store: SqliteStore) -> None:
    """Those that are not WITHOUT ROWID have random keys, which `test_shuffle` looks at."""

    def tables(connection: sqlite3.Connection) -> list[tuple[str, int, int]]:
        return connection.execute(
            "SELECT name, wr, strict FROM pragma_table_list WHERE schema = 'main'"
        ).fetchall()

    found = await store.readers.read(tables)
    numbered = {name for name, without_rowid, _ in found if not without_rowid}
    assert numbered == {"mailbox", "envelope", "sqlite_schema"}  # the last is SQLite's own list of tables
    assert all(strict for name, _, strict in found if name != "sqlite_schema")


@pytest.fixture
def newer_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], int]:
    """Make this release one that knows one schema more, given as SQL; returns its version."""

    def upgrade(sql: str) -> int:
        version = migration.newest_version() + 1
        migrations = tmp_path / "migrations"
        shutil.copytree(migration.FOLDER, migrations)
        (migrations / f"{version:04}.sql").write_text(sql)
        monkeypatch.setattr(migration, "FOLDER", migrations)
        return version

    return upgrade


async def test_an_older_schema_is_upgraded_beside_a_backup(
    store: SqliteStore, folder: Path, newer_release: Callable[[str], int]
) -> None:
    box = mailbox()
    await store.create_mailbox(box, b"e" * 16, content(box.id))
    await store.close()
    version = newer_release("ALTER TABLE settled ADD COLUMN extra TEXT NOT NULL DEFAULT 'new';")
    (folder / "backing-up.sqlite").write_bytes(b"left by a crash")
    async with await open_store(folder) as upgraded:
        assert (await upgraded.envelopes(box.id))[0].bytes == content(box.id)
        extra = await upgraded.readers.read(lambda c: c.execute("SELECT extra FROM settled").fetchone())
        assert extra == ("new",)
    backup = folder / f"backup-before-{version}.sqlite"
    assert mode(backup) == 0o600
    connection = sqlite3.connect(backup)
    assert connection.execute("PRAGMA user_version").fetchone() == (version - 1,)
    assert connection.execute("SELECT opening FROM mailbox").fetchone() == (content(box.id),)
    connection.close()
    assert sorted(file.name for file in folder.iterdir()) == [
        backup.name,
        "chunks.data",
        "lock",
        "store.sqlite",
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE half (x); INSERT INTO nowhere VALUES (1);",
        "CREATE TABLE half (x); DELETE FROM organisation;",
    ],
)
async def test_a_failed_upgrade_leaves_the_old_schema(
    store: SqliteStore,
    folder: Path,
    newer_release: Callable[[str], int],
    monkeypatch: pytest.MonkeyPatch,
    sql: str,
) -> None:
    box = mailbox()
    await store.create_mailbox(box, b"e" * 16, content(box.id))
    await store.close()
    with monkeypatch.context():
        released = migration.FOLDER
        newer_release(sql)
        with pytest.raises(MigrationFailed):
            await (await open_store(folder)).close()
        monkeypatch.setattr(migration, "FOLDER", released)
        async with await open_store(folder) as again:
            assert (await again.envelopes(box.id))[0].bytes == content(box.id)
            assert await again.append(box.id, b"f" * 16, DAY, b"more", *LIMITS)


async def test_a_backup_does_not_outlive_what_was_deleted_for_long(store: SqliteStore, folder: Path) -> None:
    backup = folder / "backup-before-2.sqlite"
    backup.touch()
    os.utime(backup, (DAY * 86_400, DAY * 86_400))
    await store.expire(DAY + BACKUP_DAYS - 1)
    assert backup.exists()
    await store.expire(DAY + BACKUP_DAYS)
    assert not backup.exists()
