"""The work of a night: deleted bytes and the order of arrival are in no file of the server, and nobody is held up."""

import asyncio
import os

import psycopg
import pytest

from intake.store import BlobClaim, StoreUnavailable
from intake.store.postgresql import night, partitions
from intake.store.postgresql.open import open_store
from intake.store.postgresql.store import PostgresStore
from intake.store.tombstone import tombstone_of
from tests.kit.secret_search import numbers_near
from tests.store.kit.backends import Database
from tests.store.kit.rows import DAY, LIMITS, ORGANISATION, content, listed, mailbox, sealed
from tests.store.sqlite.test_shuffle import rank_correlation

pytestmark = pytest.mark.postgres
NUMBER = 120
# Each table with what names its rows, and how that sorts.
NAMED = {f"envelope_{DAY}": "mailbox", "mailbox_id": "id", "blob": "id", f"chunk_{DAY + 2}": "blob"}


async def arrive(store: PostgresStore, *, size: int = 4196, number: int = NUMBER) -> list[bytes]:
    """Mailboxes with a file each, one after another; their ids, of which the file has the same."""
    boxes = [mailbox() for _ in range(number)]
    for box in boxes:
        await store.put_chunks(ORGANISATION.id, box.id, 0, [sealed(box.id)[:9000]], DAY + 2)
        await store.create_mailbox(box, b"e" * 16, content(box.id, size), [BlobClaim(box.id, 1)])
    return [box.id for box in boxes]


async def night_before(store: PostgresStore, today: int) -> None:
    await store.expire(today)
    await store.erase_files()


def names_by_place(database: Database, table: str) -> list[bytes]:
    query = f"SELECT {NAMED[table]} FROM drempel.{table} ORDER BY ctid"  # noqa: S608 - ours
    return [name for (name,) in database.cluster.rows(query, database.name)]


def transactions(database: Database, table: str) -> int:
    query = f"SELECT count(DISTINCT xmin::text) FROM drempel.{table}"  # noqa: S608 - ours
    [(number,)] = database.cluster.rows(query, database.name)
    return int(number)


def names_by_toast(database: Database, table: str, names: list[bytes]) -> list[bytes]:
    """The mailboxes whose content lies beside the rows, by the numbers that the server gave to the contents."""
    [(toast,)] = database.cluster.rows(
        f"SELECT reltoastrelid::regclass::text FROM pg_class WHERE oid = 'drempel.{table}'::regclass",  # noqa: S608
        database.name,
    )
    rows = database.cluster.rows(
        f"SELECT chunk_data FROM {toast} WHERE chunk_seq = 0 ORDER BY chunk_id",  # noqa: S608 - ours
        database.name,
    )
    known = {content(name)[:64]: name for name in names} | {sealed(name)[:64]: name for name in names}
    return [known[bytes(start)[:64]] for (start,) in rows]


def order(arrived: list[bytes], found: list[bytes]) -> float:
    return abs(rank_correlation([arrived.index(name) for name in found]))


async def test_after_its_day_nothing_tells_the_order_of_arrival(
    store: PostgresStore, database: Database
) -> None:
    arrived = await arrive(store)
    contents = (f"envelope_{DAY}", f"chunk_{DAY + 2}")
    for table in NAMED:
        assert order(arrived, names_by_place(database, table)) > 0.99
        assert transactions(database, table) > NUMBER // 2
    for table in contents:
        assert order(arrived, names_by_toast(database, table, arrived)) > 0.99
    await night_before(store, DAY + 1)
    for table in NAMED:
        assert names_by_place(database, table) == sorted(arrived)
        assert transactions(database, table) == 1
    for table in contents:
        assert names_by_toast(database, table, arrived) == sorted(arrived)


async def test_after_the_night_nothing_tells_when_a_report_came(
    store: PostgresStore, database: Database
) -> None:
    """The log has the microsecond of each commit."""
    first = microseconds(database)
    await arrive(store, number=20)
    last = microseconds(database)
    assert any(times_between(database, first, last).values())
    await night_before(store, DAY + 1)
    assert times_between(database, first, last) == {}


def microseconds(database: Database) -> int:
    """The server's clock as it writes it down: since the beginning of 2000."""
    query = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - 946684800000000"
    [(now,)] = database.cluster.rows(query, database.name)
    return int(now)


def times_between(database: Database, first: int, last: int) -> dict[str, int]:
    """How many such times are in the files of the server, by file."""
    files = [file for file in database.cluster.data.rglob("*") if file.is_file()]
    found = {file.name: len(set(numbers_near(file.read_bytes(), first, last, 8))) for file in files}
    return {name: number for name, number in found.items() if number}


async def test_what_comes_for_a_day_that_is_over_is_hidden_in_the_next_night(
    store: PostgresStore, database: Database
) -> None:
    """A request that was under way at midnight."""
    await arrive(store, number=20)
    await night_before(store, DAY + 1)
    late = mailbox()
    await store.create_mailbox(late, b"e" * 16, content(late.id))
    assert transactions(database, f"envelope_{DAY}") == 2
    await night_before(store, DAY + 2)
    assert transactions(database, f"envelope_{DAY}") == 1


async def test_a_seized_server_has_nothing_of_what_is_gone(store: PostgresStore, database: Database) -> None:
    arrived = await arrive(store, number=24)
    unclaimed = [os.urandom(32) for _ in range(4)]
    for name in unclaimed:
        await store.put_chunks(ORGANISATION.id, name, 0, [sealed(name)], DAY + 2)
    short = mailbox(expiry_day=DAY + 1)
    await store.create_mailbox(short, b"s" * 16, content(short.id, 300))
    await store.append(arrived[0], b"f" * 16, DAY + 1, content(b"later" + arrived[0]), *LIMITS)
    keyrings = [os.urandom(900) for _ in range(3)]
    for version, keyring in enumerate(keyrings):
        await store.put_keyring(ORGANISATION.id, "noor", version, keyring)
    database.cluster.execute("ANALYZE", database.name)  # samples what it reads
    database.cluster.execute("CHECKPOINT")
    gone, there = arrived[:12], arrived[12:]
    for name in gone:
        assert await store.delete_mailbox(ORGANISATION.id, name)
    await store.delete_blob(ORGANISATION.id, unclaimed[0])
    lost = [content(name)[:32] for name in gone] + [content(name, 225)[32:64] for name in gone]
    lost += [*gone, *(sealed(name)[:32] for name in gone + unclaimed), *unclaimed]
    lost += [short.id, content(short.id)[:32], content(b"later" + arrived[0])[:32]]
    lost += [keyring[:32] for keyring in keyrings[:2]]
    database.cluster.execute("CHECKPOINT")
    assert database.holding(*lost)  # until the night
    await night_before(store, DAY + 2)
    assert database.holding(*lost) == []
    dump = database.cluster.dump(database.name)
    assert not any(needle.hex().encode() in dump for needle in lost)
    database.cluster.execute("CHECKPOINT")
    for name in there:
        assert database.holding(content(name)[:32])
        assert content(name)[:32].hex().encode() in dump
        assert await store.chunks(ORGANISATION.id, name, 0, 9) == [sealed(name)[:9000]]


async def test_what_is_remembered_of_the_gone_tells_no_order(
    store: PostgresStore, database: Database
) -> None:
    arrived = await arrive(store, number=20)
    for name in arrived:
        await store.delete_mailbox(ORGANISATION.id, name)
    await night_before(store, DAY + 1)
    rows = database.cluster.rows("SELECT hash FROM drempel.tombstone ORDER BY ctid", database.name)
    assert [name for (name,) in rows] == sorted(tombstone_of(name) for name in arrived)
    assert [name for (name,) in rows] != [tombstone_of(name) for name in arrived]


async def test_a_partition_goes_with_its_last_mailbox(store: PostgresStore, database: Database) -> None:
    arrived = await arrive(store, number=3)
    await store.append(arrived[0], b"f" * 16, DAY + 5, b"later", *LIMITS)
    await night_before(store, DAY + 1)
    for name in arrived[1:]:
        await store.delete_mailbox(ORGANISATION.id, name)
    await night_before(store, DAY + 2)
    assert f"envelope_{DAY}" in tables(database)
    await store.delete_mailbox(ORGANISATION.id, arrived[0])
    await night_before(store, DAY + 6)
    assert {f"envelope_{DAY}", f"envelope_{DAY + 5}", f"chunk_{DAY + 2}"} & tables(database) == set()
    assert {f"envelope_{DAY + 6}", f"envelope_{DAY + 7}", f"envelope_{DAY + 8}"} <= tables(database)
    assert await store.days(ORGANISATION.id, 0, DAY) == []
    box = mailbox()
    assert await store.create_mailbox(box, b"e" * 16, b"for a day whose partition has gone")


def tables(database: Database) -> set[str]:
    query = "SELECT relname FROM pg_class WHERE relnamespace = 'drempel'::regnamespace"
    return {name for (name,) in database.cluster.rows(query, database.name)}


async def test_it_is_done_once_a_day_whatever_the_clock_showed_before(
    store: PostgresStore, database: Database
) -> None:
    await arrive(store, number=3)
    await store.erase_files()  # nobody has said which day it is
    assert transactions(database, f"envelope_{DAY}") > 1
    for today in (DAY + 100, DAY + 1):  # first by a clock that ran ahead
        await night_before(store, today)
    [(place,)] = database.cluster.rows("SELECT 'drempel.mailbox_id'::regclass::oid::bigint", database.name)
    await night_before(store, DAY + 1)
    assert database.cluster.rows("SELECT 'drempel.mailbox_id'::regclass::oid::bigint", database.name) == [
        (place,)
    ]


async def test_a_night_that_was_interrupted_is_taken_up(
    store: PostgresStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived = await arrive(store, number=10)

    async def full(*_: object) -> None:
        raise psycopg.errors.DiskFull

    with monkeypatch.context() as failing:
        failing.setattr(night, "_rewrite", full)
        with pytest.raises(StoreUnavailable, match="disk"):
            await night_before(store, DAY + 1)
    assert transactions(database, "mailbox_id") > 1
    assert len(await store.envelopes(arrived[0])) == 1
    await night_before(store, DAY + 1)
    for table in NAMED:
        assert names_by_place(database, table) == sorted(arrived)


async def test_a_day_that_has_no_room_for_its_copy_keeps_no_other_from_making_some(
    store: PostgresStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays, gone = mailbox(), mailbox(day=DAY + 1)
    for box in (stays, gone):
        await store.create_mailbox(box, b"e" * 16, content(box.id))
    await store.delete_mailbox(ORGANISATION.id, gone.id)

    async def full(*_: object) -> None:
        raise psycopg.errors.DiskFull

    monkeypatch.setattr(night, "_copy", full)
    with pytest.raises(StoreUnavailable, match="disk of the database is full"):
        await night_before(store, DAY + 2)
    assert f"envelope_{DAY + 1}" not in tables(database)
    assert [envelope.bytes for envelope in await store.envelopes(stays.id)] == [content(stays.id)]


async def test_reading_and_writing_go_on_meanwhile(store: PostgresStore) -> None:
    arrived = await arrive(store, number=60)
    ended = asyncio.Event()
    reads = 0

    async def read() -> None:
        nonlocal reads
        while not ended.is_set():
            for name in arrived[20:]:
                assert [envelope.bytes for envelope in await store.envelopes(name)] == [content(name)]
                assert await store.chunks(ORGANISATION.id, name, 0, 9) == [sealed(name)[:9000]]
                reads += 1
            page = await store.envelopes_by_day(ORGANISATION.id, DAY, None, 1 << 30, DAY)
            assert {envelope.mailbox for envelope, _ in page} >= set(arrived[20:])

    async def write() -> list[bytes]:
        made: list[bytes] = []
        for name in arrived[:20]:
            box = mailbox(day=DAY + len(made) % 2)
            assert await store.create_mailbox(box, b"e" * 16, content(box.id))
            assert await store.delete_mailbox(ORGANISATION.id, name)
            made.append(box.id)
        return made

    reading = asyncio.create_task(read())
    _, made = await asyncio.gather(night_before(store, DAY + 1), write())
    ended.set()
    await reading
    assert reads > 0
    assert await listed(store) == sorted(arrived[20:] + made)
    for name in made:
        assert [envelope.bytes for envelope in await store.envelopes(name)] == [content(name)]


async def test_a_reader_elsewhere_delays_it_and_holds_up_nobody(
    store: PostgresStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(night, "LOCK_SECONDS", 1)
    monkeypatch.setattr(night, "LOCK_ATTEMPTS", 1)
    arrived = await arrive(store, number=3)
    async with await psycopg.AsyncConnection.connect(database.url) as reader:
        await reader.execute("SELECT count(*) FROM drempel.envelope")  # and its transaction stays open
        with pytest.raises(StoreUnavailable):
            await night_before(store, DAY + 1)
        await store.append(arrived[0], b"f" * 16, DAY + 1, b"more", *LIMITS)
        await reader.rollback()
    await night_before(store, DAY + 1)
    assert names_by_place(database, "mailbox_id") == sorted(arrived)
    assert len(await store.envelopes(arrived[0])) == 2


async def test_closing_waits_for_no_night(
    store: PostgresStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(night, "LOCK_ATTEMPTS", 1 << 20)
    arrived = await arrive(store, number=3)
    async with await psycopg.AsyncConnection.connect(database.url) as reader:
        await reader.execute("SELECT count(*) FROM drempel.envelope")
        working = asyncio.create_task(night_before(store, DAY + 1))
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        while database.cluster.rows(waits) == [(0,)]:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
        async with asyncio.timeout(60):
            await store.close()
        with pytest.raises(StoreUnavailable):
            await working
    async with await open_store(database.url) as again:
        await night_before(again, DAY + 1)
        assert names_by_place(database, "mailbox_id") == sorted(arrived)


async def test_two_hosts_do_not_do_it_at_once(store: PostgresStore, database: Database) -> None:
    await arrive(store, number=3)
    async with await psycopg.AsyncConnection.connect(database.url) as other:
        await other.execute("SELECT pg_advisory_lock(%s)", (partitions.NIGHT,))
        await night_before(store, DAY + 1)
        assert transactions(database, "mailbox_id") > 1
    await night_before(store, DAY + 1)
    assert transactions(database, "mailbox_id") == 1
