"""PROTOCOL 2.7: JSON signed over the bytes that travelled."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.public import signatures
from crypto.public.encoding import b64, parse_object, unb64
from crypto.public.signatures import TYPES, is_newer, make_dsse, parse_dsse, public_key, read_dsse
from tests.crypto.kit.organisation_builders import of

SEEDS = [of(f"seed {number}") for number in range(3)]
KEYS = [public_key(seed) for seed in SEEDS]


@given(st.sampled_from(TYPES), st.binary(max_size=60), st.sets(st.sampled_from(SEEDS)))
def test_an_envelope_tells_who_signed_it(type_: str, payload: bytes, seeds: set[bytes]) -> None:
    dsse = parse_dsse(make_dsse(type_, payload, seeds))
    assert (dsse.type, dsse.payload) == (type_, payload)
    assert dsse.signers(KEYS) == {public_key(seed) for seed in seeds}


def test_two_signatures_by_one_key_count_once() -> None:
    dsse = parse_dsse(make_dsse(signatures.DIRECTORY, b"{}", [SEEDS[0], SEEDS[0]]))
    assert len(dsse.signatures) == 2
    assert dsse.signers(KEYS) == {KEYS[0]}


def test_a_signature_by_an_unknown_key_is_ignored() -> None:
    dsse = parse_dsse(make_dsse(signatures.DIRECTORY, b"{}", SEEDS))
    assert dsse.signers(KEYS[:1]) == {KEYS[0]}


def test_a_signature_that_does_not_verify_counts_for_nothing() -> None:
    value = parse_object(make_dsse(signatures.DIRECTORY, b"{}", SEEDS[:2]))
    value["signatures"][0]["sig"] = value["signatures"][1]["sig"]
    assert read_dsse(value).signers(KEYS) == {KEYS[1]}


@given(st.sampled_from(TYPES), st.sampled_from(TYPES))
def test_an_envelope_can_t_change_its_type(one: str, other: str) -> None:
    value = parse_object(make_dsse(one, b"{}", SEEDS[:1]))
    value["payloadType"] = other
    assert bool(read_dsse(value).signers(KEYS)) == (one == other)


GOOD: dict[str, Any] = parse_object(make_dsse(signatures.DIRECTORY, b"{}", SEEDS[:1]))


@pytest.mark.parametrize(
    "change",
    [
        {"payloadType": None},
        {"payloadType": 3},
        {"payload": None},
        {"payload": "e30="},
        {"signatures": None},
        {"signatures": {}},
        {"signatures": ["x"]},
        {"signatures": [{"keyid": b64(bytes(31)), "sig": b64(bytes(64))}]},
        {"signatures": [{"keyid": b64(bytes(32)), "sig": b64(bytes(63))}]},
        {"signatures": [{"sig": b64(bytes(64))}]},
    ],
)
def test_a_malformed_envelope_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_dsse({**GOOD, **change})
    with pytest.raises(ValueError, match=r"."):
        parse_dsse(json.dumps({**GOOD, **change}).encode())


@pytest.mark.parametrize("value", [None, [], "x", 3])
def test_what_is_no_object_is_no_envelope(value: object) -> None:
    with pytest.raises(ValueError, match="DSSE"):
        read_dsse(value)


def test_the_payload_is_the_bytes_that_travelled() -> None:
    payload = b'{ "b" : 1,\n"a":2 }'
    value = parse_object(make_dsse(signatures.DIRECTORY, payload, SEEDS[:1]))
    assert unb64(value["payload"]) == payload
    assert read_dsse({**value, "unknown": [1]}).signers(KEYS) == {KEYS[0]}


@pytest.mark.parametrize("number", ["0", "2", "12"])
@pytest.mark.parametrize("type_", [type_ for type_ in TYPES if type_.endswith("json")])
def test_a_newer_type_differs_in_its_number_alone(type_: str, number: str) -> None:
    assert is_newer(type_.replace(".1+", f".{number}+"), type_)
    assert not is_newer(type_, type_)
    assert not is_newer(type_.replace(".1+", ".x+"), type_)
    assert not is_newer(type_.replace("drempel", "dremple").replace(".1+", ".2+"), type_)
    assert not is_newer("x" + type_.replace(".1+", ".2+"), type_)
