"""What was deleted is in no file any more, and the files do not tell in which order things came."""

# ruff: noqa: ASYNC240  a test's loop runs nothing else that looking at files could hold up

import asyncio
import os
import random
import sqlite3
from pathlib import Path

import pytest

from intake.store import SqliteStore, erasure, mailboxes, open_store
from tests.store.rows import DAY, LIMITS, ORGANISATION, content, files_holding, mailbox


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


@pytest.mark.parametrize("at_once", [True, False], ids=["with each deletion", "in the daily round"])
async def test_a_deletion_leaves_no_bytes_in_any_file(
    store: SqliteStore, folder: Path, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    """Many sizes, so that pages split and merge: that is what leaves copies behind."""
    if not at_once:
        monkeypatch.setattr(erasure, "AT_ONCE_BYTES", 0)
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
        if not at_once:
            await store.expire(DAY)
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
    monkeypatch.setattr(erasure, "AT_ONCE_BYTES", 0)
    dice = random.Random(3)
    there: list[bytes] = []
    gone: list[bytes] = []
    while not any(traces(folder, name) for name in gone):  # about one deletion in a hundred leaves any
        there += [await fill(store, dice) for _ in range(300)]
        deleted, there = there[-150:], there[:-150]
        for name in deleted:
            assert await store.delete_mailbox(ORGANISATION.id, name)
        gone += deleted
        assert len(gone) < 3000, "SQLite leaves no traces any more"
    for name in there:
        await cached_by_writer(store, name)
    await store.writer.sweep()
    for name in there:
        await store.append(name, os.urandom(16), DAY, b"later", *LIMITS)
    assert [name for name in gone if traces(folder, name)] == []


async def test_gaps_are_left_alone_while_the_log_holds_newer_pages(store: SqliteStore, folder: Path) -> None:
    box = mailbox()
    await store.create_mailbox(box, b"e" * 16, content(box.id))
    eraser = erasure.Eraser(folder / "store.sqlite")
    with pytest.MonkeyPatch.context() as patch:  # as if somebody wrote between the two steps
        patch.setattr(eraser, "_empty_log", lambda _: True)
        assert not await store.writer.connection.run(lambda c: eraser.erase(c, whole=True))
    assert await store.writer.connection.run(lambda c: eraser.erase(c, whole=True))
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
    reader.execute("SELECT count(*) FROM envelope").fetchone()
    assert await store.delete_mailbox(ORGANISATION.id, box.id)
    assert await store.mailbox(ORGANISATION.id, box.id) is None
    assert files_holding(folder, box.id) == ["store.sqlite-wal"]
    reader.execute("COMMIT")
    reader.close()
    async with asyncio.timeout(30):  # nothing else is written: the writer remembers what it owes
        while await asyncio.to_thread(files_holding, folder, box.id):
            pass


async def test_an_erasure_that_a_crash_prevented_is_made_up_for(
    store: SqliteStore, folder: Path, tmp_path: Path
) -> None:
    box = mailbox()
    await store.create_mailbox(box, b"e" * 16, content(box.id))
    await store.writer.write(lambda c: c.execute("DELETE FROM mailbox"))  # a deletion, and then:
    crashed = tmp_path / "crashed"
    crashed.mkdir(mode=0o700)
    for file in folder.iterdir():
        (crashed / file.name).write_bytes(file.read_bytes())
    assert files_holding(crashed, box.id) == ["store.sqlite-wal"]
    async with await open_store(crashed):
        assert files_holding(crashed, box.id) == []


def positions(folder: Path, names: list[bytes]) -> list[int]:
    """Where in the database file the contents of each of these mailboxes end."""
    database = (folder / "store.sqlite").read_bytes()
    return [database.index(content(name)[-64:]) for name in names]


def rank_correlation(values: list[int]) -> float:
    """Spearman's, between a list and the order it is in: 1 when it only grows, about 0 when shuffled."""
    ranks = {value: rank for rank, value in enumerate(sorted(values))}
    squares = sum((rank - ranks[value]) ** 2 for rank, value in enumerate(values))
    return 1 - 6 * squares / (len(values) * (len(values) ** 2 - 1))


async def test_after_its_day_the_order_of_arrival_is_in_no_file(store: SqliteStore, folder: Path) -> None:
    names = [os.urandom(32) for _ in range(600)]
    for name in names:
        await store.create_mailbox(mailbox(name), os.urandom(16), content(name))
    before = [await store.envelopes(name) for name in names]
    await store.writer.sweep()
    assert rank_correlation(positions(folder, names)) > 0.9  # what a day's data would tell
    await store.expire(DAY)
    assert rank_correlation(positions(folder, names)) > 0.9  # the day is not over
    await store.expire(DAY + 1)
    assert abs(rank_correlation(positions(folder, names))) < 0.25  # six standard deviations
    assert [await store.envelopes(name) for name in names] == before


async def test_a_settled_day_is_not_settled_again(store: SqliteStore, folder: Path) -> None:
    names = [os.urandom(32) for _ in range(100)]
    for name in names:
        await store.create_mailbox(mailbox(name), os.urandom(16), content(name))
    await store.expire(DAY + 1)
    settled = positions(folder, names)
    await store.expire(DAY + 1)
    await store.create_mailbox(mailbox(day=DAY + 1), b"e" * 16, content(b"today"))
    await store.expire(DAY + 2)
    assert positions(folder, names) == settled


async def test_settling_keeps_old_envelopes_of_a_mailbox_that_went_on(store: SqliteStore) -> None:
    box = mailbox()
    await store.create_mailbox(box, b"e" * 16, content(b"opening", 9_000))
    for day in range(1, 6):
        await store.append(box.id, content(bytes([day]), 16), DAY + day, content(bytes([day])), *LIMITS)
        before = await store.envelopes(box.id)
        await store.expire(DAY + day)
        assert await store.envelopes(box.id) == before
        assert await store.mailbox(ORGANISATION.id, box.id) == box
