"""PROTOCOL 12.2-12.4: mailboxes are entered by token alone, and what is not there looks like what is."""

import os
from collections.abc import Callable

import httpx
import pytest

from crypto.public.answers import parse_mailbox_answer
from crypto.public.encoding import b64, week_of
from intake.store import StoreBusy, StoreUnavailable
from tests.service.kit.failing_store import FailingStore
from tests.service.kit.opaque_organisation import (
    RETENTION,
    TODAY,
    Clocks,
    OpaqueOrganisation,
    code,
    conversation_bytes,
    opening_bytes,
    shape,
)


async def test_what_was_put_is_given_back(client: httpx.AsyncClient, world: OpaqueOrganisation) -> None:
    box = await world.make_box(client)
    reply, message = os.urandom(16), conversation_bytes()
    stored = await client.put(box.envelope_path(reply), content=message, headers=box.auth("write"))
    assert stored.status_code == 204
    response = await client.get(box.path, headers=box.auth("read"))
    answer = parse_mailbox_answer(response.content, box.tokens["read"])
    assert answer.creation == box.creation
    found = {(item.id, item.day, item.data) for item in answer.envelopes}
    assert found == {(box.envelope, TODAY, box.opening), (reply, TODAY, message)}


async def test_a_retry_is_answered_as_the_first_try(
    client: httpx.AsyncClient, world: OpaqueOrganisation, clocks: Clocks
) -> None:
    box = await world.make_box(client)
    path, message = box.envelope_path(), conversation_bytes()
    tries = [await client.put(path, content=message, headers=box.auth("write"))]
    clocks.day += 1
    tries += [await client.put(path, content=message, headers=box.auth("write"))]
    tries += [await client.put(box.opening_path, content=box.creation + box.opening)]
    assert {item.status_code for item in tries} == {204}
    answer = (await client.get(box.path, headers=box.auth("read"))).content
    assert len(parse_mailbox_answer(answer, box.tokens["read"]).envelopes) == 2


async def test_a_deletion_is_not_undone_by_whoever_has_the_bytes(
    client: httpx.AsyncClient, world: OpaqueOrganisation, clocks: Clocks, store: FailingStore
) -> None:
    box = await world.make_box(client)
    assert (await client.delete(box.path, headers=box.auth("delete"))).status_code == 204
    codes = []
    for _ in range(12 * 7):
        codes.append(code(await client.put(box.opening_path, content=box.creation + box.opening)))
        clocks.day += 1
        await store.expire(clocks.day)
    told = codes.count("conflict")
    assert told > 8 * 7
    assert codes == ["conflict"] * told + ["envelope-week"] * (len(codes) - told)


async def test_the_same_id_with_other_bytes_is_a_conflict(
    client: httpx.AsyncClient, world: OpaqueOrganisation
) -> None:
    box = await world.make_box(client)
    path = box.envelope_path()
    await client.put(path, content=conversation_bytes(), headers=box.auth("write"))
    again = await client.put(path, content=conversation_bytes(), headers=box.auth("write"))
    assert (again.status_code, code(again)) == (409, "conflict")
    again = await client.put(box.opening_path, content=box.creation + opening_bytes())
    assert (again.status_code, code(again)) == (409, "conflict")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_unknown_mailbox_and_wrong_token_look_alike(
    client: httpx.AsyncClient, world: OpaqueOrganisation, store: FailingStore, method: str
) -> None:
    box, unknown = await world.make_box(client), world.box()
    right = {"GET": "read", "PUT": "write", "DELETE": "delete"}[method]
    seen: list[tuple[object, ...]] = []
    calls: list[list[str]] = []
    headers = [box.auth(name) for name in box.tokens if name != right]
    headers += [unknown.auth(right), {}, {"Authorization": "Bearer ~"}, {"Authorization": "Basic x"}]
    for place, header in [(unknown, unknown.auth(right)), *((box, header) for header in headers)]:
        path = place.envelope_path() if method == "PUT" else place.path
        store.calls.clear()
        content = conversation_bytes() if method == "PUT" else None
        seen.append(shape(await client.request(method, path, headers=header, content=content)))
        calls.append(list(store.calls))
    assert all(item == seen[0] for item in seen)
    assert all(item == calls[0] for item in calls)
    assert seen[0][0] == (200 if method == "GET" else 404)


async def test_known_empty_and_unknown_mailboxes_are_read_alike(
    client: httpx.AsyncClient, world: OpaqueOrganisation, store: FailingStore
) -> None:
    quiet, busy, unknown = await world.make_box(client), await world.make_box(client), world.box()
    await client.put(busy.envelope_path(), content=conversation_bytes(), headers=busy.auth("write"))
    seen = []
    for box in (quiet, busy, unknown):
        store.calls.clear()
        seen.append((shape(await client.get(box.path, headers=box.auth("read"))), list(store.calls)))
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][0][2] == 65536


async def test_a_large_mailbox_is_answered_in_the_next_power_of_two(
    client: httpx.AsyncClient, world: OpaqueOrganisation
) -> None:
    box = await world.make_box(client)
    for _ in range(3):
        content = conversation_bytes(65536)
        await client.put(box.envelope_path(), content=content, headers=box.auth("write"))
    response = await client.get(box.path, headers=box.auth("read"))
    assert len(response.content) == 262_144
    assert len(parse_mailbox_answer(response.content, box.tokens["read"]).envelopes) == 4


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda body: body[:-1], "envelope-header"),
        (lambda body: body[:100], "envelope-header"),
        (lambda body: b"", "envelope-header"),
        (lambda body: body + b"\x00", "envelope-header"),
        (lambda body: b"\x02" + body[1:], "envelope-suite"),
        (lambda body: body[:225] + b"\x02" + body[226:], "envelope-suite"),
        (lambda body: body[:226] + b"\x02" + body[227:], "envelope-header"),
        (lambda body: body[:225] + opening_bytes(slots=4), "envelope-header"),
        (lambda body: body[:1] + bytes(32) + body[33:], "request-malformed"),
        (lambda body: body[:33] + bytes(32) + body[65:], "request-malformed"),
        (lambda body: body[:225] + b"<html>" * 2000, "envelope-suite"),
    ],
)
async def test_what_is_no_opening_is_refused(
    client: httpx.AsyncClient, world: OpaqueOrganisation, damage: Callable[[bytes], bytes], expected: str
) -> None:
    box = world.box()
    response = await client.put(box.opening_path, content=damage(box.creation + box.opening))
    assert (response.status_code, code(response)) == (400, expected)
    # Nothing of it was stored: the same mailbox can still be made.
    made = await client.put(box.opening_path, content=box.creation + box.opening)
    assert made.status_code == 204


@pytest.mark.parametrize(
    ("weeks", "status"), [(-9, 400), (-8, 204), (0, 204), (1, 204), (2, 400), (2**31, 400)]
)
async def test_an_opening_whose_key_is_forgotten_or_to_come_is_refused(
    client: httpx.AsyncClient, world: OpaqueOrganisation, weeks: int, status: int
) -> None:
    box = world.box()
    body = box.creation + opening_bytes(week=week_of(TODAY) + weeks)
    response = await client.put(box.opening_path, content=body)
    assert response.status_code == status
    if status == 400:
        assert code(response) == "envelope-week"
        made = await client.put(box.opening_path, content=box.creation + box.opening)
        assert made.status_code == 204


async def test_an_opening_that_is_stored_is_answered_alike_however_late_it_is_repeated(
    client: httpx.AsyncClient, world: OpaqueOrganisation, clocks: Clocks
) -> None:
    box = await world.make_box(client)
    clocks.day += 7 * 9
    again = await client.put(box.opening_path, content=box.creation + box.opening)
    assert again.status_code == 204
    other = await client.put(box.opening_path, content=box.creation + opening_bytes())
    assert (other.status_code, code(other)) == (409, "conflict")
    new = world.box()
    refused = await client.put(new.opening_path, content=new.creation + new.opening)
    assert (refused.status_code, code(refused)) == (400, "envelope-week")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "envelope-header"),
        (conversation_bytes()[:-1], "envelope-header"),
        (b"\x02" + conversation_bytes()[1:], "envelope-suite"),
        (opening_bytes(), "envelope-header"),
    ],
)
async def test_what_is_no_conversation_envelope_is_refused(
    client: httpx.AsyncClient, world: OpaqueOrganisation, body: bytes, expected: str
) -> None:
    box = await world.make_box(client)
    response = await client.put(box.envelope_path(), content=body, headers=box.auth("write"))
    assert (response.status_code, code(response)) == (400, expected)


async def test_a_body_too_large_is_refused(client: httpx.AsyncClient, world: OpaqueOrganisation) -> None:
    box = await world.make_box(client)
    too_large = await client.put(
        box.envelope_path(), content=bytes(1_064_961 + 2_307), headers=box.auth("write")
    )
    assert (too_large.status_code, code(too_large)) == (413, "body-too-large")
    too_large = await client.put(world.box().opening_path, content=bytes(1_310_721 + 2_307))
    assert (too_large.status_code, code(too_large)) == (413, "body-too-large")


async def test_the_largest_envelopes_fit(client: httpx.AsyncClient, world: OpaqueOrganisation) -> None:
    box = await world.make_box(client, opening=opening_bytes(size=1 << 20))
    largest = conversation_bytes(1 << 20)
    response = await client.put(box.envelope_path(), content=largest, headers=box.auth("write"))
    assert response.status_code == 204


async def test_a_full_mailbox_says_so(client: httpx.AsyncClient, world: OpaqueOrganisation) -> None:
    box = await world.make_box(client)
    statuses = []
    for _ in range(16):
        content = conversation_bytes(1 << 20)
        response = await client.put(box.envelope_path(), content=content, headers=box.auth("write"))
        statuses.append(response.status_code)
    assert statuses == [204] * 15 + [409]
    assert code(response) == "mailbox-full"


async def test_only_the_delete_token_erases(client: httpx.AsyncClient, world: OpaqueOrganisation) -> None:
    box = await world.make_box(client)
    refused = await client.delete(box.path, headers=box.auth("write"))
    assert (refused.status_code, code(refused)) == (404, "mailbox-unknown")
    assert (await client.delete(box.path, headers=box.auth("delete"))).status_code == 204
    gone = await client.delete(box.path, headers=box.auth("delete"))
    assert (gone.status_code, code(gone)) == (404, "mailbox-unknown")
    late = await client.put(box.envelope_path(), content=conversation_bytes(), headers=box.auth("write"))
    assert (late.status_code, code(late)) == (404, "mailbox-unknown")


async def test_an_expired_mailbox_is_unknown_before_it_is_erased(
    client: httpx.AsyncClient, world: OpaqueOrganisation, clocks: Clocks
) -> None:
    box = await world.make_box(client)
    clocks.day += RETENTION - 1
    last = await client.get(box.path, headers=box.auth("read"))
    assert parse_mailbox_answer(last.content, box.tokens["read"]).creation == box.creation
    clocks.day += 1
    late = await client.put(box.envelope_path(), content=conversation_bytes(), headers=box.auth("write"))
    assert (late.status_code, code(late)) == (404, "mailbox-unknown")


@pytest.mark.parametrize("name", ["", "x", "A" * 42, "A" * 44, "A" * 42 + "B", "A" * 42 + "=", "é" * 43])
async def test_an_id_has_one_spelling(
    client: httpx.AsyncClient, world: OpaqueOrganisation, name: str
) -> None:
    for method in ("GET", "DELETE"):
        response = await client.request(method, f"mailboxes/{name}")
        assert (response.status_code, code(response)) == (404, "not-found")


async def test_an_envelope_id_has_one_spelling(client: httpx.AsyncClient, world: OpaqueOrganisation) -> None:
    box = await world.make_box(client)
    other = b64(os.urandom(16))[:-1] + "B"
    path, content = f"{box.path}/envelopes/{other}", conversation_bytes()
    response = await client.put(path, content=content, headers=box.auth("write"))
    assert (response.status_code, code(response)) == (404, "not-found")


@pytest.mark.parametrize(
    ("error", "expected"), [(StoreUnavailable(), "server-unavailable"), (StoreBusy(), "server-busy")]
)
async def test_a_store_that_is_full_or_busy_confirms_nothing(
    client: httpx.AsyncClient, world: OpaqueOrganisation, store: FailingStore, error: Exception, expected: str
) -> None:
    box, new = await world.make_box(client), world.box()
    store.failures = {"create_mailbox": error, "append": error, "delete_mailbox": error}
    answers = [
        await client.put(new.opening_path, content=new.creation + new.opening),
        await client.put(box.envelope_path(), content=conversation_bytes(), headers=box.auth("write")),
        await client.delete(box.path, headers=box.auth("delete")),
    ]
    for response in answers:
        assert (response.status_code, code(response)) == (503, expected)
        assert response.headers["retry-after"] == "1"


async def test_another_organisation_has_no_part_in_a_mailbox(
    client: httpx.AsyncClient, world: OpaqueOrganisation, store: FailingStore
) -> None:
    other = OpaqueOrganisation("waterschap")
    await other.settle_in(store)
    box = await world.make_box(client)
    foreign = await client.put(f"{other.base}{box.opening_path}", content=box.creation + box.opening)
    assert (foreign.status_code, code(foreign)) == (400, "request-malformed")
    deleted = await client.delete(f"{other.base}{box.path}", headers=box.auth("delete"))
    assert (deleted.status_code, code(deleted)) == (404, "mailbox-unknown")
