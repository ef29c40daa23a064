"""PROTOCOL 10, 11.5, 12.2: two devices never lose each other's keyring, and no false key is announced."""

import copy
import os
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from crypto.public.directory import Quote
from crypto.public.encoding import b64, week_of
from tests.service.kit.failing_store import FailingStore
from tests.service.kit.opaque_organisation import TODAY, OpaqueOrganisation, code, keyring_bytes

Headers = dict[str, str]
FIRST = {"If-None-Match": "*"}


async def put(client: httpx.AsyncClient, session: Headers, data: bytes, given: Headers) -> httpx.Response:
    return await client.put("inbox/keyring", content=data, headers={**session, **given})


async def test_a_keyring_is_given_back_with_its_version(client: httpx.AsyncClient, session: Headers) -> None:
    none = await client.get("inbox/keyring", headers=session)
    assert (none.status_code, code(none)) == (404, "not-found")
    first, second = keyring_bytes(), keyring_bytes(524_288, unlockers=2)
    stored = await put(client, session, first, FIRST)
    assert (stored.status_code, stored.headers["etag"]) == (204, '"1"')
    stored = await put(client, session, second, {"If-Match": '"1"'})
    assert (stored.status_code, stored.headers["etag"]) == (204, '"2"')
    found = await client.get("inbox/keyring", headers=session)
    assert (found.content, found.headers["etag"]) == (second, '"2"')


async def test_a_retry_is_answered_as_the_first_try(client: httpx.AsyncClient, session: Headers) -> None:
    first, second = keyring_bytes(), keyring_bytes()
    for data, given, version in [(first, FIRST, '"1"'), (second, {"If-Match": '"1"'}, '"2"')]:
        for _ in range(2):
            stored = await put(client, session, data, given)
            assert (stored.status_code, stored.headers["etag"]) == (204, version)


@pytest.mark.parametrize("given", [FIRST, {"If-Match": '"1"'}, {"If-Match": '"3"'}, {"If-Match": '"99"'}])
async def test_a_stale_version_changes_nothing(
    client: httpx.AsyncClient, session: Headers, given: Headers
) -> None:
    await put(client, session, keyring_bytes(), FIRST)
    newest = keyring_bytes()
    await put(client, session, newest, {"If-Match": '"1"'})
    stale = await put(client, session, keyring_bytes(), given)
    assert (stale.status_code, code(stale)) == (412, "keyring-changed")
    assert (await client.get("inbox/keyring", headers=session)).content == newest


async def test_a_precondition_is_required(client: httpx.AsyncClient, session: Headers) -> None:
    response = await put(client, session, keyring_bytes(), {})
    assert (response.status_code, code(response)) == (428, "precondition-required")


@pytest.mark.parametrize(
    "given",
    [
        {"If-Match": "*"},
        {"If-Match": "1"},
        {"If-Match": 'W/"1"'},
        {"If-Match": '"0"'},
        {"If-Match": '"1", "2"'},
        {"If-None-Match": '"1"'},
        {"If-Match": '"1"', "If-None-Match": "*"},
    ],
)
async def test_a_strange_precondition_is_refused(
    client: httpx.AsyncClient, session: Headers, given: Headers
) -> None:
    response = await put(client, session, keyring_bytes(), given)
    assert (response.status_code, code(response)) == (400, "request-malformed")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "keyring-format"),
        (keyring_bytes()[:-1], "keyring-format"),
        (keyring_bytes(1000), "keyring-format"),
        (keyring_bytes(unlockers=0), "keyring-format"),
        (b"\x02" + keyring_bytes()[1:], "keyring-suite"),
        (b"\x01\x01" + keyring_bytes()[2:], "keyring-format"),
    ],
)
async def test_what_is_no_keyring_is_refused(
    client: httpx.AsyncClient, session: Headers, data: bytes, expected: str
) -> None:
    response = await put(client, session, data, FIRST)
    assert (response.status_code, code(response)) == (400, expected)


async def test_the_largest_keyring_fits_and_no_larger(client: httpx.AsyncClient, session: Headers) -> None:
    largest = keyring_bytes(32 * 1024 * 1024)
    assert (await put(client, session, largest, FIRST)).status_code == 204
    assert (await client.get("inbox/keyring", headers=session)).content == largest
    too_large = await put(client, session, bytes(34 * 1024 * 1024 + 1), {"If-Match": '"1"'})
    assert (too_large.status_code, code(too_large)) == (413, "body-too-large")


async def test_a_statement_is_kept_once(
    client: httpx.AsyncClient, world: OpaqueOrganisation, session: Headers
) -> None:
    body = world.statement(1)
    for _ in range(2):
        response = await client.put("inbox/statement", json=body, headers=session)
        assert response.status_code == 204


@pytest.mark.parametrize("counter", [1, 2])
async def test_an_older_statement_is_refused(
    client: httpx.AsyncClient, world: OpaqueOrganisation, session: Headers, counter: int
) -> None:
    assert (await client.put("inbox/statement", json=world.statement(2), headers=session)).is_success
    response = await client.put("inbox/statement", json=world.statement(counter), headers=session)
    assert (response.status_code, code(response)) == (409, "conflict")


@pytest.mark.parametrize("version", [1, 2, 2**32 - 1])
async def test_a_statement_about_a_directory_that_there_is_not_is_refused(
    client: httpx.AsyncClient, world: OpaqueOrganisation, session: Headers, version: int
) -> None:
    body = world.statement(1, quoted=Quote(version, bytes(32)))
    response = await client.put("inbox/statement", json=body, headers=session)
    assert (response.status_code, code(response)) == (409, "directory-chain")
    assert (await client.get("keys")).json()["recipients"] == []


async def test_a_statement_about_an_earlier_directory_is_not(
    client: httpx.AsyncClient, world: OpaqueOrganisation, session: Headers
) -> None:
    assert (await client.put("directory", content=world.successor())).is_success
    assert (await client.put("inbox/statement", json=world.statement(1), headers=session)).is_success


async def test_statements_of_ever_other_weeks_do_not_pile_up(
    client: httpx.AsyncClient, world: OpaqueOrganisation, session: Headers, store: FailingStore
) -> None:
    for counter in range(1, 6):
        body = world.statement(counter, first_week=week_of(TODAY) + 26 * (counter - 1))
        assert (await client.put("inbox/statement", json=body, headers=session)).is_success
    kept = [await store.statements(world.organisation, week_of(TODAY) + week) for week in range(26 * 5)]
    assert sum(key is not None for [(_, _, key)] in kept) == 26


async def test_nothing_but_the_statement_is_published(
    client: httpx.AsyncClient, world: OpaqueOrganisation, session: Headers
) -> None:
    body = world.statement(1)
    sent = copy.deepcopy(body)
    sent["statement"]["note"] = "for the reporters"
    sent["statement"]["signatures"][0]["note"] = "for the reporters"
    assert (await client.put("inbox/statement", json=sent, headers=session)).is_success
    rows = (await client.get("keys")).json()["recipients"]
    assert rows[0]["statement"] == body["statement"]


def _one_key_wrong(body: dict[str, Any]) -> None:
    body["keys"][7] = b64(os.urandom(1216))


def _keys_in_another_order(body: dict[str, Any]) -> None:
    body["keys"].reverse()


def _one_key_missing(body: dict[str, Any]) -> None:
    body["keys"].pop()


def _a_key_too_short(body: dict[str, Any]) -> None:
    body["keys"][0] = b64(os.urandom(1215))


def _no_signature(body: dict[str, Any]) -> None:
    body["statement"]["signatures"] = []


def _another_payload(body: dict[str, Any]) -> None:
    body["statement"]["payload"] = OpaqueOrganisation().statement(1)["statement"]["payload"]


def _no_statement(body: dict[str, Any]) -> None:
    body["statement"] = {}


def _a_list_for_a_statement(body: dict[str, Any]) -> None:
    body["statement"] = []


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (_one_key_wrong, "statement-key"),
        (_keys_in_another_order, "statement-key"),
        (_one_key_missing, "request-malformed"),
        (_a_key_too_short, "request-malformed"),
        (_no_signature, "statement-signature"),
        (_another_payload, "statement-signature"),
        (_no_statement, "statement-format"),
        (_a_list_for_a_statement, "request-malformed"),
    ],
)
async def test_a_false_statement_is_refused(
    client: httpx.AsyncClient,
    world: OpaqueOrganisation,
    session: Headers,
    damage: Callable[[dict[str, Any]], None],
    expected: str,
) -> None:
    body = world.statement(1)
    damage(body)
    response = await client.put("inbox/statement", json=body, headers=session)
    assert (response.status_code, code(response)) == (400, expected)
    assert (await client.get("keys")).json()["recipients"] == []


async def test_a_statement_has_a_largest_size(client: httpx.AsyncClient, session: Headers) -> None:
    response = await client.put("inbox/statement", content=bytes(128 * 1024 + 1), headers=session)
    assert (response.status_code, code(response)) == (413, "body-too-large")
