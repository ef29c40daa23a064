"""PROTOCOL 12.5, 12.10, 12.11: a recipient gets each day and list whole, or can tell that it was cut off."""

import os
from collections.abc import Iterable

import httpx
import pytest

from crypto.public.answers import DayItem
from crypto.public.encoding import day_text
from intake.service.settings import Settings
from intake.store import StoreUnavailable
from tests.kit.protocol import parse_day_answer, parse_list
from tests.service.kit.failing_store import FailingStore
from tests.service.kit.opaque_organisation import (
    RETENTION,
    TODAY,
    Clocks,
    OpaqueOrganisation,
    code,
    conversation_bytes,
)

DAY = f"inbox/days/{day_text(TODAY)}"


def wanted(items: Iterable[DayItem]) -> bytes:
    """The body that asks for these."""
    return b"".join(item.mailbox + item.envelope.id for item in items)


@pytest.fixture
def settings() -> Settings:
    return Settings(page_bytes=40_000)


async def test_days_are_counted(
    client: httpx.AsyncClient, world: OpaqueOrganisation, clocks: Clocks, session: dict[str, str]
) -> None:
    box = await world.make_box(client)
    clocks.day += 2
    message = conversation_bytes()
    await client.put(box.envelope_path(), content=message, headers=box.auth("write"))
    both = [
        {"day": day_text(TODAY), "envelopes": 1, "bytes": len(box.opening)},
        {"day": day_text(TODAY + 2), "envelopes": 1, "bytes": len(message)},
    ]
    listed = (await client.get("inbox/days", headers=session)).json()
    assert listed == {"day": day_text(TODAY + 2), "days": both}
    since = await client.get(f"inbox/days?from={day_text(TODAY + 1)}", headers=session)
    assert since.json()["days"] == both[1:]


async def test_mailboxes_are_listed_until_they_are_deleted(
    client: httpx.AsyncClient, world: OpaqueOrganisation, session: dict[str, str]
) -> None:
    boxes = [await world.make_box(client) for _ in range(3)]
    until = (TODAY + RETENTION).to_bytes(4, "big")
    listed = parse_list((await client.get("inbox/mailboxes", headers=session)).content, 4)
    assert sorted(listed) == [(box.id, until) for box in sorted(boxes, key=lambda box: box.id)]
    await client.delete(boxes[0].path, headers=boxes[0].auth("delete"))
    listed = parse_list((await client.get("inbox/mailboxes", headers=session)).content, 4)
    assert {name for name, _ in listed} == {box.id for box in boxes[1:]}


async def test_the_ids_of_a_day_are_those_of_its_envelopes(
    client: httpx.AsyncClient, world: OpaqueOrganisation, session: dict[str, str]
) -> None:
    boxes = [await world.make_box(client) for _ in range(3)]
    await client.put(boxes[0].envelope_path(), content=conversation_bytes(), headers=boxes[0].auth("write"))
    whole = list(parse_day_answer((await client.get(DAY, headers=session)).content))
    ids = parse_list((await client.get(f"{DAY}/ids", headers=session)).content, 16)
    assert ids == [(item.mailbox, item.envelope.id) for item in whole]
    assert len(ids) == 4


async def test_a_client_gets_those_that_it_asks_for_as_in_the_whole_day(
    client: httpx.AsyncClient, world: OpaqueOrganisation, session: dict[str, str], store: FailingStore
) -> None:
    boxes = [await world.make_box(client) for _ in range(20)]
    await client.put(boxes[0].envelope_path(), content=conversation_bytes(), headers=boxes[0].auth("write"))
    whole = list(parse_day_answer((await client.get(DAY, headers=session)).content))
    store.calls.clear()
    answer = await client.post(DAY, content=wanted(whole[1:]), headers=session)
    assert list(parse_day_answer(answer.content)) == whole[1:]
    assert store.calls.count("envelopes_among") > 5


async def test_what_is_gone_or_never_was_is_left_out(
    client: httpx.AsyncClient, world: OpaqueOrganisation, session: dict[str, str]
) -> None:
    boxes = [await world.make_box(client) for _ in range(3)]
    whole = list(parse_day_answer((await client.get(DAY, headers=session)).content))
    await client.delete(boxes[0].path, headers=boxes[0].auth("delete"))
    names = sorted(
        [(item.mailbox, item.envelope.id) for item in whole]
        + [(os.urandom(32), os.urandom(16)), (boxes[1].id, os.urandom(16))]
    )
    body = b"".join(mailbox + id_ for mailbox, id_ in names)
    left = [item for item in whole if item.mailbox != boxes[0].id]
    for day, expected in ((DAY, left), (f"inbox/days/{day_text(TODAY - 1)}", [])):
        answer = await client.post(day, content=body, headers=session)
        assert answer.status_code == 200
        assert list(parse_day_answer(answer.content)) == expected


NAMES = [bytes([at]) * 48 for at in range(1, 4)]


@pytest.mark.parametrize(
    "body",
    [b"", NAMES[0][:-1], NAMES[0] + b"x", NAMES[1] + NAMES[0], NAMES[0] + NAMES[0]],
    ids=["none", "short", "long", "out of order", "twice"],
)
async def test_what_is_wanted_has_one_form(
    client: httpx.AsyncClient, session: dict[str, str], body: bytes
) -> None:
    answer = await client.post(DAY, content=body, headers=session)
    assert (answer.status_code, code(answer)) == (400, "request-malformed")


async def test_what_is_wanted_at_once_is_bounded(client: httpx.AsyncClient, session: dict[str, str]) -> None:
    names = [at.to_bytes(48, "big") for at in range(1025)]
    assert (await client.post(DAY, content=b"".join(names[1:]), headers=session)).content == bytes(36)
    answer = await client.post(DAY, content=b"".join(names), headers=session)
    assert (answer.status_code, code(answer)) == (413, "body-too-large")


async def test_a_day_is_streamed_page_by_page(
    client: httpx.AsyncClient, world: OpaqueOrganisation, session: dict[str, str], store: FailingStore
) -> None:
    boxes = [await world.make_box(client) for _ in range(20)]
    message = conversation_bytes()
    await client.put(boxes[0].envelope_path(), content=message, headers=boxes[0].auth("write"))
    store.calls.clear()
    response = await client.get(DAY, headers=session)
    assert store.calls.count("envelopes_by_day") > 5
    items = list(parse_day_answer(response.content))
    openings = {(item.mailbox, item.creation, item.envelope.data) for item in items if item.creation}
    assert openings == {(box.id, box.creation, box.opening) for box in boxes}
    assert [item.envelope.data for item in items if item.creation is None] == [message]
    assert {item.envelope.day for item in items} == {TODAY}


@pytest.mark.parametrize("part", ["mailboxes", "days/1970-01-01", "days/1970-01-01/ids"])
async def test_an_empty_list_has_its_end_mark(
    client: httpx.AsyncClient, session: dict[str, str], part: str
) -> None:
    response = await client.get(f"inbox/{part}", headers=session)
    assert response.content == bytes(36)


async def test_other_organisations_are_not_in_it(
    client: httpx.AsyncClient, world: OpaqueOrganisation, session: dict[str, str], store: FailingStore
) -> None:
    other = OpaqueOrganisation("waterschap")
    await other.settle_in(store)
    box = other.box()
    await client.put(other.base + box.opening_path, content=box.creation + box.opening)
    for part in (DAY, f"{DAY}/ids", "inbox/mailboxes"):
        assert (await client.get(part, headers=session)).content == bytes(36)
    asked = await client.post(DAY, content=box.id + box.envelope, headers=session)
    assert asked.content == bytes(36)


STREAMS = {
    "mailboxes": "inbox/mailboxes",
    "envelope_ids": f"{DAY}/ids",
    "envelopes_by_day": DAY,
    "envelopes_among": DAY,
}


async def ask(client: httpx.AsyncClient, session: dict[str, str], call: str, body: bytes) -> httpx.Response:
    method = "POST" if call == "envelopes_among" else "GET"
    return await client.request(method, STREAMS[call], content=body, headers=session)


@pytest.mark.parametrize("call", STREAMS)
async def test_a_store_that_fails_at_once_is_a_503(
    client: httpx.AsyncClient, session: dict[str, str], store: FailingStore, call: str
) -> None:
    store.failures[call] = StoreUnavailable()
    response = await ask(client, session, call, NAMES[0])
    assert (response.status_code, code(response)) == (503, "server-unavailable")


@pytest.mark.parametrize("call", STREAMS)
async def test_a_store_that_fails_halfway_leaves_out_the_end_mark(
    client: httpx.AsyncClient,
    world: OpaqueOrganisation,
    session: dict[str, str],
    store: FailingStore,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
) -> None:
    monkeypatch.setattr("intake.service.routes.sync.LIST_PAGE", 4)
    for _ in range(10):
        await world.make_box(client)
    whole = list(parse_day_answer((await client.get(DAY, headers=session)).content))
    true = (await ask(client, session, call, wanted(whole))).content
    store.fail_after(call, 2, StoreUnavailable())
    cut = (await ask(client, session, call, wanted(whole))).content
    assert 0 < len(cut) < len(true) - 36
    assert true.startswith(cut)


@pytest.mark.parametrize("day", ["2026-02-30", "20261123", "2026-W48-1", "x", "1969-12-31", "10000-01-01"])
async def test_a_day_has_one_spelling(client: httpx.AsyncClient, session: dict[str, str], day: str) -> None:
    for method, part in (("GET", ""), ("GET", "/ids"), ("POST", "")):
        response = await client.request(method, f"inbox/days/{day}{part}", headers=session)
        assert (response.status_code, code(response)) == (404, "not-found")
    response = await client.get(f"inbox/days?from={day}", headers=session)
    assert (response.status_code, code(response)) == (400, "request-malformed")
