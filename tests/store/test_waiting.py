"""Many writes at once: each fails by itself, and none is forgotten."""

import asyncio

import pytest

from intake.store import (
    Clock,
    Conflict,
    Mailbox,
    MailboxFull,
    Malformed,
    NotFound,
    Store,
    StoreUnavailable,
)
from tests.store.kit.backends import Backend
from tests.store.kit.rows import DAY, LIMITS, ORGANISATION, content, mailbox


async def test_a_new_mailbox_that_fails_costs_no_other(store: Store) -> None:
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
    assert sorted(map(str, kinds[4:])) == ["False", "True"]
    assert kinds[:4] == [True, False, Conflict, Malformed]
    for box, data in ((new, b"new"), (there, b"opening"), (twice, b"twice")):
        assert [envelope.bytes for envelope in await store.envelopes(box.id)] == [data]


async def test_each_envelope_fails_alone(store: Store) -> None:
    box, malformed = mailbox(), mailbox(b"short")
    await store.create_mailbox(box, b"e" * 16, b"opening")
    outcomes = await asyncio.gather(
        store.append(box.id, b"1" * 16, DAY, b"one", *LIMITS),
        store.append(b"?" * 32, b"1" * 16, DAY, b"lost", *LIMITS),
        store.create_mailbox(malformed, b"e" * 16, b"x"),
        store.append(box.id, b"2" * 16, DAY, b"two", 1, 1, 1),
        store.append(box.id, b"3" * 16, 1 << 70, b"three", *LIMITS),
        store.append(box.id, b"4" * 16, DAY, b"four", *LIMITS),
        return_exceptions=True,
    )
    kinds = [outcome if isinstance(outcome, bool) else type(outcome) for outcome in outcomes]
    assert kinds == [True, NotFound, Malformed, MailboxFull, Malformed, True]
    assert [envelope.bytes for envelope in await store.envelopes(box.id)] == [b"one", b"four", b"opening"]


async def test_a_mailbox_that_many_write_to_stays_within_its_limits(store: Store) -> None:
    box = mailbox()
    await store.create_mailbox(box, b"e" * 16, b"opening")
    outcomes = await asyncio.gather(
        *(store.append(box.id, bytes([at]) * 16, DAY, b"more", 1 << 20, 5, 0) for at in range(12)),
        return_exceptions=True,
    )
    assert outcomes.count(True) == 4
    assert len(await store.envelopes(box.id)) == 5


async def test_a_mailbox_that_is_deleted_while_it_is_sent_again_stays_away(store: Store) -> None:
    for delay in range(24):
        box = mailbox()
        await store.create_mailbox(box, b"e" * 16, b"opening")

        async def again(box: Mailbox = box, delay: int = delay) -> bool:
            for _ in range(delay):
                await asyncio.sleep(0)
            return await store.create_mailbox(box, b"e" * 16, b"opening")

        deleted, *outcomes = await asyncio.gather(
            store.delete_mailbox(ORGANISATION.id, box.id), again(), again(), return_exceptions=True
        )
        assert deleted is True
        assert {outcome if outcome is False else type(outcome) for outcome in outcomes} <= {False, Conflict}
        assert await store.mailbox(ORGANISATION.id, box.id) is None


async def test_one_who_is_cancelled_harms_nobody(store: Store) -> None:
    boxes = [mailbox() for _ in range(20)]
    tasks = [asyncio.create_task(store.create_mailbox(box, b"e" * 16, content(box.id))) for box in boxes]
    tasks += [asyncio.create_task(store.create_mailbox(box, b"e" * 16, content(box.id))) for box in boxes]
    await asyncio.sleep(0)
    for task in tasks[:20:2]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for box in boxes:  # each was sent twice, and one of them stayed
        assert [envelope.bytes for envelope in await store.envelopes(box.id)] == [content(box.id)]


async def test_closing_finishes_what_waits(store: Store, backend: Backend) -> None:
    boxes = [mailbox() for _ in range(400)]
    waiting = [asyncio.create_task(store.create_mailbox(box, b"e" * 16, content(box.id))) for box in boxes]
    await asyncio.sleep(0)
    await asyncio.gather(store.close(), store.close())
    assert all(await asyncio.gather(*waiting))
    again = await backend.open()
    for box in boxes:
        assert [envelope.bytes for envelope in await again.envelopes(box.id)] == [content(box.id)]
    await again.close()


async def test_a_closed_store_says_so(store: Store) -> None:
    await store.close()
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.create_mailbox(mailbox(), b"e" * 16, b"late")
    with pytest.raises(StoreUnavailable):
        await store.organisations()
    assert not store.failed.done()


async def test_the_clock_is_kept_with_its_doubts(store: Store, backend: Backend) -> None:
    assert await store.clock() is None
    for kept in (Clock(DAY), Clock(DAY, DAY + 9, 3600), Clock(DAY + 9)):
        await store.keep_clock(kept)
        await store.heartbeat()
        assert await store.clock() == kept
    await store.close()
    again = await backend.open()
    assert await again.clock() == Clock(DAY + 9)
    await again.close()


async def test_what_would_expire_is_counted(store: Store) -> None:
    for days in (1, 2, 3):
        box = mailbox(expiry_day=DAY + days)
        await store.create_mailbox(box, b"e" * 16, b"opening")
        await store.put_chunks(ORGANISATION.id, box.id, 0, [b"chunk"], DAY + days)
    assert [await store.expired(DAY + days) for days in range(4)] == [(0, 0), (1, 1), (2, 2), (3, 3)]


async def test_the_only_process_leads_and_signs_with_one_key(store: Store) -> None:
    assert [await store.leads(), await store.leads()] == [True, True]
    first, again = await store.token_keys(), await store.token_keys()
    assert len(first[0].key) == 32
    assert [key.key for key in first] == [key.key for key in again]
    assert 0 <= first[0].age_seconds <= again[0].age_seconds
