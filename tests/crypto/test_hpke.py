"""PROTOCOL 2.5: a slot opens for its key and its place, and for nothing else."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.secret.hpke_open import PrivateKey
from crypto.secret.hpke_seal import is_public_key, seal_slot
from crypto.secret.primitives import DoesNotOpen
from tests.crypto.kit.organisation_builders import flipped, of

KEY, OTHER = PrivateKey(of("one")), PrivateKey(of("other"))


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_what_is_sealed_opens(info: bytes, plaintext: bytes) -> None:
    assert is_public_key(KEY.public)
    sealed = seal_slot(KEY.public, info, plaintext)
    assert len(sealed) == len(plaintext) + 1136
    assert KEY.open(info, sealed) == plaintext


@given(st.integers(0, 1168 * 8 - 1))
def test_a_bit_flipped_anywhere_is_noticed(bit: int) -> None:
    with pytest.raises(DoesNotOpen):
        KEY.open(b"info", flipped(seal_slot(KEY.public, b"info", bytes(32)), bit))


@given(st.integers(0, 1167))
def test_what_is_cut_off_does_not_open(length: int) -> None:
    with pytest.raises(DoesNotOpen):
        KEY.open(b"info", seal_slot(KEY.public, b"info", bytes(32))[:length])


def test_another_key_or_purpose_does_not_open() -> None:
    sealed = seal_slot(KEY.public, b"info", bytes(32))
    with pytest.raises(DoesNotOpen):
        OTHER.open(b"info", sealed)
    with pytest.raises(DoesNotOpen):
        KEY.open(b"other", sealed)


def test_a_share_of_small_order_does_not_open() -> None:
    sealed = seal_slot(KEY.public, b"info", bytes(32))
    with pytest.raises(DoesNotOpen):
        KEY.open(b"info", sealed[:1088] + bytes(32) + sealed[1120:])


@pytest.mark.parametrize(
    "public",
    [b"", bytes(1215), bytes(1217), b"\xff" * 1184 + KEY.public[1184:], KEY.public[:1184] + bytes(32)],
)
def test_what_is_no_key_is_not_sealed_to(public: bytes) -> None:
    assert not is_public_key(public)
    with pytest.raises(ValueError, match=r"."):
        seal_slot(public, b"", b"")


def test_two_seals_of_one_thing_differ() -> None:
    assert seal_slot(KEY.public, b"", b"") != seal_slot(KEY.public, b"", b"")


def test_the_public_key_follows_from_the_seed_as_in_x_wing() -> None:
    expanded = hashlib.shake_256(of("one")).digest(96)
    assert PrivateKey(of("one")).public == KEY.public != OTHER.public
    assert len(KEY.public) == 1216
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    assert (
        KEY.public[1184:]
        == X25519PrivateKey.from_private_bytes(expanded[64:]).public_key().public_bytes_raw()
    )
