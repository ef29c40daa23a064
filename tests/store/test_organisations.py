"""Organisations, directories, logins, statements and keyrings, as `interface.Store` promises them."""

import dataclasses

import pytest

from intake.store import Conflict, Malformed, Member, NotFound, Organisation, Store, VersionMismatch
from tests.store.kit.rows import DIRECTORY, ORGANISATION, content

UNKNOWN = b"?" * 32
KEY = b"k" * 1216
OTHER_KEY = b"K" * 1216


async def test_an_organisation_is_found_with_its_directory(store: Store) -> None:
    assert await store.organisation("town-hall") == ORGANISATION
    assert await store.organisation("elsewhere") is None
    assert await store.directory(ORGANISATION.id) == DIRECTORY
    assert await store.directory(ORGANISATION.id, 1) == DIRECTORY
    assert await store.directory(ORGANISATION.id, 2) is None
    assert await store.directory(UNKNOWN) is None


async def test_organisations_are_listed_by_slug(store: Store) -> None:
    other = Organisation(b"A" * 32, "archive", 30, 4, 1)
    await store.add_organisation(other, b"{}")
    assert await store.organisations() == [other, ORGANISATION]


@pytest.mark.parametrize(
    "taken", [{"id": ORGANISATION.id, "slug": "new"}, {"id": UNKNOWN, "slug": ORGANISATION.slug}]
)
async def test_a_taken_id_or_slug_is_a_conflict(store: Store, taken: dict) -> None:
    with pytest.raises(Conflict):
        await store.add_organisation(dataclasses.replace(ORGANISATION, **taken), b"{}")
    assert await store.organisations() == [ORGANISATION]
    assert await store.directory(ORGANISATION.id) == DIRECTORY


async def test_an_organisation_is_founded_with_all_its_recipients_or_not_at_all(store: Store) -> None:
    other = Organisation(b"A" * 32, "archive", 30, 4, 1)
    noor = Member("noor", b"L" * 32, b"keyring of noor", 1, b"statement of noor", {2900: b"k" * 1216})
    wrong = dataclasses.replace(noor, recipient="sam", login_key=b"S" * 32, week_keys={2900: b"short"})
    with pytest.raises(Malformed):
        await store.add_organisation(other, b"{}", [noor, wrong])
    assert await store.organisation("archive") is None
    await store.add_organisation(other, b"{}", [noor])
    assert await store.recipient_by_login(other.id, b"L" * 32) == "noor"
    assert await store.keyring(other.id, "noor") == (1, b"keyring of noor")
    assert await store.statements(other.id, 2900) == [("noor", b"statement of noor", b"k" * 1216)]


@pytest.mark.parametrize("slug", ["", "Town", "a b", "é", "a" * 41, "../x"])
async def test_a_slug_is_short_and_plain(store: Store, slug: str) -> None:
    with pytest.raises(Malformed):
        await store.add_organisation(dataclasses.replace(ORGANISATION, id=UNKNOWN, slug=slug), b"{}")
    assert await store.directory(UNKNOWN) is None


async def test_the_next_directory_brings_its_policy(store: Store) -> None:
    await store.put_directory(ORGANISATION.id, 2, b"second", 365, 8)
    assert await store.organisation("town-hall") == Organisation(ORGANISATION.id, "town-hall", 365, 8, 2)
    assert await store.directory(ORGANISATION.id) == b"second"
    assert await store.directory(ORGANISATION.id, 1) == DIRECTORY


async def test_a_directory_put_again_changes_nothing(store: Store) -> None:
    await store.put_directory(ORGANISATION.id, 2, b"second", 365, 8)
    await store.put_directory(ORGANISATION.id, 2, b"second", 365, 8)
    await store.put_directory(ORGANISATION.id, 1, DIRECTORY, 90, 2)
    assert await store.organisation("town-hall") == Organisation(ORGANISATION.id, "town-hall", 365, 8, 2)


@pytest.mark.parametrize(("version", "document"), [(1, b"other"), (0, b"x"), (3, b"x")])
async def test_a_directory_that_is_not_the_next_is_a_conflict(
    store: Store, version: int, document: bytes
) -> None:
    with pytest.raises(Conflict):
        await store.put_directory(ORGANISATION.id, version, document, 90, 2)
    assert await store.organisation("town-hall") == ORGANISATION
    assert await store.directory(ORGANISATION.id) == DIRECTORY


async def test_a_login_key_stands_for_one_recipient(store: Store) -> None:
    await store.add_login(ORGANISATION.id, b"L" * 32, "noor")
    await store.add_login(ORGANISATION.id, b"L" * 32, "noor")
    with pytest.raises(Conflict):
        await store.add_login(ORGANISATION.id, b"L" * 32, "sam")
    assert await store.recipient_by_login(ORGANISATION.id, b"L" * 32) == "noor"
    assert await store.recipient_by_login(ORGANISATION.id, b"M" * 32) is None
    assert await store.recipient_by_login(UNKNOWN, b"L" * 32) is None


async def test_statements_come_by_recipient_with_the_key_of_the_week(store: Store) -> None:
    await store.put_statement(ORGANISATION.id, "sam", 0, b"sam", {7: KEY, 8: OTHER_KEY}, 7)
    await store.put_statement(ORGANISATION.id, "noor", 5, b"noor", {8: KEY}, 7)
    assert await store.statements(ORGANISATION.id, 7) == [("noor", b"noor", None), ("sam", b"sam", KEY)]
    assert await store.statements(ORGANISATION.id, 8) == [("noor", b"noor", KEY), ("sam", b"sam", OTHER_KEY)]
    assert await store.statements(UNKNOWN, 8) == []


async def test_a_statement_replaces_one_of_a_lower_counter_and_drops_old_keys(store: Store) -> None:
    await store.put_statement(ORGANISATION.id, "sam", 1, b"first", {5: KEY, 6: KEY, 7: KEY}, 0)
    await store.put_statement(ORGANISATION.id, "sam", 4, b"second", {5: KEY, 7: OTHER_KEY}, 6)
    weeks = {week: await store.statements(ORGANISATION.id, week) for week in (5, 6, 7)}
    assert weeks == {
        5: [("sam", b"second", None)],
        6: [("sam", b"second", None)],  # it is not one of those announced any more
        7: [("sam", b"second", OTHER_KEY)],
    }


async def test_a_statement_put_again_changes_nothing(store: Store) -> None:
    await store.put_statement(ORGANISATION.id, "sam", 1, b"first", {5: KEY}, 0)
    await store.put_statement(ORGANISATION.id, "sam", 1, b"first", {}, 6)
    assert await store.statements(ORGANISATION.id, 5) == [("sam", b"first", KEY)]


@pytest.mark.parametrize(("counter", "statement"), [(1, b"other"), (0, b"first"), (0, b"other")])
async def test_a_counter_that_does_not_grow_is_a_conflict(
    store: Store, counter: int, statement: bytes
) -> None:
    await store.put_statement(ORGANISATION.id, "sam", 1, b"first", {5: KEY}, 0)
    with pytest.raises(Conflict):
        await store.put_statement(ORGANISATION.id, "sam", counter, statement, {5: OTHER_KEY}, 0)
    assert await store.statements(ORGANISATION.id, 5) == [("sam", b"first", KEY)]


async def test_a_key_of_the_wrong_length_takes_its_statement_along(store: Store) -> None:
    with pytest.raises(Malformed):
        await store.put_statement(ORGANISATION.id, "sam", 1, b"first", {5: b"short"}, 0)
    assert await store.statements(ORGANISATION.id, 5) == []


async def test_a_keyring_is_written_over_the_version_that_was_read(store: Store) -> None:
    assert await store.keyring(ORGANISATION.id, "sam") is None
    assert await store.put_keyring(ORGANISATION.id, "sam", 0, b"one") == 1
    assert await store.put_keyring(ORGANISATION.id, "sam", 1, b"two") == 2
    assert await store.keyring(ORGANISATION.id, "sam") == (2, b"two")
    for stale in (0, 1, 3):
        with pytest.raises(VersionMismatch):
            await store.put_keyring(ORGANISATION.id, "sam", stale, b"lost")
    assert await store.keyring(ORGANISATION.id, "sam") == (2, b"two")


async def test_an_unknown_organisation_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.put_directory(UNKNOWN, 1, b"x", 90, 2)
    with pytest.raises(NotFound):
        await store.add_login(UNKNOWN, content(b"login", 32), "sam")
    with pytest.raises(NotFound):
        await store.put_statement(UNKNOWN, "sam", 1, b"x", {5: KEY}, 0)
    with pytest.raises(NotFound):
        await store.put_keyring(UNKNOWN, "sam", 0, b"x")
