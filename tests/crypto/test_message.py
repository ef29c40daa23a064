"""PROTOCOL 7: padded, signed, bound to one place."""

import string
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crypto.public import signatures
from crypto.public.encoding import b64, write_object
from crypto.public.envelope_format import CONVERSATION_SIZES
from crypto.public.errors import EnvelopeError
from crypto.public.limits import TEXT_LIMIT
from crypto.secret.message_pack import SignedContext, keys_hash, pack_message
from crypto.secret.message_unpack import Message, unpack_message
from tests.crypto.kit.organisation_builders import DIRECTORY, flipped, of
from tests.crypto.kit.report_builders import opening_meta, padded_message, signed_content

SEED = of("an author")
KEY = signatures.public_key(SEED)
PLACE = SignedContext(of("organisation"), of("mailbox"), of("envelope", 16), of("C"))
OPENING_PLACE = replace(PLACE, keys=keys_hash(bytes(1408)))
PARENT = b64(of("a parent"))
# Any character that UTF-8 can say: line breaks, quotes, emoji, control characters.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def message_meta(**changes: Any) -> dict[str, Any]:
    message = {"kind": "message", "counter": 1, "parents": [PARENT], "to": ..., "channel": ..., "report": ...}
    return opening_meta(**{**message, **changes})


def packed(text: str, meta: dict[str, Any] | None = None) -> bytes:
    return pack_message(meta or message_meta(), text, PLACE, SEED, CONVERSATION_SIZES)


def read(
    padded: bytes,
    *,
    opening: bool = False,
    place: SignedContext | None = None,
    keys: list[bytes] | None = None,
) -> Message:
    where = place or (OPENING_PLACE if opening else PLACE)
    return unpack_message(padded, where, lambda _: [KEY] if keys is None else keys, opening=opening)


def signed(
    meta: dict[str, Any] | bytes, *, opening: bool = False, text: bytes = b"text", **options: Any
) -> bytes:
    place = (OPENING_PLACE if opening else PLACE).to_bytes()
    head = meta if isinstance(meta, bytes) else write_object(meta)
    return padded_message(
        signed_content(head, text, place, SEED, **options), smallest=8192 if opening else 4096
    )


def refusal(padded: bytes, **options: Any) -> str:
    with pytest.raises(EnvelopeError) as caught:
        read(padded, **options)
    return caught.value.code


@given(TEXTS, st.integers(1, 2**53 - 1), st.sampled_from(["reporter", "anna", "bert-2"]))
def test_a_message_says_what_was_said(text: str, counter: int, author: str) -> None:
    message = read(packed(text, message_meta(counter=counter, author=author)))
    assert (message.text, message.counter, message.author) == (text, counter, author)
    assert (message.kind, message.directory) == ("message", DIRECTORY.quote)
    assert message.parents == (of("a parent"),)


@given(st.integers(0, 6144))
def test_a_message_is_in_the_smallest_size_that_fits(length: int) -> None:
    padded = packed("x" * length)
    assert len(padded) in (4096, 8192)
    assert (len(padded) == 4096) == (4 + 2 + len(write_object(message_meta())) + length + 64 <= 4096)


@given(st.integers(0, 10**6), st.data())
def test_a_bit_flipped_anywhere_is_noticed(bit: int, data: st.DataObject) -> None:
    padded = packed(data.draw(TEXTS))
    assert refusal(flipped(padded, bit % (8 * len(padded)))).startswith("envelope-")


@pytest.mark.parametrize("name", ["organisation", "mailbox", "envelope", "commitment", "keys"])
def test_a_message_is_signed_for_one_place(name: str) -> None:
    elsewhere = replace(PLACE, **{name: flipped(getattr(PLACE, name), 3)})
    assert refusal(packed("text"), place=elsewhere) == "envelope-signature"


def test_a_message_needs_a_key_of_the_author_it_names() -> None:
    assert refusal(packed("text"), keys=[]) == "envelope-author"
    assert refusal(packed("text"), keys=[of("another key")]) == "envelope-signature"
    assert read(packed("text"), keys=[of("another key"), KEY]).text == "text"


def test_the_author_s_keys_are_asked_for_the_message_that_was_read() -> None:
    asked = []

    def keys(message: Message) -> list[bytes]:
        asked.append(message.author)
        return [KEY]

    unpack_message(packed("text", message_meta(author="anna")), PLACE, keys, opening=False)
    assert asked == ["anna"]


@pytest.mark.parametrize(
    "padded",
    [
        padded_message(b"", smallest=4096),
        padded_message(bytes(65), smallest=4096),
        padded_message(bytes(66), smallest=4096, n=4093),
        padded_message(bytes(66), smallest=4096, n=2**32 - 1),
        padded_message(bytes(66), size=8192),
        padded_message(bytes(66), smallest=4096)[:-1] + b"\x01",
        padded_message(bytes(66), smallest=4096, n=65)[:-1] + b"\x00",
        b"\xff" * 4096,
    ],
)
def test_wrong_padding_is_named_as_such(padded: bytes) -> None:
    assert refusal(padded) == "envelope-padding"


def test_the_padding_can_t_carry_a_mark() -> None:
    padded = packed("text")
    end = 4 + int.from_bytes(padded[:4], "big")
    assert refusal(padded[:end] + b"\x01" + padded[end + 1 :]) == "envelope-padding"
    assert refusal(padded + bytes(4096)) == "envelope-padding"


REPORT = opening_meta()
GRANT = {
    "mailbox": b64(bytes(32)),
    "envelope": b64(bytes(16)),
    "secret": b64(bytes(32)),
    "read": b64(bytes(32)),
}


@pytest.mark.parametrize(
    "change",
    [
        {"kind": None},
        {"kind": "Report"},
        {"kind": "message"},
        {"kind": ...},
        {"author": None},
        {"author": "An Author"},
        {"day": "2026-13-01"},
        {"day": 20516},
        {"directory": None},
        {"directory": {"version": 0, "hash": b64(bytes(32))}},
        {"directory": {"version": 1, "hash": b64(bytes(31))}},
        {"counter": 1},
        {"counter": None},
        {"counter": True},
        {"parents": [PARENT]},
        {"parents": None},
        {"parents": {}},
        {"to": None},
        {"to": "anna"},
        {"to": ["An Na"]},
        {"to": [1]},
        {"channel": None},
        {"channel": "Con duct"},
        {"report": 3},
        {"report": "Fraud!"},
        {"proofs": []},
        {"proofs": None},
        {"kind": "case"},
        {"kind": "case", "case": []},
        {"kind": "case", "case": {"mailbox": b64(bytes(31))}},
        {"kind": "grant"},
        *({"kind": "grant", "grant": {**GRANT, name: b64(bytes(15))}} for name in GRANT),
        *({"kind": "grant", "grant": {key: GRANT[key] for key in GRANT if key != name}} for name in GRANT),
    ],
)
def test_an_opening_s_meta_is_read_strictly(change: dict[str, Any]) -> None:
    meta = {name: value for name, value in {**REPORT, **change}.items() if value is not ...}
    assert refusal(signed(meta, opening=True), opening=True) == "envelope-message"


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"report": None},
        {"report": ...},
        {"proofs": {"credential": [1]}},
        {"unknown": {"a": 1.5}},
        {"kind": "hologram", "report": 3},
        {"kind": "decoy", "author": "anna"},
        {"kind": "case", "author": "anna", "case": {"mailbox": b64(bytes(32))}},
        {"kind": "grant", "author": "anna", "grant": GRANT},
    ],
)
def test_an_opening_of_each_kind_is_read(change: dict[str, Any]) -> None:
    meta = {name: value for name, value in {**REPORT, **change}.items() if value is not ...}
    message = read(signed(meta, opening=True), opening=True)
    assert message.meta == meta
    assert message.kind == meta["kind"]


@pytest.mark.parametrize(
    "change",
    [
        *({"kind": kind} for kind in ("report", "case", "grant", "decoy")),
        {"counter": 0},
        {"counter": 1.0},
        {"counter": 2**53},
        {"counter": -1},
        {"parents": []},
        {"parents": [PARENT, PARENT]},
        {"parents": [b64(of(f"parent {n}")) for n in range(9)]},
        {"parents": [b64(bytes(31))]},
        {"parents": [PARENT + "="]},
        {"parents": [[PARENT]]},
    ],
)
def test_a_message_s_meta_is_read_strictly(change: dict[str, Any]) -> None:
    assert refusal(signed(message_meta(**change))) == "envelope-message"


def test_a_message_has_at_most_eight_parents() -> None:
    parents = [of(f"parent {n}") for n in range(8)]
    message = read(signed(message_meta(parents=[b64(parent) for parent in parents])))
    assert message.parents == tuple(parents)


def test_a_kind_that_is_not_known_is_left_to_the_reader() -> None:
    assert read(signed(message_meta(kind="hologram"))).kind == "hologram"


@pytest.mark.parametrize(
    ("meta", "text", "length"),
    [
        (b"[]", b"", None),
        (b"{}", b"", None),
        (b"{", b"", None),
        (b"\xff", b"", None),
        (b"", b"", None),
        (write_object(message_meta()), b"\xff", None),
        (write_object(message_meta()), b"\xed\xa0\x80", None),
        (write_object(message_meta()), b"", 60_000),
        (write_object(message_meta()), b"text", 3),
    ],
)
def test_what_is_not_json_or_utf8_is_refused(meta: bytes, text: bytes, length: int | None) -> None:
    assert refusal(signed(meta, text=text, meta_length=length)) == "envelope-message"


def test_the_longest_text_fits_and_one_more_byte_does_not() -> None:
    assert len(packed("x" * TEXT_LIMIT)) == 1 << 20
    for text in ("x" * (TEXT_LIMIT + 1), "\u00e9" * (TEXT_LIMIT // 2) + "x"):
        with pytest.raises(EnvelopeError) as caught:
            packed(text)
        assert caught.value.code == "text-too-long"


def test_half_a_character_is_refused_before_it_is_signed() -> None:
    with pytest.raises(EnvelopeError) as caught:
        packed("secret \ud83d")
    assert caught.value.code == "text-not-utf8"
    assert caught.value.__suppress_context__


@given(TEXTS, TEXTS)
def test_no_text_reads_as_another_one_s_meta(one: str, other: str) -> None:
    assume(one != other)
    assert signed_content(b"{}", one.encode(), b"", SEED) != signed_content(b"{}", other.encode(), b"", SEED)


def test_printable_text_of_any_kind_costs_its_bytes() -> None:
    base = len(write_object(message_meta())) + 4 + 2 + 64
    for text in (string.printable, "\U0001f6a8" * 30, '"' * 99, "\n" * 99, "\x00" * 99):
        assert int.from_bytes(packed(text)[:4], "big") == base - 4 + len(text.encode())
