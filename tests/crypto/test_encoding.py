"""PROTOCOL 1: one way to write bytes, days and weeks; JSON that is read strictly."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.public.encoding import (
    LARGEST_DAY,
    LARGEST_NUMBER,
    b64,
    day_number,
    day_text,
    is_id,
    is_number,
    parse_object,
    unb64,
    week_of,
    write_object,
)
from tests.kit.protocol import first_day_of


@given(st.binary(max_size=80))
def test_bytes_survive_base64url(data: bytes) -> None:
    assert unb64(b64(data)) == data
    assert unb64(b64(data), len(data)) == data
    assert not set(b64(data)) & set("+/= \n")


@pytest.mark.parametrize(
    "text",
    [
        "AA==",
        "AA=",
        "A",
        "A A",
        " AAA",
        "AAA\n",
        "AB+/",
        "AB",
        "A\u00c4AA",
        "AAAAA",
        "AA\u0000A",
        None,
        3,
        b"AAAA",
        [],
    ],
)
def test_a_second_spelling_of_bytes_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="base64url"):
        unb64(text)


@given(st.binary(min_size=1, max_size=40), st.integers(0, 50))
def test_bytes_of_another_length_are_refused(data: bytes, length: int) -> None:
    if length != len(data):
        with pytest.raises(ValueError, match="length"):
            unb64(b64(data), length)


@given(st.text(max_size=30))
def test_text_is_base64url_in_one_way_or_not_at_all(text: str) -> None:
    with suppress(ValueError):
        assert b64(unb64(text)) == text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, LARGEST_NUMBER) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4))
def test_an_object_survives_json(value: dict[str, object]) -> None:
    assert parse_object(write_object(value)) == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"3",
        b"null",
        b'"text"',
        b"{",
        b"{}x",
        b"{'a':1}",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":01}',
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":"\n"}',
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        '{"a":1}'.encode("utf-16"),
    ],
)
def test_what_is_not_an_object_in_utf8_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_object(data)


def nested(levels: int, around: bytes = b'"]}\\"[{"') -> bytes:
    inner = levels - 1
    return b'{"a":' + b"[" * inner + around + b"]" * inner + b"}"


@pytest.mark.parametrize("levels", [33, 34, 400, 1500, 30_000])
def test_json_is_nested_32_deep_at_most(levels: int) -> None:
    assert parse_object(nested(32))
    for data in (nested(levels), b'{"b":' + nested(levels - 1) + b',"b":1}'):
        with pytest.raises(ValueError, match=r"object|deeply"):
            parse_object(data)


@pytest.mark.parametrize(
    "number", ["-1", "1.0", "1e2", "0.5", "9007199254740992", "-0.0", "1" * 20, "1" * 5000]
)
def test_another_number_is_refused_only_where_it_is_looked_at(number: str) -> None:
    value = parse_object(b'{"a":%b,"b":7}' % number.encode())
    assert not is_number(value["a"])
    assert is_number(value["b"])


@pytest.mark.parametrize("value", [True, False, None, "1", 1.0, [], {}, -1, LARGEST_NUMBER + 1])
def test_only_whole_numbers_up_to_2_to_the_53_are_numbers(value: object) -> None:
    assert not is_number(value)


def test_a_number_keeps_within_its_bounds() -> None:
    assert is_number(0)
    assert is_number(LARGEST_NUMBER)
    assert not is_number(0, 1)
    assert not is_number(5, 1, 4)


@pytest.mark.parametrize("text", ["a", "a-b", "0", "-", "a" * 40])
def test_an_id_is_short_and_plain(text: str) -> None:
    assert is_id(text)


@pytest.mark.parametrize("text", ["", "a" * 41, "A", "\u00e4", "a b", "a_b", "a\n", None, 3, ["a"]])
def test_what_is_not_an_id(text: object) -> None:
    assert not is_id(text)


@given(st.integers(0, LARGEST_DAY))
def test_a_day_survives_its_text(day: int) -> None:
    assert day_number(day_text(day)) == day
    assert date.fromisoformat(day_text(day)) - date(1970, 1, 1) == timedelta(day)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-3-4",
        "20260304",
        "2026-W10-3",
        "2026-02-29",
        "2026-13-01",
        "1969-12-31",
        "2026-03-04Z",
        "٢٠٢٦-٠٣-٠٤",
        None,
        5,
    ],
)
def test_what_is_not_a_day(text: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        day_number(text)


@pytest.mark.parametrize("day", [-1, LARGEST_DAY + 1, 2**32 - 1])
def test_a_day_that_has_no_text(day: int) -> None:
    with pytest.raises(ValueError, match="not a day"):
        day_text(day)


@given(st.integers(0, LARGEST_DAY))
def test_a_week_runs_from_monday_to_sunday(day: int) -> None:
    monday = first_day_of(week_of(day))
    assert monday <= day <= monday + 6
    if monday >= 0:
        assert date.fromisoformat(day_text(monday)).weekday() == 0


def test_week_0_began_on_monday_1969_12_29() -> None:
    assert first_day_of(0) == (date(1969, 12, 29) - date(1970, 1, 1)).days
    assert week_of(0) == 0
