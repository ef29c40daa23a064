"""PROTOCOL 11.4: week keys go forward only, and are forgotten in time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.public.encoding import week_of
from crypto.secret.hpke_open import PrivateKey
from crypto.secret.primitives import derive
from crypto.secret.ratchet import GRACE_WEEKS, Ratchet, WeekKeys
from tests.crypto.kit.organisation_builders import TODAY, WEEK, of
from tests.kit.protocol import first_day_of

START = Ratchet(WEEK, of("a chain"))
STEPS = st.integers(0, 40)


@given(STEPS, STEPS)
def test_two_ways_to_a_week_lead_to_one_key(one: int, other: int) -> None:
    assert START.at(WEEK + one).at(WEEK + one + other) == START.at(WEEK + one + other)


@given(st.integers(1, 40))
def test_a_week_that_is_gone_can_t_be_had_again(steps: int) -> None:
    later = START.at(WEEK + steps)
    with pytest.raises(ValueError, match="gone"):
        later.at(WEEK + steps - 1)
    # What is kept is a one-way function of what is gone, twice removed from any seed before it.
    kept = later.chain
    gone = [START.at(WEEK + step) for step in range(steps)]
    assert kept == derive(gone[-1].chain, b"", "ratchet/next")
    for step in gone:
        seed = derive(step.chain, b"", "ratchet/week")
        reachable = {kept, *(derive(kept, b"", f"ratchet/{label}") for label in ("week", "next"))}
        assert not {step.chain, seed} & reachable


def test_a_week_s_key_is_expanded_from_its_seed() -> None:
    assert START.key.public == PrivateKey(derive(START.chain, b"", "ratchet/week")).public


def test_the_26_announced_keys_are_those_of_their_weeks() -> None:
    announced = START.announced(WEEK + 3)
    assert len(announced) == 26
    assert announced == [START.at(WEEK + 3 + week).key.public for week in range(26)]


@given(st.integers(-80, 80), st.integers(0, 200), st.integers(0, 30))
def test_a_week_is_forgotten_once_it_is_synced_and_its_grace_is_over(
    synced: int, today: int, start: int
) -> None:
    ratchet = START.at(WEEK + start)
    kept = ratchet.forgotten(TODAY + synced, TODAY + today)
    assert kept == ratchet.at(kept.week)
    for week in range(ratchet.week, ratchet.week + 60):
        last_day = first_day_of(week + 1) - 1
        all_synced = last_day < TODAY + synced
        grace_over = TODAY + today >= first_day_of(week + GRACE_WEEKS + 1)
        assert (week < kept.week) == (all_synced and grace_over)


def test_nothing_is_forgotten_backwards() -> None:
    assert START.forgotten(0, 0) == START


def test_week_keys_are_those_of_the_ratchet_within_bounds() -> None:
    keys = WeekKeys(START, WEEK + 5)
    for week in (WEEK, WEEK + 5, WEEK + 2):
        [key] = keys(week)
        assert key.public == START.at(week).key.public
        assert keys(week) == [key]
    # A forged header may name any week: it must neither open the past nor spin the ratchet for minutes.
    for week in (WEEK - 1, 0, WEEK + 6, 2**32 - 1):
        assert keys(week) == []
    assert week_of(TODAY) == WEEK
