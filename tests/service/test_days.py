"""A clock that may be wrong erases nothing, and ends no promise early."""

import httpx
import pytest
from starlette.applications import Starlette

from crypto.public.encoding import day_text, week_of
from intake.service.app import create_app
from intake.service.doctor import accept_clock
from intake.service.jobs.days import PATIENT_DAYS, STEADY_SECONDS, Days, judge
from intake.service.jobs.retention import Retention
from intake.service.settings import Settings
from intake.store import Clock
from tests.kit.protocol import parse_list
from tests.service.kit.failing_store import FailingStore
from tests.service.kit.opaque_organisation import RETENTION, TODAY, Box, Clocks, OpaqueOrganisation

HOUR = 3600
YEARS = 3 * 365


def after(kept: Clock | None, *rounds: tuple[int, float]) -> Clock:
    """What is kept after rounds, each with its day and the seconds since the one before."""
    for today, ran in rounds:
        kept = judge(kept, today, ran)
    assert kept is not None
    return kept


def test_days_that_follow_are_believed() -> None:
    assert after(None, (TODAY, 0)) == Clock(TODAY)
    assert after(Clock(TODAY), (TODAY, HOUR), (TODAY + 1, HOUR), (TODAY + 3, 0)) == Clock(TODAY + 3)


@pytest.mark.parametrize("jump", [-1, -7, -YEARS, 3, 7, PATIENT_DAYS, PATIENT_DAYS + 1, YEARS])
def test_a_jump_is_not(jump: int) -> None:
    assert after(Clock(TODAY), (TODAY + jump, HOUR)) == Clock(TODAY, TODAY + jump, 0)


@pytest.mark.parametrize("jump", [-PATIENT_DAYS, -1, 3, PATIENT_DAYS - 1])
def test_a_small_jump_is_believed_after_a_day_of_running(jump: int) -> None:
    doubted = after(Clock(TODAY), (TODAY + jump, HOUR), *((TODAY + jump, HOUR),) * 23)
    assert doubted == Clock(TODAY, TODAY + jump, 23 * HOUR)
    assert judge(doubted, TODAY + jump + 1, HOUR) == Clock(TODAY + jump + 1)


def test_a_large_one_never_by_itself() -> None:
    kept = Clock(TODAY)
    for day in range(TODAY + YEARS, TODAY + YEARS + 100):
        kept = judge(kept, day, STEADY_SECONDS)
    assert kept.day == TODAY
    assert kept.doubted_day == TODAY + YEARS + 99


def test_a_restart_neither_shortens_nor_renews_the_wait() -> None:
    waited = after(Clock(TODAY), (TODAY + 7, 0), *((TODAY + 7, HOUR),) * 20)
    again = after(waited, (TODAY + 8, 0))
    assert again == Clock(TODAY, TODAY + 8, 20 * HOUR)
    assert after(again, *((TODAY + 8, HOUR),) * 4) == Clock(TODAY + 8)


def test_a_clock_that_jumps_again_waits_again() -> None:
    waited = after(Clock(TODAY), (TODAY + 7, 0), *((TODAY + 7, HOUR),) * 20)
    assert judge(waited, TODAY + 17, HOUR) == Clock(TODAY, TODAY + 17, 0)
    assert judge(waited, TODAY - 5, HOUR) == Clock(TODAY, TODAY - 5, 0)
    assert judge(waited, TODAY + 1, HOUR) == Clock(TODAY + 1)


async def create(client: httpx.AsyncClient, world: OpaqueOrganisation) -> Box:
    box = world.box()
    answer = await client.put(box.opening_path, content=box.creation + box.opening)
    assert answer.status_code == 204
    return box


async def read(client: httpx.AsyncClient, box: Box) -> bool:
    """Whether a mailbox has something to read: to a stranger, one that is gone is like any other."""
    answer = await client.get(box.path, headers=box.auth("read"))
    assert answer.status_code == 200
    return box.opening in answer.content


async def listed(client: httpx.AsyncClient, world: OpaqueOrganisation) -> tuple[list[bytes], list[int]]:
    """What a recipient sees: the ids of all mailboxes, and how many envelopes each day has."""
    session = await world.sign_in(client)
    ids = await client.get("inbox/mailboxes", headers=session)
    days = await client.get("inbox/days", headers=session)
    return [id_ for id_, _ in parse_list(ids.content, 4)], [day["envelopes"] for day in days.json()["days"]]


@pytest.mark.parametrize("jump", [3, 40, YEARS])
async def test_a_clock_far_ahead_at_the_start_erases_nothing(
    store: FailingStore,
    client: httpx.AsyncClient,
    world: OpaqueOrganisation,
    clocks: Clocks,
    caplog: pytest.LogCaptureFixture,
    jump: int,
) -> None:
    box = await create(client, world)
    clocks.day += RETENTION + jump
    assert not await read(client, box)
    assert await listed(client, world) == ([], [])
    app = create_app(store, Settings(), today=lambda: clocks.day, clock=lambda: clocks.seconds)
    async with app.router.lifespan_context(app):
        assert await store.mailbox(world.organisation, box.id) is not None
        assert f"The clock shows {day_text(clocks.day)}" in caplog.text
        clocks.day = TODAY
        assert await read(client, box)
        assert await listed(client, world) == ([box.id], [1])


async def test_one_that_jumps_while_it_runs_erases_nothing_either(
    app: Starlette, store: FailingStore, client: httpx.AsyncClient, world: OpaqueOrganisation, clocks: Clocks
) -> None:
    box = await create(client, world)
    retention = Retention(store, app.state.context.days, lambda: clocks.seconds)
    for day in (TODAY + YEARS, TODAY - YEARS, TODAY + RETENTION):
        clocks.day = day
        clocks.seconds += HOUR
        await retention.round()
        assert await store.mailbox(world.organisation, box.id) is not None
    clocks.seconds += STEADY_SECONDS
    await retention.round()
    assert await store.mailbox(world.organisation, box.id) is None


async def test_the_operators_word_ends_the_doubt(
    app: Starlette, store: FailingStore, client: httpx.AsyncClient, world: OpaqueOrganisation, clocks: Clocks
) -> None:
    box = await create(client, world)
    days: Days = app.state.context.days
    retention = Retention(store, days, lambda: clocks.seconds)
    clocks.day += YEARS
    await retention.round()
    assert await store.expired(clocks.day) == (1, 0)
    await accept_clock(store, days)
    await retention.round()
    assert await store.mailbox(world.organisation, box.id) is None


async def test_a_clock_that_is_behind_ends_no_promise_early(
    app: Starlette, store: FailingStore, client: httpx.AsyncClient, world: OpaqueOrganisation, clocks: Clocks
) -> None:
    clocks.day -= YEARS
    box = await create(client, world)
    mailbox = await store.mailbox(world.organisation, box.id)
    assert mailbox.expiry_day == TODAY + RETENTION
    assert await read(client, box)


async def test_week_keys_are_dropped_by_the_day_that_is_believed(
    app: Starlette,
    store: FailingStore,
    client: httpx.AsyncClient,
    session: dict[str, str],
    world: OpaqueOrganisation,
    clocks: Clocks,
) -> None:
    clocks.day += 20 * 7
    answer = await client.put("inbox/statement", json=world.statement(1), headers=session)
    assert answer.status_code == 204
    [(_, _, key)] = await store.statements(world.organisation, week_of(TODAY))
    assert key is not None
