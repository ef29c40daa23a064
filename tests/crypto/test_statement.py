"""PROTOCOL 10: a recipient announces 26 weeks of keys, and only these are used."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.public import signatures
from crypto.public.directory import Quote
from crypto.public.encoding import b64, hash_labelled
from crypto.public.errors import DirectoryError, StatementError
from crypto.public.statement import WEEKS, accept_statement, week_key_hash
from crypto.secret.statement_sign import make_statement
from tests.crypto.kit.organisation_builders import (
    ANNA,
    BERT,
    DIRECTORY,
    ORGANISATION,
    ROOT,
    WEEK,
    directory,
    flipped,
    of,
    person,
    resigned,
    successor,
)

STATED = ANNA.states(DIRECTORY)
STATEMENT = ANNA.stated(DIRECTORY)


MEMBERS: dict[str, list[Any]] = {
    "organisation": [None, "?", b64(bytes(31)), ...],
    "recipient": [None, "An Na", ...],
    "counter": [None, -1, 1.5, True, 2**32, ...],
    "directory": [None, {}, {"version": 0, "hash": b64(bytes(32))}, ...],
    "first_week": [None, -1, 2**32, "1", ...],
    "keys": [None, "?", b64(bytes(32 * 25)), b64(bytes(32 * 27)), [b64(bytes(32))] * 26, ...],
}


def refusal(value: object, recipient: str = "anna", listed: Any = DIRECTORY) -> str:
    with pytest.raises(StatementError) as caught:
        accept_statement(value, listed, recipient)
    return caught.value.code


def key_refusal(week: int, key: bytes | None) -> str:
    with pytest.raises(StatementError) as caught:
        STATEMENT.check_key(week, key)
    return caught.value.code


def test_a_statement_says_what_was_announced() -> None:
    assert (STATEMENT.recipient, STATEMENT.counter, STATEMENT.first_week) == ("anna", 1, WEEK)
    assert STATEMENT.directory == DIRECTORY.quote
    assert len(STATEMENT.keys) == WEEKS == 26


@pytest.mark.parametrize("week", range(WEEKS))
def test_each_of_26_weeks_has_its_own_key(week: int) -> None:
    key = ANNA.week_keys(WEEK + week)[0].public
    assert STATEMENT.check_key(WEEK + week, key) == key
    assert STATEMENT.keys[week] == week_key_hash(key) == hash_labelled("week-key", key)
    for other in {0, WEEKS - 1, (week + 1) % WEEKS} - {week}:
        assert key_refusal(WEEK + other, key) == "statement-key"


@pytest.mark.parametrize("week", [WEEK - 1, WEEK + 26, WEEK + 27, 0, 2**32 - 1])
def test_before_and_after_the_26_weeks_there_is_no_key(week: int) -> None:
    assert key_refusal(week, ANNA.week_keys(WEEK)[0].public) == "statement-expired"


@given(st.integers(0, 1216 * 8 - 1))
def test_a_key_with_a_bit_flipped_is_not_the_one_announced(bit: int) -> None:
    assert key_refusal(WEEK, flipped(ANNA.week_keys(WEEK)[0].public, bit)) == "statement-key"


@pytest.mark.parametrize("key", [None, b"", bytes(1215), bytes(1216), bytes(1217)])
def test_a_key_that_is_missing_or_of_another_length_is_refused(key: bytes | None) -> None:
    assert key_refusal(WEEK, key) == "statement-key"


@pytest.mark.parametrize(
    "value",
    [
        None,
        "x",
        [],
        {},
        {**STATED, "payload": "?"},
        {**STATED, "signatures": None},
        {**STATED, "payload": b64(b"[]")},
        resigned(STATED, [ANNA.signing_seed], type_=signatures.DIRECTORY),
        resigned(STATED, [ANNA.signing_seed], type_="application/json"),
        *(
            resigned(STATED, [ANNA.signing_seed], **{name: value})
            for name in MEMBERS
            for value in MEMBERS[name]
        ),
    ],
)
def test_a_statement_of_another_form_is_refused(value: object) -> None:
    assert refusal(value) == "statement-format"


def test_a_newer_statement_is_named_as_such() -> None:
    newer = resigned(STATED, [ANNA.signing_seed], type_="application/vnd.drempel.statement.2+json")
    assert refusal(newer) == "directory-newer"


def test_only_the_recipient_s_own_signature_counts() -> None:
    for seeds in ([], [BERT.signing_seed], [ROOT]):
        assert refusal(resigned(STATED, seeds)) == "statement-signature"
    both = resigned(STATED, [BERT.signing_seed, ANNA.signing_seed])
    assert accept_statement(both, DIRECTORY, "anna") == STATEMENT


def test_a_statement_changed_after_signing_is_refused() -> None:
    changed = resigned(STATED, [ANNA.signing_seed], first_week=WEEK + 1)
    assert refusal({**changed, "signatures": STATED["signatures"]}) == "statement-signature"


def test_a_statement_is_for_one_recipient_of_one_organisation() -> None:
    assert refusal(STATED, "bert") == "statement-signature"
    assert refusal(resigned(STATED, [ANNA.signing_seed], recipient="bert")) == "statement-signature"
    assert (
        refusal(resigned(STATED, [ANNA.signing_seed], organisation=b64(of("another"))))
        == "statement-signature"
    )
    stranger = person("dora")
    assert refusal(stranger.states(DIRECTORY), "dora") == "statement-signature"


def test_a_key_that_the_directory_replaced_signs_no_more() -> None:
    renewed = {**BERT.listed(), "id": "anna"}
    listed = directory(recipients=[renewed, *DIRECTORY.content["recipients"][1:]])
    assert refusal(STATED, listed=listed) == "statement-signature"


def test_a_valid_statement_is_a_witness_of_the_directory_s_freshness() -> None:
    later = successor(DIRECTORY)
    witness = ANNA.stated(later).directory
    with pytest.raises(DirectoryError) as caught:
        DIRECTORY.check_seen([witness])
    assert caught.value.code == "directory-rolled-back"
    later.check_seen([STATEMENT.directory, witness])
    fork = successor(DIRECTORY, slug="other")
    with pytest.raises(DirectoryError) as caught:
        fork.check_seen([witness])
    assert caught.value.code == "directory-chain"


@pytest.mark.parametrize("count", [0, 25, 27])
def test_26_weeks_are_announced_or_none(count: int) -> None:
    with pytest.raises(ValueError, match="26 weeks"):
        make_statement(
            ORGANISATION, "anna", 1, Quote(1, of("x")), WEEK, [bytes(1216)] * count, ANNA.signing_seed
        )
