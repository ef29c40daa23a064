"""PROTOCOL 12.5: a recipient gets each day whole, or can tell that it was cut off."""

import httpx
import pytest

from crypto.public.encoding import day_text
from crypto.public.errors import WireError
from intake.service.settings import Settings
from intake.store import StoreUnavailable
from tests.kit.protocol import parse_day_answer
from tests.service.kit.failing_store import FailingStore
from tests.service.kit.opaque_organisation import TODAY, Clocks, OpaqueOrganisation, code, conversation_bytes

DAY = f"inbox/days/{day_text(TODAY)}"


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
    listed = (await client.get("inbox/mailboxes", headers=session)).content
    assert listed == b"".join(sorted(box.id for box in boxes))
    await client.delete(boxes[0].path, headers=boxes[0].auth("delete"))
    listed = (await client.get("inbox/mailboxes", headers=session)).content
    assert listed == b"".join(sorted(box.id for box in boxes[1:]))


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


async def test_an_empty_day_has_its_end_mark(client: httpx.AsyncClient, session: dict[str, str]) -> None:
    response = await client.get("inbox/days/1970-01-01", headers=session)
    assert response.content == bytes(36)


async def test_other_organisations_are_not_in_it(
    client: httpx.AsyncClient, world: OpaqueOrganisation, session: dict[str, str], store: FailingStore
) -> None:
    other = OpaqueOrganisation("waterschap")
    await other.settle_in(store)
    box = other.box()
    await client.put(other.base + box.opening_path, content=box.creation + box.opening)
    assert list(parse_day_answer((await client.get(DAY, headers=session)).content)) == []


async def test_a_store_that_fails_at_once_is_a_503(
    client: httpx.AsyncClient, session: dict[str, str], store: FailingStore
) -> None:
    store.failures["envelopes_by_day"] = StoreUnavailable()
    response = await client.get(DAY, headers=session)
    assert (response.status_code, code(response)) == (503, "server-unavailable")


async def test_a_store_that_fails_halfway_leaves_out_the_end_mark(
    client: httpx.AsyncClient, world: OpaqueOrganisation, session: dict[str, str], store: FailingStore
) -> None:
    for _ in range(10):
        await world.make_box(client)
    store.fail_after("envelopes_by_day", 2, StoreUnavailable())
    response = await client.get(DAY, headers=session)
    with pytest.raises(WireError, match="cut off"):
        list(parse_day_answer(response.content))


@pytest.mark.parametrize("day", ["2026-02-30", "20261123", "2026-W48-1", "x", "1969-12-31", "10000-01-01"])
async def test_a_day_has_one_spelling(client: httpx.AsyncClient, session: dict[str, str], day: str) -> None:
    response = await client.get(f"inbox/days/{day}", headers=session)
    assert (response.status_code, code(response)) == (404, "not-found")
    response = await client.get(f"inbox/days?from={day}", headers=session)
    assert (response.status_code, code(response)) == (400, "request-malformed")
