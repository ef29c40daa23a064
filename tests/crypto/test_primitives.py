"""PROTOCOL 2.1 to 2.3 and 2.6, against the standard library where it has the same thing."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.public.encoding import hash_labelled
from crypto.secret.primitives import DoesNotOpen, argon2id, derive, os_random, seal, unseal
from tests.crypto.kit.organisation_builders import flipped, of

KEY = of("a key")


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_what_is_sealed_opens(associated: bytes, plaintext: bytes) -> None:
    sealed = seal(KEY, associated, plaintext)
    assert len(sealed) == len(plaintext) + 16
    assert unseal(KEY, associated, sealed) == plaintext


@given(st.binary(min_size=1, max_size=40), st.integers(0, 10_000))
def test_any_change_keeps_it_closed(plaintext: bytes, bit: int) -> None:
    sealed = seal(KEY, b"here", plaintext)
    for key, associated, data in (
        (KEY, b"here", flipped(sealed, bit % (8 * len(sealed)))),
        (flipped(KEY, bit % 256), b"here", sealed),
        (KEY, flipped(b"here", bit % 32), sealed),
        (KEY, b"here", sealed[: bit % len(sealed)]),
        (KEY, b"here", sealed + b"\x00"),
    ):
        with pytest.raises(DoesNotOpen):
            unseal(key, associated, data)


@given(st.binary(max_size=70), st.binary(max_size=70), st.integers(1, 100))
def test_derive_is_hkdf_sha256(key: bytes, salt: bytes, length: int) -> None:
    prk = hmac.digest(salt or bytes(32), key, "sha256")
    block, okm = b"", b""
    for counter in range(1, 5):
        block = hmac.digest(prk, block + b"drempel/1/label" + bytes([counter]), "sha256")
        okm += block
    assert derive(key, salt, "label", length) == okm[:length]


@given(st.binary(max_size=200))
def test_the_hash_is_blake2b_with_its_label(data: bytes) -> None:
    assert (
        hash_labelled("keys", data) == hashlib.blake2b(b"drempel/1/keys\x00" + data, digest_size=32).digest()
    )


def test_a_label_keeps_hashes_and_keys_apart() -> None:
    assert hash_labelled("mailbox", b"x") != hash_labelled("keys", b"x")
    assert derive(KEY, b"", "receipt/read") != derive(KEY, b"", "receipt/write")


def test_argon2id_has_one_fixed_cost() -> None:
    from argon2.low_level import Type, hash_secret_raw

    expected = hash_secret_raw(b"secret", bytes(32), 1, 8192, 1, 32, Type.ID, version=0x13)
    assert argon2id(b"secret", bytes(32)) == expected


def test_randomness_is_as_long_as_asked_and_new_each_time() -> None:
    assert len(os_random(32)) == 32
    assert os_random(32) != os_random(32)
