"""Group commit: one transaction for all who wait, each failing alone, nobody answered before it is durable."""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from intake.store import (
    Conflict,
    MailboxFull,
    Malformed,
    NotFound,
    SqliteStore,
    StoreBusy,
    StoreUnavailable,
    open_store,
)
from intake.store.sqlite.group_commit import BATCH_ITEMS, QUEUE_BYTES, QUEUE_ITEMS
from tests.store.kit.rows import DAY, LIMITS, content, mailbox


@asynccontextmanager
async def held(store: SqliteStore) -> AsyncIterator[threading.Event]:
    """Keep the writer busy with an item of its own until the event is set, or the block is left."""
    reached, gate = threading.Event(), threading.Event()

    def hold(_: sqlite3.Connection) -> None:
        reached.set()
        assert gate.wait(timeout=30)

    holding = asyncio.create_task(store.writer.write(hold))
    await asyncio.to_thread(reached.wait, 30)
    try:
        yield gate
    finally:
        gate.set()
        await asyncio.gather(holding, return_exceptions=True)


async def started(*work: Coroutine[Any, Any, Any]) -> list[asyncio.Task[Any]]:
    """Tasks that have all reached their first wait."""
    tasks = [asyncio.create_task(one) for one in work]
    await asyncio.sleep(0)
    return tasks


async def statements_of(store: SqliteStore) -> list[str]:
    """A list to which the writer's statements are added, as they begin."""
    seen: list[str] = []
    await store.writer.connection.run(lambda connection: connection.set_trace_callback(seen.append))
    return seen


async def test_those_who_wait_share_a_transaction(store: SqliteStore) -> None:
    seen = await statements_of(store)
    boxes = [mailbox() for _ in range(BATCH_ITEMS + 10)]
    results = await asyncio.gather(*(store.create_mailbox(box, b"e" * 16, content(box.id)) for box in boxes))
    assert all(results)
    assert seen.count("COMMIT") == 2


async def test_a_new_mailbox_that_fails_costs_no_other(store: SqliteStore) -> None:
    there, new, twice = mailbox(), mailbox(), mailbox()
    await store.create_mailbox(there, b"e" * 16, b"opening")
    outcomes = await asyncio.gather(
        store.create_mailbox(new, b"e" * 16, b"new"),
        store.create_mailbox(there, b"e" * 16, b"opening"),
        store.create_mailbox(there, b"e" * 16, b"another"),
        store.create_mailbox(mailbox(b"short"), b"e" * 16, b"x"),
        store.create_mailbox(twice, b"e" * 16, b"twice"),
        store.create_mailbox(twice, b"e" * 16, b"twice"),
        return_exceptions=True,
    )
    kinds = [outcome if isinstance(outcome, bool) else type(outcome) for outcome in outcomes]
    assert kinds == [True, False, Conflict, Malformed, True, False]
    for box, data in ((new, b"new"), (there, b"opening"), (twice, b"twice")):
        assert [envelope.bytes for envelope in await store.envelopes(box.id)] == [data]


async def test_a_store_can_be_told_to_commit_each_by_itself(store: SqliteStore, folder: Path) -> None:
    await store.close()
    async with await open_store(folder, batch_items=1) as again:
        seen = await statements_of(again)
        boxes = [mailbox() for _ in range(5)]
        await asyncio.gather(*(again.create_mailbox(box, b"e" * 16, content(box.id)) for box in boxes))
        assert seen.count("COMMIT") == 5


async def test_each_item_fails_alone(store: SqliteStore) -> None:
    seen = await statements_of(store)
    box, malformed = mailbox(), mailbox(b"short")
    await store.create_mailbox(box, b"e" * 16, b"opening")
    commits = seen.count("COMMIT")
    outcomes = await asyncio.gather(
        store.append(box.id, b"1" * 16, DAY, b"one", *LIMITS),
        store.append(b"?" * 32, b"1" * 16, DAY, b"lost", *LIMITS),
        store.create_mailbox(malformed, b"e" * 16, b"x"),
        store.append(box.id, b"2" * 16, DAY, b"two", 1, 1, 1),
        store.append(box.id, b"3" * 16, 1 << 70, b"three", *LIMITS),
        store.append(box.id, b"4" * 16, DAY, b"four", *LIMITS),
        return_exceptions=True,
    )
    assert seen.count("COMMIT") == commits + 1
    kinds = [outcome if isinstance(outcome, bool) else type(outcome) for outcome in outcomes]
    assert kinds == [True, NotFound, Malformed, MailboxFull, Malformed, True]
    assert [envelope.bytes for envelope in await store.envelopes(box.id)] == [b"one", b"four", b"opening"]


async def test_what_a_failing_item_had_written_is_undone(store: SqliteStore) -> None:
    box, mistake = mailbox(), ZeroDivisionError("a mistake in the service")
    await store.create_mailbox(box, b"e" * 16, b"opening")

    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM mailbox")
        raise mistake

    outcomes = await asyncio.gather(
        store.writer.write(fail),
        store.append(box.id, b"1" * 16, DAY, b"one", *LIMITS),
        return_exceptions=True,
    )
    assert outcomes[0] is mistake
    assert outcomes[1] is True
    assert len(await store.envelopes(box.id)) == 2


async def test_a_statement_that_cannot_run_does_not_stop_the_writer(store: SqliteStore) -> None:
    box = mailbox()
    with pytest.raises(StoreUnavailable):
        await store.writer.write(lambda c: c.execute("SELECT * FROM nowhere"))
    assert await store.create_mailbox(box, b"e" * 16, b"opening")


async def test_a_full_queue_says_so_at_once(store: SqliteStore) -> None:
    box = mailbox()
    async with held(store) as gate:
        waiting = await started(*(store.writer.write(lambda _: None) for _ in range(QUEUE_ITEMS - 1)))
        with pytest.raises(StoreBusy):
            await store.create_mailbox(box, b"e" * 16, b"opening")
        gate.set()
        await asyncio.gather(*waiting)
    assert await store.create_mailbox(box, b"e" * 16, b"opening")


async def test_the_queue_is_bounded_in_bytes(store: SqliteStore) -> None:
    box = mailbox()
    async with held(store) as gate:
        waiting = await started(store.writer.write(lambda _: None, size=QUEUE_BYTES - 8))
        with pytest.raises(StoreBusy):
            await store.create_mailbox(box, b"e" * 16, b"123456789")
        gate.set()
        await asyncio.gather(*waiting)
    assert await store.create_mailbox(box, b"e" * 16, b"123456789")


async def test_a_client_who_leaves_the_queue_is_not_served_and_harms_nobody(store: SqliteStore) -> None:
    gone, stays = mailbox(), mailbox()
    async with held(store) as gate:
        leaving, staying = await started(
            store.create_mailbox(gone, b"e" * 16, b"gone"), store.create_mailbox(stays, b"e" * 16, b"stays")
        )
        leaving.cancel()
        gate.set()
        assert await staying
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert await store.envelopes(gone.id) == []
    assert len(await store.envelopes(stays.id)) == 1


async def test_a_client_who_leaves_during_the_commit_harms_nobody(store: SqliteStore) -> None:
    reached, gate = threading.Event(), threading.Event()

    def hold(_: sqlite3.Connection) -> None:
        reached.set()
        assert gate.wait(timeout=30)

    box = mailbox()
    leaving, staying = await started(store.writer.write(hold), store.create_mailbox(box, b"e" * 16, b"stays"))
    await asyncio.to_thread(reached.wait, 30)
    leaving.cancel()
    gate.set()
    assert await staying
    assert leaving.cancelled()
    assert await store.create_mailbox(mailbox(), b"e" * 16, b"next")


async def test_closing_finishes_what_waits(store: SqliteStore, folder: Path) -> None:
    boxes = [mailbox() for _ in range(BATCH_ITEMS * 2)]
    async with held(store) as gate:
        waiting = await started(*(store.create_mailbox(box, b"e" * 16, content(box.id)) for box in boxes))
        closing = await started(store.close(), store.close())
        gate.set()
        assert all(await asyncio.gather(*waiting))
        await asyncio.gather(*closing)
    async with await open_store(folder) as again:
        for box in boxes:
            assert [envelope.bytes for envelope in await again.envelopes(box.id)] == [content(box.id)]


async def test_a_closed_store_says_so(store: SqliteStore) -> None:
    await store.close()
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.create_mailbox(mailbox(), b"e" * 16, b"late")
    with pytest.raises(StoreUnavailable):
        await store.organisations()


async def test_reads_do_not_wait_for_the_writer(store: SqliteStore) -> None:
    async with held(store):
        async with asyncio.timeout(10):
            assert len(await store.organisations()) == 1


async def test_reads_under_way_are_finished_before_closing(store: SqliteStore) -> None:
    box = mailbox()
    await store.create_mailbox(box, b"e" * 16, b"opening")
    reads = await started(*(store.envelopes(box.id) for _ in range(3)))
    await store.close()
    assert [len(found) for found in await asyncio.gather(*reads)] == [1, 1, 1]


async def test_what_its_driver_logs_shows_no_data(
    store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    box = mailbox(b"marked-id".ljust(32, b"."))
    await store.create_mailbox(box, b"e" * 16, b"marked-bytes")
    await store.envelopes(box.id)
    assert "executing" in caplog.text
    assert "marked" not in caplog.text
