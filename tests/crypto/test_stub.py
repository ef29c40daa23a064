"""PROTOCOL 6.5: the stub says the same in size, whatever was chosen."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.public.directory import Quote
from crypto.public.envelope_format import Stub, parse_opening
from crypto.public.errors import EnvelopeError
from crypto.secret.envelope_open import open_stub, read_stub
from crypto.secret.envelope_seal import make_stub, seal_opening, seal_stub
from crypto.secret.primitives import DoesNotOpen, derive, seal, unseal
from tests.crypto.kit.organisation_builders import ANNA, DIRECTORY, RECEIPT, flipped, keys_of, of, seeded
from tests.crypto.kit.report_builders import draft, report

KEY, SALT = of("stub key"), of("salt")
STUB = Stub(True, of("signers"), Quote(3, of("directory")), of("Z"), "conduct")
IDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=40)
VERSIONS = st.integers(1, 2**32 - 1)


@given(st.booleans(), VERSIONS, IDS)
def test_a_stub_says_what_was_noted(rereadable: bool, version: int, channel: str) -> None:
    stub = Stub(rereadable, of("signers"), Quote(version, of("directory")), of("Z"), channel)
    sealed = seal_stub(stub, KEY, SALT, b"here")
    assert len(sealed) == 158
    assert open_stub(sealed, KEY, SALT, b"here") == stub


@given(st.integers(0, 158 * 8 - 1))
def test_any_change_keeps_it_closed(bit: int) -> None:
    sealed = seal_stub(STUB, KEY, SALT, b"here")
    for data, key, associated in (
        (flipped(sealed, bit), KEY, b"here"),
        (sealed, flipped(KEY, bit % 256), b"here"),
        (sealed, KEY, flipped(b"here", bit % 32)),
    ):
        with pytest.raises(EnvelopeError) as caught:
            open_stub(data, key, SALT, associated)
        assert caught.value.code == "envelope-stub"


PLAIN = STUB.to_bytes()


@pytest.mark.parametrize(
    "plain",
    [
        bytes(142),
        b"\x02" + PLAIN[1:],
        b"\x03" + PLAIN[1:],
        PLAIN[:33] + bytes(4) + PLAIN[37:],
        PLAIN[:101] + b"\x00" + bytes(40),
        PLAIN[:101] + b"\xff" + b"a" * 40,
        PLAIN[:101] + b"\x29" + b"a" * 40,
        PLAIN[:101] + b"\x02aB" + bytes(38),
        PLAIN[:101] + b"\x02a\xff" + bytes(38),
        PLAIN[:-1] + b"\x01",
    ],
)
def test_a_stub_of_another_form_is_refused(plain: bytes) -> None:
    assert len(plain) == 142
    sealed = seal(derive(KEY, SALT, "opening/stub"), b"here", plain)
    with pytest.raises(EnvelopeError) as caught:
        open_stub(sealed, KEY, SALT, b"here")
    assert caught.value.code == "envelope-stub"


def test_the_choice_not_to_read_it_again_does_not_show() -> None:
    made, other = report(rereadable=True), report(rereadable=False)
    assert len(made.data) == len(other.data)
    assert made.data[:7] == other.data[:7]
    stubs = [parse_opening(item.data).stub for item in (made, other)]
    assert [len(stub) for stub in stubs] == [158, 158]


def test_a_stub_that_may_not_be_read_again_holds_no_secret() -> None:
    made = report(rereadable=False)
    stub = read_stub(made.data, made.creation, made.envelope, made.stub_key)
    assert not stub.rereadable
    assert stub.secret != made.secret
    assert (stub.signers, stub.directory, stub.channel) == (
        DIRECTORY.signers.hash,
        DIRECTORY.quote,
        "conduct",
    )
    with pytest.raises(EnvelopeError) as caught:
        made.reopened()
    assert caught.value.code == "envelope-commitment"
    assert made.opened_by(ANNA).message.text == "The tank leaks."


def test_filler_is_new_each_time() -> None:
    make = make_stub(DIRECTORY.signers.hash, DIRECTORY.quote, "conduct", rereadable=False, random=seeded(1))
    assert make(of("Z")).secret != make(of("Z")).secret != of("Z")


def test_an_opening_without_a_receipt_has_a_stub_that_nobody_opens() -> None:
    made = draft()
    data, _ = seal_opening(made, seeded(3))
    assert len(data) == len(report().data)
    with pytest.raises(EnvelopeError) as caught:
        read_stub(data, made.creation, made.envelope, keys_of(RECEIPT).stub)
    assert caught.value.code == "envelope-stub"


def test_a_stub_without_a_receipt_is_zeros_of_the_same_length() -> None:
    sealed = seal_stub(None, KEY, SALT, b"here")
    assert unseal(derive(KEY, SALT, "opening/stub"), b"here", sealed) == bytes(142)
    with pytest.raises(DoesNotOpen):
        unseal(derive(of("another"), SALT, "opening/stub"), b"here", sealed)


@pytest.mark.parametrize("moved", ["creation", "envelope"])
def test_a_stub_is_bound_to_its_opening(moved: str) -> None:
    made = report()
    creation = replace(made.creation, close=of("x")) if moved == "creation" else made.creation
    envelope = of("x", 16) if moved == "envelope" else made.envelope
    with pytest.raises(EnvelopeError) as caught:
        read_stub(made.data, creation, envelope, made.stub_key)
    assert caught.value.code == "envelope-stub"
