"""PROTOCOL 2.4: a signature is for one purpose, and every implementation accepts the same ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.public import signatures
from crypto.public.signatures import GROUP_ORDER, TYPES, pae, public_key, sign, verify
from tests.crypto.kit.organisation_builders import flipped, of

SEED = of("a seed")
TYPE = st.sampled_from(TYPES)


def test_the_preauthentication_encoding_is_that_of_dsse() -> None:
    assert (
        pae("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("a", b"") == b"DSSEv1 1 a 0 "


@given(TYPE, st.binary(max_size=60))
def test_a_signature_verifies(type_: str, body: bytes) -> None:
    assert verify(public_key(SEED), type_, body, sign(SEED, type_, body))


@given(TYPE, TYPE, st.binary(max_size=60))
def test_a_signature_for_one_purpose_is_none_for_another(one: str, other: str, body: bytes) -> None:
    assert verify(public_key(SEED), other, body, sign(SEED, one, body)) == (one == other)


@given(st.binary(min_size=1, max_size=60), st.data())
def test_a_bit_flipped_anywhere_is_noticed(body: bytes, data: st.DataObject) -> None:
    key, signature = public_key(SEED), sign(SEED, signatures.MESSAGE, body)
    bit = data.draw(st.integers(0, 511))
    assert not verify(key, signatures.MESSAGE, body, flipped(signature, bit))
    assert not verify(flipped(key, bit % 256), signatures.MESSAGE, body, signature)
    assert not verify(key, signatures.MESSAGE, flipped(body, bit % (8 * len(body))), signature)


def test_nothing_is_signed_for_a_purpose_that_is_not_in_the_registry() -> None:
    with pytest.raises(ValueError, match="not a type"):
        sign(SEED, "application/vnd.drempel.message.2", b"")


def test_s_below_the_group_order_only() -> None:
    signature = sign(SEED, signatures.MESSAGE, b"body")
    number = int.from_bytes(signature[32:], "little") + GROUP_ORDER
    assert not verify(
        public_key(SEED), signatures.MESSAGE, b"body", signature[:32] + number.to_bytes(32, "little")
    )


IDENTITY = b"\x01" + bytes(31)
SMALL = [
    IDENTITY,
    bytes(32),
    bytes(31) + b"\x80",
    b"\xec" + b"\xff" * 30 + b"\x7f",
    b"\xee" + b"\xff" * 30 + b"\x7f",
    b"\xed" + b"\xff" * 30 + b"\x7f",
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
]


@pytest.mark.parametrize("point", SMALL, ids=lambda point: point.hex()[:8])
def test_a_point_of_small_order_or_a_second_spelling_is_refused(point: bytes) -> None:
    signature = sign(SEED, signatures.MESSAGE, b"body")
    assert not verify(point, signatures.MESSAGE, b"body", signature)
    assert not verify(point, signatures.MESSAGE, b"body", point + bytes(32))
    assert not verify(public_key(SEED), signatures.MESSAGE, b"body", point + signature[32:])


@pytest.mark.parametrize(
    ("key", "signature"), [(b"", bytes(64)), (bytes(31), bytes(64)), (bytes(32), bytes(63)), (bytes(33), b"")]
)
def test_another_length_does_not_verify(key: bytes, signature: bytes) -> None:
    assert not verify(key, signatures.MESSAGE, b"", signature)
