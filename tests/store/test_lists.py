"""What recipients fetch: the lists and pages that `interface.Store` promises them."""

import os

import pytest

from intake.store import Envelope, MailboxDays, Store
from tests.store.kit.rows import DAY, LIMITS, ORGANISATION, listed, mailbox

ID = b"e" * 16
OTHER_ID = b"f" * 16


async def test_the_mailboxes_of_an_organisation_are_listed(store: Store) -> None:
    boxes = [mailbox(name * 32, expiry_day=DAY + 90 + at) for at, name in enumerate((b"q", b"a", b"m"))]
    for box in boxes:
        await store.create_mailbox(box, ID, b"opening")
    there = await store.mailboxes(ORGANISATION.id, None, 9, DAY)
    assert {box.id: (box.day, box.expiry_day) for box in there} == {
        box.id: (DAY, DAY + 90 + at) for at, box in enumerate(boxes)
    }
    assert await store.delete_mailbox(ORGANISATION.id, boxes[0].id)
    assert await listed(store) == sorted(box.id for box in boxes[1:])
    assert await listed(store, organisation=b"P" * 32) == []


@pytest.mark.parametrize("limit", [1, 3, 8, 99])
async def test_they_are_listed_in_pages_each_once_though_one_goes_meanwhile(store: Store, limit: int) -> None:
    boxes = [mailbox(day=DAY + at % 3, expiry_day=DAY + 90 - at % 2) for at in range(8)]
    for box in boxes:
        await store.create_mailbox(box, ID, b"opening")
        await store.append(box.id, OTHER_ID, DAY + 5, b"more", *LIMITS)
    seen: list[MailboxDays] = []
    while page := await store.mailboxes(ORGANISATION.id, seen[-1] if seen else None, limit, DAY):
        assert len(page) <= limit
        seen += page
        await store.delete_mailbox(ORGANISATION.id, page[-1].id)
    assert sorted(seen, key=lambda box: box.id) == sorted(
        (MailboxDays(box.id, box.day, box.expiry_day) for box in boxes), key=lambda box: box.id
    )


async def test_days_count_envelopes_and_bytes(store: Store) -> None:
    box = mailbox()
    await store.create_mailbox(box, ID, b"1234")
    await store.append(box.id, OTHER_ID, DAY, b"56", *LIMITS)
    await store.append(box.id, b"g" * 16, DAY + 3, b"7", *LIMITS)
    assert await store.days(ORGANISATION.id, 0, DAY) == [(DAY, 2, 6), (DAY + 3, 1, 1)]
    assert await store.days(ORGANISATION.id, DAY + 1, DAY) == [(DAY + 3, 1, 1)]
    assert await store.days(ORGANISATION.id, DAY + 4, DAY) == []


async def test_what_has_expired_is_listed_nowhere_although_it_is_not_erased(store: Store) -> None:
    gone, there = mailbox(expiry_day=DAY + 10), mailbox()
    for box in (gone, there):
        await store.create_mailbox(box, ID, b"opening")
        await store.append(box.id, OTHER_ID, DAY + 1, b"more", *LIMITS)
    for today, boxes in ((DAY + 9, {gone.id, there.id}), (DAY + 10, {there.id})):
        number = len(boxes)
        assert set(await listed(store, today)) == boxes
        assert await store.days(ORGANISATION.id, 0, today) == [
            (DAY, number, 7 * number),
            (DAY + 1, number, 4 * number),
        ]
        for day in (DAY, DAY + 1):
            page = await store.envelopes_by_day(ORGANISATION.id, day, None, 1 << 20, today)
            assert {envelope.mailbox for envelope, _ in page} == boxes
            ids = await store.envelope_ids(ORGANISATION.id, day, None, 99, today)
            assert {name for name, _ in ids} == boxes
            both = sorted((box.id, ID if day == DAY else OTHER_ID) for box in (gone, there))
            assert await store.envelopes_among(ORGANISATION.id, day, both, 1 << 20, today) == page
    assert await store.days(ORGANISATION.id, 0, DAY + 90) == []


@pytest.mark.parametrize("limit", [1, 100, 250, 1 << 20])
async def test_a_day_is_read_in_pages_each_envelope_once(store: Store, limit: int) -> None:
    boxes = {box.id: box for box in (mailbox() for _ in range(7))}
    expected = []
    for box in boxes.values():
        for number in range(3):
            envelope_id, sealed = os.urandom(16), os.urandom(number * 45 + 10)
            if number == 0:
                await store.create_mailbox(box, envelope_id, sealed)
            else:
                await store.append(box.id, envelope_id, DAY, sealed, *LIMITS)
            creation = box.creation if number == 0 else None
            expected.append((Envelope(box.id, envelope_id, DAY, number == 0, sealed), creation))
        await store.append(box.id, os.urandom(16), DAY + 1, b"tomorrow", *LIMITS)
    seen: list[tuple[Envelope, bytes | None]] = []
    after = None
    while page := await store.envelopes_by_day(ORGANISATION.id, DAY, after, limit, DAY):
        assert len(page) == 1 or sum(len(envelope.bytes) for envelope, _ in page) <= limit
        seen += page
        after = (page[-1][0].mailbox, page[-1][0].id)
    assert seen == sorted(expected, key=lambda row: (row[0].mailbox, row[0].id))


async def a_day(store: Store) -> list[tuple[Envelope, bytes | None]]:
    """A day of seven mailboxes with three envelopes each, and something on the next; all of it, in order."""
    for _ in range(7):
        box = mailbox()
        await store.create_mailbox(box, os.urandom(16), os.urandom(10))
        for number in (1, 2):
            await store.append(box.id, os.urandom(16), DAY, os.urandom(number * 45 + 10), *LIMITS)
        await store.append(box.id, os.urandom(16), DAY + 1, b"tomorrow", *LIMITS)
    return await store.envelopes_by_day(ORGANISATION.id, DAY, None, 1 << 20, DAY)


@pytest.mark.parametrize("limit", [1, 2, 20, 99])
async def test_the_ids_of_a_day_are_listed_in_pages(store: Store, limit: int) -> None:
    names = [(envelope.mailbox, envelope.id) for envelope, _ in await a_day(store)]
    seen: list[tuple[bytes, bytes]] = []
    while page := await store.envelope_ids(ORGANISATION.id, DAY, seen[-1] if seen else None, limit, DAY):
        assert len(page) <= limit
        seen += page
    assert seen == names
    assert await store.envelope_ids(b"P" * 32, DAY, None, 99, DAY) == []
    assert await store.envelope_ids(ORGANISATION.id, DAY + 2, None, 99, DAY) == []


@pytest.mark.parametrize("limit", [1, 100, 250, 1 << 20])
async def test_those_that_are_wanted_are_read_in_pages_without_what_is_not_there(
    store: Store, limit: int
) -> None:
    whole = await a_day(store)
    tomorrow = await store.envelope_ids(ORGANISATION.id, DAY + 1, None, 99, DAY)
    mailbox_id = whole[0][0].mailbox
    wanted = sorted(
        [(envelope.mailbox, envelope.id) for envelope, _ in whole[::2]]
        + [(mailbox_id, os.urandom(16)), (os.urandom(32), whole[0][0].id), *tomorrow]
    )
    seen: list[tuple[Envelope, bytes | None]] = []
    rest = wanted
    while page := await store.envelopes_among(ORGANISATION.id, DAY, rest, limit, DAY):
        assert len(page) == 1 or sum(len(envelope.bytes) for envelope, _ in page) <= limit
        seen += page
        rest = [name for name in wanted if name > (page[-1][0].mailbox, page[-1][0].id)]
    assert seen == whole[::2]
    assert await store.envelopes_among(b"P" * 32, DAY, wanted, limit, DAY) == []
    assert await store.envelopes_among(ORGANISATION.id, DAY, [], limit, DAY) == []
    await store.delete_mailbox(ORGANISATION.id, mailbox_id)
    left = await store.envelopes_among(ORGANISATION.id, DAY, wanted, 1 << 20, DAY)
    assert left == [row for row in whole[::2] if row[0].mailbox != mailbox_id]
