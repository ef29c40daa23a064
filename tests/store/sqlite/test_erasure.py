"""What was deleted is in no file any more, and nothing waits for its erasure, however large the database is."""

import asyncio
import os
import random
import sqlite3
from pathlib import Path

import pytest

from intake.store import SqliteStore, open_store
from intake.store.sqlite import group_commit, mailboxes, scrub_wal
from tests.store.kit.rows import DAY, LIMITS, ORGANISATION, content, files_holding, listed, mailbox


def traces(folder: Path, name: bytes) -> list[str]:
    """The files that hold a mailbox's id, or its contents, which repeat the first half of the id."""
    return files_holding(folder, name[:16]) + files_holding(folder, name[16:])


async def fill(store: SqliteStore, dice: random.Random) -> bytes:
    """A mailbox with up to four envelopes of a random size, all made of its id; returns the id."""
    name = os.urandom(32)
    size = dice.choice([40, 300, 600, 900, 1200, 4196, 10_700])
    marked = (name[:16] * (size // 16 + 1))[:size]
    await store.create_mailbox(mailbox(name), os.urandom(16), marked)
    for _ in range(dice.randint(0, 3)):
        await store.append(name, os.urandom(16), DAY, marked, *LIMITS)
    return name


async def cached_by_writer(store: SqliteStore, name: bytes) -> None:
    await store.writer.write(lambda connection: mailboxes.envelopes(connection, name))


async def delete(store: SqliteStore, names: list[bytes]) -> None:
    """Delete mailboxes without erasing them, as if a crash or a reader prevented it."""
    for name in names:
        await store.writer.write(lambda c, name=name: mailboxes.delete_mailbox(c, ORGANISATION.id, name))  # type: ignore[misc]


def copied(folder: Path, to: Path) -> Path:
    """A copy of a folder in use, which is as after a crash."""
    to.mkdir(mode=0o700)
    for file in folder.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    return to


async def test_a_deletion_leaves_no_bytes_in_any_file(store: SqliteStore, folder: Path) -> None:
    """Many sizes, so that pages split and merge: that is what leaves copies behind."""
    dice = random.Random(2)
    there: list[bytes] = []
    gone: list[bytes] = []
    for _ in range(8):
        there += [await fill(store, dice) for _ in range(dice.randint(10, 60))]
        dice.shuffle(there)
        deleted, there = there[: len(there) // 2], there[len(there) // 2 :]
        for name in deleted:
            assert await store.delete_mailbox(ORGANISATION.id, name)
        gone += deleted
        assert [name for name in gone if traces(folder, name)] == []
    assert all(traces(folder, name) for name in there)
    check = await store.readers.read(lambda c: c.execute("PRAGMA integrity_check").fetchall())
    assert check == [("ok",)]
    for name in there:
        assert {envelope.bytes[:16] for envelope in await store.envelopes(name)} == {name[:16]}


async def test_what_was_erased_does_not_come_back_with_later_writes(
    store: SqliteStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page in the writer's cache still holds what was erased from it in the file."""
    dice = random.Random(3)
    there: list[bytes] = []
    gone: list[bytes] = []
    in_gaps: list[bytes] = []
    overwrite = scrub_wal.Eraser._overwrite

    def seen(eraser: scrub_wal.Eraser, gaps: dict[int, int]) -> None:
        file = (folder / "store.sqlite").read_bytes()
        held = b"".join(file[offset : offset + length] for offset, length in gaps.items())
        in_gaps.extend(name for name in gone if name[:16] in held or name[16:] in held)
        overwrite(eraser, gaps)

    monkeypatch.setattr(scrub_wal.Eraser, "_overwrite", seen)
    while not in_gaps:  # about one deletion in a hundred leaves any
        there += [await fill(store, dice) for _ in range(100)]
        deleted, there = there[-50:], there[:-50]
        gone += deleted
        assert len(gone) < 3000, "SQLite leaves no traces any more"
        await delete(store, deleted)
        for name in there:
            await cached_by_writer(store, name)
        await store.writer.sweep()
    for name in there:
        await store.append(name, os.urandom(16), DAY, b"later", *LIMITS)
    assert [name for name in gone if traces(folder, name)] == []


async def test_gaps_are_left_alone_if_another_program_has_written(store: SqliteStore, folder: Path) -> None:
    box = mailbox()
    await store.create_mailbox(box, b"e" * 16, content(box.id))
    eraser = scrub_wal.Eraser(folder / "store.sqlite")

    def meddling(connection: sqlite3.Connection) -> bool:
        other = sqlite3.connect(folder / "store.sqlite", isolation_level=None)

        def meddle(statement: str) -> None:
            if statement == "BEGIN IMMEDIATE":
                other.execute("UPDATE settled SET day = day - 1")

        connection.set_trace_callback(meddle)
        try:
            return eraser.checkpoint(connection)
        finally:
            connection.set_trace_callback(None)
            other.close()

    assert not await store.writer.connection.run(meddling)
    assert await store.writer.connection.run(eraser.checkpoint)
    await store.close()
    eraser.close()


async def test_expiry_leaves_no_bytes_in_any_file(store: SqliteStore, folder: Path) -> None:
    boxes = [mailbox(expiry_day=DAY + 1) for _ in range(100)]
    for box in boxes:
        await store.create_mailbox(box, os.urandom(16), content(box.id))
    assert await store.expire(DAY + 1) == 100
    for box in boxes:
        assert files_holding(folder, box.id) == []
        assert files_holding(folder, content(box.id)[-64:]) == []


async def test_a_replaced_keyring_is_in_no_file(store: SqliteStore, folder: Path) -> None:
    old, new = content(b"old", 8192), content(b"new", 8192)
    await store.put_keyring(ORGANISATION.id, "sam", 0, old)
    await store.put_keyring(ORGANISATION.id, "sam", 1, new)
    assert not any(files_holding(folder, old[at : at + 32]) for at in range(0, 8192, 32))


async def test_a_reader_delays_the_erasure_but_not_for_ever(store: SqliteStore, folder: Path) -> None:
    box = mailbox()
    await store.create_mailbox(box, b"e" * 16, content(box.id))
    reader = sqlite3.connect(store.folder.database, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM mailbox").fetchone()
    assert await store.delete_mailbox(ORGANISATION.id, box.id)
    assert await store.mailbox(ORGANISATION.id, box.id) is None
    assert files_holding(folder, box.id) == ["store.sqlite-wal"]
    reader.execute("COMMIT")
    reader.close()
    async with asyncio.timeout(30):  # nothing else is written: the writer remembers what it owes
        while await asyncio.to_thread(files_holding, folder, box.id):
            pass


async def test_an_erasure_that_a_crash_prevented_is_made_up_for(
    store: SqliteStore, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("LOG_BYTES", "IDLE_LOG_BYTES"):  # or the log may be moved before the crash
        monkeypatch.setattr(group_commit, limit, 1 << 40)
    dice = random.Random(5)
    names = [await fill(store, dice) for _ in range(300)]
    await delete(store, names[::2])
    crashed = copied(folder, tmp_path / "crashed")
    assert all("store.sqlite-wal" in traces(crashed, name) for name in names[::2])
    async with await open_store(crashed):
        assert [name for name in names[::2] if traces(crashed, name)] == []
        assert all(traces(crashed, name) for name in names[1::2])


async def test_a_log_that_was_moved_and_begun_anew_leaves_nothing_for_later(
    store: SqliteStore, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a rebuilt page left in its gap must be found although the log forgot that page before the deletion."""
    monkeypatch.setattr(group_commit, "LOG_BYTES", 100_000)
    dice = random.Random(6)
    names: list[bytes] = []
    for _ in range(75):
        names += await asyncio.gather(*(fill(store, dice) for _ in range(16)))
    assert (folder / "store.sqlite-wal").stat().st_size < 1_000_000
    crashed = copied(folder, tmp_path / "crashed")
    async with await open_store(crashed) as again:
        await delete(again, names[::5])  # few, so that most pages are not written again
        await again.writer.sweep()
        assert [name for name in names[::5] if traces(crashed, name)] == []


async def test_a_long_read_elsewhere_holds_up_no_write(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each batch would try to empty the log otherwise, and wait for the reader."""
    boxes = [mailbox() for _ in range(10)]
    for box in boxes:
        await store.create_mailbox(box, b"e" * 16, content(box.id))
    seen: list[str] = []
    await store.writer.connection.run(lambda c: c.set_trace_callback(seen.append))
    reader = sqlite3.connect(store.folder.database, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM mailbox").fetchone()
    monkeypatch.setattr(group_commit, "RETRY_SECONDS", 3600)
    assert await store.delete_mailbox(ORGANISATION.id, boxes[0].id)
    tried = [statement for statement in seen if "checkpoint" in statement]
    assert tried
    assert seen.index("PRAGMA busy_timeout = 0") < seen.index(tried[0])
    for box in boxes[1:]:
        await store.append(box.id, b"f" * 16, DAY, b"more", *LIMITS)
        assert await store.delete_mailbox(ORGANISATION.id, box.id)
    assert [statement for statement in seen if "checkpoint" in statement] == tried
    reader.close()


async def test_the_log_is_moved_when_nobody_writes(
    store: SqliteStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "IDLE_LOG_BYTES", 100_000)
    for _ in range(50):
        box = mailbox()
        await store.create_mailbox(box, b"e" * 16, content(box.id))
    async with asyncio.timeout(30):
        while content(box.id)[-64:] not in await asyncio.to_thread((folder / "store.sqlite").read_bytes):
            pass
    length = (folder / "store.sqlite-wal").stat().st_size
    await store.create_mailbox(mailbox(), b"e" * 16, b"small")
    assert (folder / "store.sqlite-wal").stat().st_size == length  # begun anew


def read_so_far() -> int:
    """How many bytes this process has read from files."""
    return int(Path("/proc/self/io").read_text().split()[1])


async def test_neither_the_start_nor_the_daily_round_reads_the_whole_database(
    store: SqliteStore, folder: Path
) -> None:
    await asyncio.gather(
        *(store.create_mailbox(mailbox(day=DAY - 1), b"e" * 16, bytes(12_000)) for _ in range(1000))
    )
    await store.expire(DAY)
    await store.erase_files()
    await store.close()
    assert (folder / "store.sqlite").stat().st_size > 12_000_000
    before = read_so_far()
    async with await open_store(folder) as again:
        await again.expire(DAY)
        await again.erase_files()
        assert await again.delete_mailbox(ORGANISATION.id, (await listed(again))[0])
    assert read_so_far() - before < 1_000_000
