"""A fault of the writer itself is told, and leaves nobody waiting: it goes on after one, and ends after two."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from intake.store import OutcomeUnknown, SqliteStore, StoreUnavailable, open_store
from intake.store.sqlite import batch, group_commit
from tests.store.kit.rows import DAY, LIMITS, content, files_holding, mailbox

Told = list[dict[str, Any]]


@pytest.fixture
async def told() -> Told:
    """What the loop's exception handler is told."""
    contexts: Told = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: contexts.append(context))
    return contexts


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let the next so many batches meet a lack of memory, in the middle of their transaction."""
    attempt = batch._attempt
    left = 0

    def fail(times: int) -> None:
        nonlocal left
        left = times

    def attempted(
        connection: sqlite3.Connection, operation: Callable[[sqlite3.Connection], object]
    ) -> object:
        nonlocal left
        outcome = attempt(connection, operation)
        if left:
            left -= 1
            raise MemoryError
        return outcome

    monkeypatch.setattr(batch, "_attempt", attempted)
    return fail


async def test_after_one_fault_the_writer_goes_on(
    store: SqliteStore, told: Told, failing: Callable[[int], None]
) -> None:
    boxes = [mailbox() for _ in range(10)]
    failing(1)
    outcomes = await asyncio.gather(
        *(store.create_mailbox(box, b"e" * 16, content(box.id)) for box in boxes), return_exceptions=True
    )
    assert {type(outcome) for outcome in outcomes} == {OutcomeUnknown}
    assert [await store.envelopes(box.id) for box in boxes] == [[]] * 10  # it was undone
    for box in boxes:
        assert await store.create_mailbox(box, b"e" * 16, content(box.id))
    assert [type(context["exception"]) for context in told] == [MemoryError]
    assert not store.failed.done()


async def test_nothing_of_what_was_undone_stays_in_the_log(
    store: SqliteStore, folder: Path, told: Told, failing: Callable[[int], None]
) -> None:
    box, text = (
        mailbox(),
        b"undone, and so gone" * 300_000,
    )  # more than SQLite keeps of a transaction in memory
    failing(1)
    with pytest.raises(OutcomeUnknown):
        await store.create_mailbox(box, b"e" * 16, text)
    for _ in range(100):
        if not files_holding(folder, text[:40]):
            break
        await asyncio.sleep(0.1)
    assert files_holding(folder, text[:40]) == []
    assert told


async def test_after_two_faults_it_ends_and_says_so(
    store: SqliteStore, folder: Path, told: Told, failing: Callable[[int], None]
) -> None:
    before, lost, late = mailbox(), mailbox(), mailbox()
    await store.create_mailbox(before, b"e" * 16, b"confirmed")
    failing(2)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await store.create_mailbox(lost, b"e" * 16, b"lost")
    async with asyncio.timeout(10):
        await store.failed
    with pytest.raises(StoreUnavailable, match="start the service again"):
        await store.create_mailbox(late, b"e" * 16, b"late")
    assert len(told) == 2
    assert [envelope.bytes for envelope in await store.envelopes(before.id)] == [b"confirmed"]
    await store.close()
    async with await open_store(folder) as again:
        assert [len(await again.envelopes(box.id)) for box in (before, lost, late)] == [1, 0, 0]


async def test_those_who_wait_when_it_ends_are_answered(
    store: SqliteStore, failing: Callable[[int], None], told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.writer, "_batch_items", 1)
    failing(2)
    async with asyncio.timeout(10):
        outcomes = await asyncio.gather(
            *(store.create_mailbox(mailbox(), b"e" * 16, b"opening") for _ in range(5)),
            return_exceptions=True,
        )
    assert [type(outcome) for outcome in outcomes[:2]] == [OutcomeUnknown] * 2
    assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
    assert len(told) == 2


async def test_faults_that_are_far_apart_do_not_end_it(
    store: SqliteStore, told: Told, failing: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "FAULT_SECONDS", 0)
    for _ in range(3):
        failing(1)
        with pytest.raises(OutcomeUnknown):
            await store.create_mailbox(mailbox(), b"e" * 16, b"opening")
    assert await store.create_mailbox(mailbox(), b"e" * 16, b"opening")
    assert len(told) == 3


async def test_a_refused_transaction_is_known_to_be_undone(store: SqliteStore) -> None:
    """A row that refers to nothing is only seen at COMMIT, and refused there."""
    box = mailbox()
    await store.create_mailbox(box, b"e" * 16, b"opening")
    with pytest.raises(StoreUnavailable) as refused:
        await store.writer.write(_orphan)
    assert type(refused.value) is StoreUnavailable
    assert await store.append(box.id, b"f" * 16, DAY, b"more", *LIMITS)


def _orphan(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO envelope VALUES (1, 1, 1, x'', zeroblob(16), 1, x'00')")
