"""PROTOCOL 9.4 and 12.2: the server publishes what the custodian signed, byte for byte, and never goes back."""

import asyncio
import os
import threading
from collections.abc import Callable

import httpx
import pytest

from crypto.public.directory import Directory
from crypto.public.encoding import b64, day_text, parse_object, week_of, write_object
from intake.service.routes.directory import CHECKS_WAITING, DirectoryRoutes
from intake.store import Conflict
from tests.service.kit.failing_store import FailingStore
from tests.service.kit.opaque_organisation import TODAY, OpaqueOrganisation, code, opening_bytes


async def test_it_is_served_byte_for_byte(client: httpx.AsyncClient, world: OpaqueOrganisation) -> None:
    response = await client.get("directory")
    assert (response.status_code, response.content) == (200, world.first)
    assert response.headers["content-type"] == "application/json"


async def test_the_next_version_replaces_it(client: httpx.AsyncClient, world: OpaqueOrganisation) -> None:
    second = world.successor()
    assert (await client.put("directory", content=second)).status_code == 204
    assert (await client.get("directory")).content == second
    assert (await client.put("directory", content=second)).status_code == 204


async def test_its_policy_holds_from_then_on(
    client: httpx.AsyncClient, world: OpaqueOrganisation, store: FailingStore
) -> None:
    policy = {"retention_days": 7, "acknowledge_days": 7, "feedback_days": 90}
    await client.put("directory", content=world.successor(policy=policy, slots=4))
    refused = await client.put((box := world.box()).opening_path, content=box.creation + box.opening)
    assert (refused.status_code, code(refused)) == (400, "envelope-header")
    box = await world.make_box(client, opening=opening_bytes(slots=4))
    mailbox = await store.mailbox(world.organisation, box.id)
    assert mailbox.expiry_day == TODAY + 7


def _unsigned(world: OpaqueOrganisation) -> bytes:
    return write_object({**parse_object(world.successor()), "signatures": []})


def _by_another_key(world: OpaqueOrganisation) -> bytes:
    world.history.append(world.hash_of(world.first))
    return world.directory(world.content(), os.urandom(32))


def _changed(world: OpaqueOrganisation) -> bytes:
    other = parse_object(world.successor())["payload"]
    return write_object({**parse_object(world.first), "payload": other})


def _of_another_organisation(world: OpaqueOrganisation) -> bytes:
    return OpaqueOrganisation(world.slug).successor()


def _with_a_gap(world: OpaqueOrganisation) -> bytes:
    world.history += [world.hash_of(world.first), os.urandom(32)]
    return world.directory(world.content())


def _not_ours_before(world: OpaqueOrganisation) -> bytes:
    world.history.append(os.urandom(32))
    return world.directory(world.content())


def _same_version_again(world: OpaqueOrganisation) -> bytes:
    return world.directory(world.content(name={"nl": "Anders"}))


def _newer_type(world: OpaqueOrganisation) -> bytes:
    value = parse_object(world.successor())
    return write_object({**value, "payloadType": "application/vnd.drempel.directory.2+json"})


def _expired(world: OpaqueOrganisation) -> bytes:
    return world.successor(issued=day_text(TODAY - 10), expires=day_text(TODAY - 1))


def _from_the_future(world: OpaqueOrganisation) -> bytes:
    return world.successor(issued=day_text(TODAY + 3))


def _under_another_slug(world: OpaqueOrganisation) -> bytes:
    return world.successor(slug="elders")


@pytest.mark.parametrize(
    ("make", "status", "expected"),
    [
        (lambda world: b"", 400, "directory-format"),
        (lambda world: b"{}", 400, "directory-format"),
        (lambda world: b"[" * 100_000, 400, "directory-format"),
        (lambda world: b"\xff", 400, "directory-format"),
        (lambda world: world.successor()[:-1], 400, "directory-format"),
        (lambda world: bytes(1024 * 1024 + 1), 413, "body-too-large"),
        (_unsigned, 400, "directory-unsigned"),
        (_by_another_key, 400, "directory-signature"),
        (_changed, 400, "directory-signature"),
        (_of_another_organisation, 400, "directory-signers"),
        (_with_a_gap, 409, "directory-chain"),
        (_not_ours_before, 409, "directory-chain"),
        (_same_version_again, 409, "directory-chain"),
        (_newer_type, 400, "directory-newer"),
        (_expired, 400, "request-malformed"),
        (_from_the_future, 400, "request-malformed"),
        (_under_another_slug, 400, "directory-format"),
    ],
)
async def test_what_does_not_follow_is_refused(
    client: httpx.AsyncClient,
    world: OpaqueOrganisation,
    make: Callable[[OpaqueOrganisation], bytes],
    status: int,
    expected: str,
) -> None:
    response = await client.put("directory", content=make(world))
    assert (response.status_code, code(response)) == (status, expected)
    assert (await client.get("directory")).content == world.first


async def test_a_roll_back_is_refused(client: httpx.AsyncClient, world: OpaqueOrganisation) -> None:
    second = world.successor()
    await client.put("directory", content=second)
    response = await client.put("directory", content=world.first)
    assert (response.status_code, code(response)) == (409, "directory-chain")
    assert (await client.get("directory")).content == second


async def test_directories_that_anybody_offers_are_checked_one_at_a_time(
    client: httpx.AsyncClient, world: OpaqueOrganisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work, go_on, most = 0, threading.Event(), 0

    def slow(self: DirectoryRoutes, data: bytes, stored: bytes) -> Directory:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        go_on.wait(10)
        at_work -= 1
        return successor(self, data, stored)

    successor = DirectoryRoutes._successor
    monkeypatch.setattr(DirectoryRoutes, "_successor", slow)
    offers = [asyncio.create_task(client.put("directory", content=b"{}")) for _ in range(CHECKS_WAITING + 3)]
    done: set[asyncio.Task[httpx.Response]] = set()
    while (
        len(done) < 3
    ):  # the others stay until the first may go on, so none of them can take a place too early
        answered, _ = await asyncio.wait(set(offers) - done, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        assert answered, "nobody was turned away"
        done |= answered
    assert {code(task.result()) for task in done} == {"server-busy"}
    go_on.set()
    answers = [str(code(await task)) for task in offers]
    assert sorted(answers) == ["directory-format"] * CHECKS_WAITING + ["server-busy"] * 3
    assert most == 1
    assert (await client.put("directory", content=world.successor())).status_code == 204


async def test_of_two_successors_one_wins(
    client: httpx.AsyncClient, world: OpaqueOrganisation, store: FailingStore
) -> None:
    store.failures["put_directory"] = Conflict()
    response = await client.put("directory", content=world.successor())
    assert (response.status_code, code(response)) == (409, "directory-chain")


async def test_the_keys_of_this_week_are_those_of_everybody(
    client: httpx.AsyncClient, world: OpaqueOrganisation, session: dict[str, str]
) -> None:
    empty = (await client.get("keys")).json()
    largest = {"attachment_bytes": 4 * 1024**3}
    assert empty == {"day": day_text(TODAY), "week": week_of(TODAY), **largest, "recipients": []}
    made = world.statement(1)
    assert (await client.put("inbox/statement", json=made, headers=session)).status_code == 204
    row = {"recipient": "ada", "statement": made["statement"], "key": made["keys"][0]}
    assert (await client.get("keys")).json() == {**empty, "recipients": [row]}


async def test_a_recipient_whose_keys_ran_out_is_still_named(
    client: httpx.AsyncClient, world: OpaqueOrganisation, session: dict[str, str]
) -> None:
    made = world.statement(1, first_week=week_of(TODAY) + 1)
    await client.put("inbox/statement", json=made, headers=session)
    rows = (await client.get("keys")).json()["recipients"]
    assert [(row["recipient"], row["key"]) for row in rows] == [("ada", None)]


@pytest.mark.parametrize("slug", ["onbekend", "UPPER", "a" * 41, "gemeente.", b64(b"x")])
async def test_an_unknown_organisation_is_said_to_be_one(client: httpx.AsyncClient, slug: str) -> None:
    for path in ("api/1/directory", "api/1/keys", "", "inbox"):
        response = await client.get(f"http://drempel.test/{slug}/{path}")
        assert (response.status_code, code(response)) == (404, "organisation-unknown")


async def test_an_organisation_added_later_is_found(
    client: httpx.AsyncClient, world: OpaqueOrganisation, store: FailingStore
) -> None:
    other = OpaqueOrganisation("waterschap")
    assert (await client.get(f"{other.base}directory")).status_code == 404
    await other.settle_in(store)
    assert (await client.get(f"{other.base}directory")).content == other.first
