"""Mailboxes and envelopes, as `interface.Store` promises them."""

import dataclasses
import logging

import pytest

from intake.store import (
    Conflict,
    Envelope,
    MailboxFull,
    Malformed,
    NotFound,
    Organisation,
    Store,
)
from tests.store.kit.rows import DAY, LIMITS, ORGANISATION, content, mailbox

ID = b"e" * 16
OTHER_ID = b"f" * 16


async def test_a_mailbox_is_stored_with_its_opening(store: Store) -> None:
    box = mailbox()
    assert await store.create_mailbox(box, ID, b"opening")
    assert await store.mailbox(ORGANISATION.id, box.id) == box
    assert await store.envelopes(box.id) == [Envelope(box.id, ID, DAY, True, b"opening")]


async def test_a_retry_finds_its_mailbox_even_after_midnight(store: Store) -> None:
    box = mailbox()
    await store.create_mailbox(box, ID, b"opening")
    await store.append(box.id, OTHER_ID, DAY, b"more", *LIMITS)
    tomorrow = dataclasses.replace(box, day=box.day + 1, expiry_day=box.expiry_day + 1)
    assert not await store.create_mailbox(tomorrow, ID, b"opening")
    assert await store.mailbox(ORGANISATION.id, box.id) == box


@pytest.mark.parametrize(
    ("change", "envelope_id", "opening"),
    [
        ({}, ID, b"another"),
        ({}, b"n" * 16, b"opening"),
        ({}, OTHER_ID, b"more"),  # there, but not the opening
        ({"creation": b"c" * 225}, ID, b"opening"),
        ({"organisation": b"P" * 32}, ID, b"opening"),
    ],
)
async def test_anything_else_under_a_mailbox_id_is_a_conflict(
    store: Store, change: dict, envelope_id: bytes, opening: bytes
) -> None:
    await store.add_organisation(Organisation(b"P" * 32, "port", 90, 2, 1), b"{}")
    box = mailbox()
    await store.create_mailbox(box, ID, b"opening")
    await store.append(box.id, OTHER_ID, DAY, b"more", *LIMITS)
    before = await store.envelopes(box.id)
    with pytest.raises(Conflict):
        await store.create_mailbox(dataclasses.replace(box, **change), envelope_id, opening)
    assert await store.mailbox(ORGANISATION.id, box.id) == box
    assert await store.envelopes(box.id) == before


async def test_a_mailbox_that_is_gone_is_not_made_again_until_its_day(store: Store) -> None:
    deleted, expired = (
        mailbox(day=DAY, expiry_day=last, tombstone_day=DAY + 7) for last in (DAY + 90, DAY + 3)
    )
    for box in (deleted, expired):
        await store.create_mailbox(box, ID, b"opening")
    await store.delete_mailbox(ORGANISATION.id, deleted.id)
    for today in (DAY, DAY + 3, DAY + 6):
        await store.expire(today)
        for box in (deleted, expired) if today > DAY else (deleted,):
            with pytest.raises(Conflict):
                await store.create_mailbox(box, ID, b"opening")
            assert await store.mailbox(ORGANISATION.id, box.id) is None
    await store.expire(DAY + 7)
    assert await store.create_mailbox(deleted, ID, b"opening")


@pytest.mark.parametrize("change", [{"id": b"short"}, {"creation": b""}])
async def test_a_malformed_mailbox_is_refused_whole(store: Store, change: dict) -> None:
    box = dataclasses.replace(mailbox(), **change)
    with pytest.raises(Malformed):
        await store.create_mailbox(box, ID, b"opening")
    assert await store.mailbox(ORGANISATION.id, box.id) is None
    assert await store.envelopes(box.id) == []


async def test_a_mailbox_without_a_valid_opening_is_not_stored(store: Store) -> None:
    box = mailbox()
    with pytest.raises(Malformed):
        await store.create_mailbox(box, b"short", b"opening")
    assert await store.mailbox(ORGANISATION.id, box.id) is None


async def test_a_mailbox_of_an_unknown_organisation_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.create_mailbox(dataclasses.replace(mailbox(), organisation=b"?" * 32), ID, b"x")


async def test_a_mailbox_belongs_to_its_organisation(store: Store) -> None:
    await store.add_organisation(Organisation(b"P" * 32, "port", 90, 2, 1), b"{}")
    box = mailbox()
    await store.create_mailbox(box, ID, b"opening")
    assert await store.mailbox(b"P" * 32, box.id) is None
    assert not await store.delete_mailbox(b"P" * 32, box.id)
    assert await store.days(b"P" * 32, 0, DAY) == []
    assert await store.envelopes_by_day(b"P" * 32, DAY, None, 1 << 20, DAY) == []
    assert await store.mailbox(ORGANISATION.id, box.id) == box


async def test_envelopes_are_appended_once_and_read_by_id(store: Store) -> None:
    box = mailbox()
    await store.create_mailbox(box, b"m" * 16, b"opening")
    assert await store.append(box.id, b"z" * 16, DAY, b"first", *LIMITS)
    assert await store.append(box.id, b"a" * 16, DAY + 1, b"second", *LIMITS)
    assert not await store.append(box.id, b"z" * 16, DAY + 2, b"first", *LIMITS)
    assert await store.envelopes(box.id) == [
        Envelope(box.id, b"a" * 16, DAY + 1, False, b"second"),
        Envelope(box.id, b"m" * 16, DAY, True, b"opening"),
        Envelope(box.id, b"z" * 16, DAY, False, b"first"),
    ]


async def test_other_bytes_under_an_envelope_id_are_a_conflict(store: Store) -> None:
    box = mailbox()
    await store.create_mailbox(box, ID, b"opening")
    with pytest.raises(Conflict):
        await store.append(box.id, ID, DAY, b"swapped", *LIMITS)
    assert [envelope.bytes for envelope in await store.envelopes(box.id)] == [b"opening"]


async def test_an_unknown_mailbox_takes_nothing(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.append(b"?" * 32, ID, DAY, b"x", *LIMITS)
    assert await store.envelopes(b"?" * 32) == []


async def test_a_full_mailbox_takes_nothing_but_a_retry(store: Store) -> None:
    box = mailbox()
    await store.create_mailbox(box, ID, b"12345")
    assert await store.append(box.id, OTHER_ID, DAY, b"67890", 10, 2, 0)
    with pytest.raises(MailboxFull):
        await store.append(box.id, b"g" * 16, DAY, b"!", 10, 3, 0)
    with pytest.raises(MailboxFull):
        await store.append(box.id, b"g" * 16, DAY, b"!", 11, 2, 0)
    assert not await store.append(box.id, OTHER_ID, DAY, b"67890", 10, 2, 0)
    assert await store.append(box.id, b"g" * 16, DAY, b"!", 11, 3, 0)


async def test_a_deleted_mailbox_is_gone_with_its_envelopes(store: Store) -> None:
    box, other = mailbox(), mailbox()
    await store.create_mailbox(box, ID, b"opening")
    await store.append(box.id, OTHER_ID, DAY, b"more", *LIMITS)
    await store.create_mailbox(other, ID, b"stays")
    assert await store.delete_mailbox(ORGANISATION.id, box.id)
    assert not await store.delete_mailbox(ORGANISATION.id, box.id)
    assert await store.mailbox(ORGANISATION.id, box.id) is None
    assert await store.envelopes(box.id) == []
    assert await store.days(ORGANISATION.id, 0, DAY) == [(DAY, 1, 5)]


async def test_mailboxes_go_on_their_expiry_day(store: Store) -> None:
    boxes = [mailbox(expiry_day=DAY + number % 3) for number in range(200)]
    for box in boxes:
        await store.create_mailbox(box, ID, content(box.id))
    assert await store.expire(DAY - 1) == 0
    assert await store.expire(DAY + 1) == 134
    assert await store.expire(DAY + 1) == 0
    for box in boxes:
        assert (await store.mailbox(ORGANISATION.id, box.id) is None) == (box.expiry_day <= DAY + 1)
        assert len(await store.envelopes(box.id)) == int(box.expiry_day > DAY + 1)


async def test_nothing_a_client_sent_is_logged_or_shown(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    box = mailbox(b"marked-id".ljust(32, b"."))
    await store.create_mailbox(box, ID, b"marked-bytes")
    await store.mailbox(ORGANISATION.id, box.id)
    with pytest.raises(Conflict) as conflict:
        await store.append(box.id, ID, DAY, b"marked-other", *LIMITS)
    with pytest.raises(Malformed) as malformed:
        await store.append(box.id, b"marked-short", DAY, b"", *LIMITS)
    (envelope,) = await store.envelopes(box.id)
    shown = [caplog.text, str(conflict.value), str(malformed.value), repr(box), repr(envelope)]
    assert not any("marked" in text for text in shown)
