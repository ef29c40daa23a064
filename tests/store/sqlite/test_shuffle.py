"""After its day, nothing in a file tells in which order things came: no key, no page, no place in a page."""

import asyncio
import random
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations, count
from pathlib import Path

import pytest

from intake.store import BlobClaim, SqliteStore
from intake.store.sqlite import blobs, chunks, shuffle_days
from intake.store.sqlite.chunks import Place
from intake.store.sqlite.connection import PAGE_BYTES
from intake.store.sqlite.mailboxes import key_of
from tests.store.kit.rows import DAY, LIMITS, ORGANISATION, content, listed, mailbox

NUMBER = 600  # so that by chance no correlation of ranks is above 0.25: six standard deviations
DICE = random.Random()


@pytest.fixture(autouse=True)
def _seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left to chance here, so that what is measured is the same each time."""
    DICE.seed(2)
    monkeypatch.setattr(shuffle_days, "_ORDER", DICE)
    monkeypatch.setattr("secrets.randbits", DICE.getrandbits)


async def created(store: SqliteStore, day: int = DAY, size: int = 4196, number: int = NUMBER) -> list[bytes]:
    """Mailboxes in the order in which they came."""
    names = [DICE.randbytes(32) for _ in range(number)]
    for name in names:
        await store.create_mailbox(
            mailbox(name, day=day, expiry_day=day + 90), DICE.randbytes(16), content(name, size)
        )
    return names


async def day_over(store: SqliteStore, today: int) -> None:
    """A daily round."""
    await store.expire(today)
    await store.erase_files()


def positions(folder: Path, contents: Sequence[bytes]) -> list[int]:
    """Where in the database file each of these ends."""
    database = (folder / "store.sqlite").read_bytes()
    return [database.index(one[-64:]) for one in contents]


def rank_correlation(values: list[int]) -> float:
    """Spearman's, between a list and the order it is in: 1 when it only grows, about 0 when shuffled."""
    ranks = {value: rank for rank, value in enumerate(sorted(values))}
    squares = sum((rank - ranks[value]) ** 2 for rank, value in enumerate(values))
    return 1 - 6 * squares / (len(values) * (len(values) ** 2 - 1))


def order_within_pages(folder: Path, needles: Sequence[bytes]) -> float:
    """Kendall's correlation between the order of these and their places in the pages in which they are found.

    A page is filled from its end, and put into the order of its keys when it is rebuilt. So what came last
    tells most: of each page, the first five are compared.
    """
    database = (folder / "store.sqlite").read_bytes()
    pages: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for rank, needle in enumerate(needles):
        at = database.find(needle)
        while at >= 0:
            pages[at // PAGE_BYTES].append((at, rank))
            at = database.find(needle, at + 1)
    pairs = [pair for places in pages.values() for pair in combinations(sorted(places)[:5], 2)]
    signs = [1 if earlier < later else -1 for (_, earlier), (_, later) in pairs if earlier != later]
    return sum(signs) / len(signs)


async def test_after_its_day_the_order_of_arrival_is_in_no_file(store: SqliteStore, folder: Path) -> None:
    names = await created(store)
    contents = [content(name) for name in names]
    keys = [key_of(name).to_bytes(8, "big") for name in names]
    before = [await store.envelopes(name) for name in names]
    await day_over(store, DAY)  # the day is not over: this is what a day's data tells
    assert rank_correlation(positions(folder, contents)) > 0.9
    assert order_within_pages(folder, names) < -0.15
    assert order_within_pages(folder, keys) < -0.3
    await day_over(store, DAY + 1)
    assert abs(rank_correlation(positions(folder, contents))) < 0.1
    assert abs(order_within_pages(folder, names)) < 0.1
    assert abs(order_within_pages(folder, keys)) < 0.1
    assert [await store.envelopes(name) for name in names] == before


async def test_nor_is_that_of_reports_that_fit_into_a_page(store: SqliteStore, folder: Path) -> None:
    names = await created(store, size=300)
    contents = [content(name, 300)[-64:] for name in names]
    await day_over(store, DAY + 1)
    assert abs(order_within_pages(folder, contents)) < 0.1


async def test_nor_is_that_of_later_envelopes(store: SqliteStore, folder: Path) -> None:
    names = await created(store, day=DAY - 1, number=150)
    ids = [DICE.randbytes(16) for _ in range(NUMBER)]
    for number, id_ in enumerate(ids):
        await store.append(names[number * 7 % 150], id_, DAY, content(id_), *LIMITS)
    before = [await store.envelopes(name) for name in names]
    await day_over(store, DAY)
    contents = [content(id_) for id_ in ids]
    assert rank_correlation(positions(folder, contents)) > 0.9
    assert order_within_pages(folder, ids) < -0.1
    await day_over(store, DAY + 1)
    assert abs(rank_correlation(positions(folder, contents))) < 0.1
    assert abs(order_within_pages(folder, ids)) < 0.1
    assert [await store.envelopes(name) for name in names] == before


async def test_nor_is_that_of_files(store: SqliteStore, folder: Path) -> None:
    """Their rows: where their chunks lie is another matter."""
    boxes = await created(store, number=150)
    ids = [DICE.randbytes(32) for _ in range(NUMBER)]
    slots = count()

    def claimed(connection: sqlite3.Connection, id: bytes, box: bytes) -> None:
        row = blobs.keep(connection, ORGANISATION.id, id, DAY + 2)
        chunks.insert(connection, row.number, [Place(0, next(slots), 1)])
        blobs.claim(connection, ORGANISATION.id, key_of(box), [BlobClaim(id, 1)])

    for number, id_ in enumerate(ids):
        box = boxes[number * 7 % 150]
        await store.writer.write(lambda c, id_=id_, box=box: claimed(c, id_, box))  # type: ignore[misc]
    before = await store.readers.read(lambda c: c.execute("SELECT * FROM blob").fetchall())
    await day_over(store, DAY)
    assert order_within_pages(folder, ids) < -0.2
    await day_over(store, DAY + 1)
    assert abs(order_within_pages(folder, ids)) < 0.2
    assert await store.readers.read(lambda c: c.execute("SELECT * FROM blob").fetchall()) == before


async def test_keys_tell_no_order_from_the_first(store: SqliteStore) -> None:
    names = await created(store, number=300)
    for name in names:
        await store.append(name, name[:16], DAY, name, *LIMITS)

    def keys(connection: sqlite3.Connection, query: str) -> list[int]:
        return [connection.execute(query, (name,)).fetchone()[0] for name in names]

    for query in ("SELECT key FROM mailbox WHERE id = ?", "SELECT key FROM envelope WHERE bytes = ?"):
        assert abs(rank_correlation(await store.readers.read(lambda c, q=query: keys(c, q)))) < 0.35  # type: ignore[misc]


async def test_a_step_is_small_and_others_write_between_two(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await created(store, number=50)
    await created(store, number=5, size=300_000)
    rewrite = shuffle_days._Table.rewrite
    rewritten: list[int] = []

    def counted(
        table: shuffle_days._Table, connection: sqlite3.Connection, names: Sequence[int | bytes]
    ) -> None:
        rewritten.append(len(names))
        rewrite(table, connection, names)

    monkeypatch.setattr(shuffle_days._Table, "rewrite", counted)
    shuffling = asyncio.create_task(day_over(store, DAY + 1))
    others = 0
    while not shuffling.done():
        await store.create_mailbox(mailbox(day=DAY + 1), b"e" * 16, b"today's")
        others += 1
    assert max(rewritten) <= shuffle_days.STEP_ROWS
    assert sum(rewritten) == 55 * shuffle_days.TIMES
    assert len(rewritten) >= (50 // 8 + 5) * shuffle_days.TIMES  # no two large ones in a step
    assert others >= len(rewritten) / 2


async def test_a_row_that_goes_while_a_day_is_shuffled_stays_away(store: SqliteStore) -> None:
    names = await created(store, number=64)
    shuffle = shuffle_days.DayShuffle(DAY + 1)
    assert not await store.writer.write(shuffle.step)
    for name in names[::2]:
        assert await store.delete_mailbox(ORGANISATION.id, name)
    while not await store.writer.write(shuffle.step):
        pass
    assert await listed(store) == sorted(names[1::2])


async def test_a_settled_day_is_not_settled_again(store: SqliteStore, folder: Path) -> None:
    names = await created(store, number=100)
    contents = [content(name) for name in names]
    await day_over(store, DAY + 1)
    settled = positions(folder, contents)
    await day_over(store, DAY + 1)
    await store.create_mailbox(mailbox(day=DAY + 1), b"e" * 16, content(b"today"))
    await day_over(store, DAY + 2)
    assert positions(folder, contents) == settled


async def test_files_that_are_erased_before_the_first_round_unsettle_no_day(store: SqliteStore) -> None:
    await day_over(store, DAY + 1)
    store._today = None  # as after a start
    await store.erase_files()
    assert await store.readers.read(lambda c: c.execute("SELECT day FROM settled").fetchone()) == (DAY,)


async def test_a_clock_that_ran_ahead_does_not_end_the_shuffles(store: SqliteStore, folder: Path) -> None:
    await day_over(store, DAY + 800)
    await day_over(store, DAY)
    names = await created(store)
    await day_over(store, DAY + 1)
    assert abs(rank_correlation(positions(folder, [content(name) for name in names]))) < 0.25


async def test_settling_keeps_old_envelopes_of_a_mailbox_that_went_on(store: SqliteStore) -> None:
    box = mailbox()
    await store.create_mailbox(box, b"e" * 16, content(b"opening", 9_000))
    for day in range(1, 6):
        await store.append(box.id, content(bytes([day]), 16), DAY + day, content(bytes([day])), *LIMITS)
        before = await store.envelopes(box.id)
        await day_over(store, DAY + day)
        assert await store.envelopes(box.id) == before
        assert await store.mailbox(ORGANISATION.id, box.id) == box
