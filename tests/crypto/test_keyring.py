"""PROTOCOL 11: a sealed keyring, and merging that loses nothing and resurrects nothing."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.public.directory import Quote
from crypto.public.encoding import b64, parse_object, write_object
from crypto.public.errors import KeyringError
from crypto.public.keyring_format import KEYRING_SIZES, parse_keyring
from crypto.secret.keyring import (
    Keyring,
    merge_keyrings,
    open_keyring,
    seal_keyring,
    unlock_root_key,
    wrap_root_key,
)
from crypto.secret.primitives import derive, seal
from tests.crypto.kit.organisation_builders import (
    ANNA,
    BERT,
    DIRECTORY,
    ORGANISATION,
    TODAY,
    WEEK,
    flipped,
    of,
    seeded,
)
from tests.crypto.kit.thread_builders import conversation, keyring

ROOT, UNLOCKER, OTHER = of("root key"), of("unlocker"), of("another unlocker")
WRAPPED = wrap_root_key(ROOT, UNLOCKER, ORGANISATION, "anna", seeded(1))
SEALED = seal_keyring(keyring(), ROOT, [WRAPPED], ORGANISATION, seeded(2))
BODY_AT = 3 + 81 + 32


def opened(
    data: bytes, unlocker: bytes = UNLOCKER, organisation: bytes = ORGANISATION, recipient: str = "anna"
) -> Keyring:
    sealed = parse_keyring(data)
    root = unlock_root_key(sealed, unlocker, organisation, recipient)
    return open_keyring(sealed, root, organisation, recipient)


def refusal(data: bytes, **options: Any) -> str:
    with pytest.raises(KeyringError) as caught:
        opened(data, **options)
    return caught.value.code


# Merging

MAILBOXES = [of(f"mailbox {number}") for number in range(4)]


@st.composite
def keyrings(draw: st.DrawFn) -> Keyring:
    """Any two of these could have been written by two devices of one recipient."""
    numbers, heads = st.integers(0, 3), st.frozensets(st.sampled_from([of(f"head {n}") for n in range(3)]))
    conversations = {
        mailbox: conversation(
            mailbox.hex(), messages=draw(numbers), heads=draw(heads), day=TODAY + draw(st.integers(0, 1))
        )
        for mailbox in draw(st.sets(st.sampled_from(MAILBOXES)))
    }
    closed = draw(st.frozensets(st.sampled_from(MAILBOXES), max_size=2))
    quotes = [Quote(version, of(f"directory {version} {fork}")) for version in (1, 2) for fork in (1, 2)]
    return keyring(
        conversations={id_: kept for id_, kept in conversations.items() if id_ not in closed},
        closed=closed,
        ratchet=ANNA.ratchet.at(ANNA.ratchet.week + draw(numbers)),
        synced=draw(st.none() | st.integers(TODAY, TODAY + 3)),
        counter=draw(numbers),
        stated=draw(st.none() | st.tuples(st.integers(WEEK, WEEK + 1), st.integers(1, 2))),
        directory=draw(st.none() | st.sampled_from(quotes)),
    )


@given(keyrings(), keyrings(), keyrings())
def test_merging_does_not_depend_on_order_or_repetition(one: Keyring, two: Keyring, three: Keyring) -> None:
    assert merge_keyrings(one, one) == one
    assert merge_keyrings(one, two) == merge_keyrings(two, one)
    assert merge_keyrings(merge_keyrings(one, two), three) == merge_keyrings(one, merge_keyrings(two, three))
    assert merge_keyrings(merge_keyrings(one, two), two) == merge_keyrings(one, two)


@given(keyrings(), keyrings())
def test_merging_loses_nothing_and_resurrects_nothing(one: Keyring, two: Keyring) -> None:
    both = merge_keyrings(one, two)
    assert both.closed == one.closed | two.closed
    assert both.conversations.keys() == (one.conversations.keys() | two.conversations.keys()) - both.closed
    for keyring_ in (one, two):
        assert both.ratchet.week >= keyring_.ratchet.week
        assert both.counter >= keyring_.counter
        assert keyring_.synced is None or (both.synced is not None and both.synced >= keyring_.synced)
        for id_, kept in keyring_.conversations.items():
            if id_ not in both.closed:
                assert both.conversations[id_].heads >= kept.heads
                assert both.conversations[id_].messages >= kept.messages
    assert (both.counter, both.stated) in [(one.counter, one.stated), (two.counter, two.stated)]


def test_what_was_stated_goes_with_its_counter() -> None:
    older, newer = keyring(counter=5, stated=(WEEK, 3)), keyring(counter=6, stated=(WEEK, 2))
    assert merge_keyrings(older, newer).stated == (WEEK, 2)
    assert merge_keyrings(keyring(counter=6, stated=None), newer).stated == (WEEK, 2)


def test_a_tombstone_wins() -> None:
    [first, *_] = keyring().conversations
    closed = keyring().without(first)
    assert first not in merge_keyrings(closed, keyring()).conversations
    assert first not in merge_keyrings(keyring(), closed).conversations
    assert closed.with_conversation(first, conversation()) == closed
    assert first in closed.closed


def test_two_openings_of_one_mailbox_do_not_stop_a_merge() -> None:
    # A server that shows each device another opening, or another day, of one mailbox.
    mailbox = MAILBOXES[3]
    one = keyring().with_conversation(mailbox, conversation("one", messages=1))
    two = keyring().with_conversation(mailbox, conversation("two", messages=5))
    both = merge_keyrings(one, two).conversations[mailbox]
    assert both == merge_keyrings(two, one).conversations[mailbox]
    assert both.messages == 5
    assert both.secret in (one.conversations[mailbox].secret, two.conversations[mailbox].secret)


@pytest.mark.parametrize(
    "other",
    [
        keyring(BERT),
        keyring(recipient="bert"),
        keyring(signing_seed=of("another seed")),
        keyring(ratchet=replace(ANNA.ratchet, chain=of("another chain"))),
    ],
)
def test_keyrings_that_can_t_be_of_one_recipient_do_not_merge(other: Keyring) -> None:
    with pytest.raises(KeyringError) as caught:
        merge_keyrings(keyring(), other)
    assert caught.value.code == "keyring-damaged"


# Sealing


@given(keyrings(), st.integers(0, 99))
def test_a_keyring_survives_its_seal(made: Keyring, seed: int) -> None:
    data = seal_keyring(made, ROOT, [WRAPPED], ORGANISATION, seeded(seed))
    assert opened(data) == made
    assert len(data) == BODY_AT + 262_144 + 16


def test_any_unlocker_opens() -> None:
    second = wrap_root_key(ROOT, OTHER, ORGANISATION, "anna", seeded(3))
    data = seal_keyring(keyring(), ROOT, [WRAPPED, second], ORGANISATION, seeded(4))
    assert opened(data, UNLOCKER) == opened(data, OTHER) == keyring()


def test_each_seal_has_a_key_of_its_own() -> None:
    again = seal_keyring(keyring(), ROOT, [WRAPPED], ORGANISATION, seeded(5))
    assert SEALED[: BODY_AT - 32] == again[: BODY_AT - 32]
    assert SEALED[BODY_AT - 32 : BODY_AT + 64] != again[BODY_AT - 32 : BODY_AT + 64]


def test_a_keyring_grows_in_powers_of_two() -> None:
    many = {of(f"mailbox {number}"): conversation(str(number)) for number in range(500)}
    data = seal_keyring(keyring(conversations=many), ROOT, [WRAPPED], ORGANISATION, seeded(6))
    assert len(data) == BODY_AT + 524_288 + 16
    assert opened(data).conversations == many
    assert KEYRING_SIZES == (2**18, 2**19, 2**20, 2**21, 2**22, 2**23, 2**24, 2**25)


def test_a_keyring_of_more_than_32_mib_is_refused_before_it_is_sealed() -> None:
    heads = frozenset(number.to_bytes(32, "big") for number in range(750_000))
    large = keyring(conversations={MAILBOXES[0]: conversation(heads=heads)})
    with pytest.raises(KeyringError) as caught:
        seal_keyring(large, ROOT, [WRAPPED], ORGANISATION, seeded(7))
    assert caught.value.code == "keyring-format"


@given(st.integers(0, 8 * BODY_AT - 1))
def test_a_bit_flipped_in_the_header_is_noticed(bit: int) -> None:
    code = refusal(flipped(SEALED, bit))
    expected = {0: "keyring-suite", 1: "keyring-format", 2: "keyring-format"}
    assert code == expected.get(bit // 8, "keyring-locked" if bit // 8 < 84 else "keyring-damaged")


@given(st.integers(8 * BODY_AT, 8 * len(SEALED) - 1))
def test_a_bit_flipped_in_the_body_is_noticed(bit: int) -> None:
    assert refusal(flipped(SEALED, bit)) == "keyring-damaged"


@pytest.mark.parametrize(
    "data", [b"", b"\x01", b"\x01\x03", b"\x01\x03\x00" + SEALED[3:], SEALED[:-1], SEALED + b"\x00"]
)
def test_what_is_no_keyring_is_refused(data: bytes) -> None:
    assert refusal(data) == "keyring-format"


def test_a_keyring_opens_for_its_owner_alone() -> None:
    assert refusal(SEALED, unlocker=OTHER) == "keyring-locked"
    assert refusal(SEALED, organisation=of("another")) == "keyring-locked"
    assert refusal(SEALED, recipient="bert") == "keyring-locked"
    with pytest.raises(KeyringError) as caught:
        open_keyring(parse_keyring(SEALED), of("another root key"), ORGANISATION, "anna")
    assert caught.value.code == "keyring-damaged"


def test_an_unlocker_can_t_be_moved_to_another_keyring() -> None:
    others = wrap_root_key(of("another root key"), UNLOCKER, ORGANISATION, "anna", seeded(8))
    assert refusal(SEALED[:3] + others + SEALED[84:]) == "keyring-damaged"


def forged(value: dict[str, Any], *, length: int | None = None, tail: bytes = b"") -> bytes:
    """A keyring with any content, sealed by who has the root key."""
    content = write_object(value)
    n = len(content) if length is None else length
    padded = (n.to_bytes(4, "big") + content).ljust(262_144 - len(tail), b"\x00") + tail
    name = b"\x01\x03" + ORGANISATION + b"\x04anna"
    header = SEALED[:BODY_AT]
    return header + seal(derive(ROOT, header[-32:], "keyring/body"), name + header, padded)


JSON = keyring().to_json()
[MAILBOX_ID, *_] = JSON["conversations"]


def test_unknown_members_are_ignored() -> None:
    assert opened(forged({**JSON, "unknown": [1.5]})) == keyring()


@pytest.mark.parametrize("name", JSON)
@pytest.mark.parametrize("value", [..., 3.5, "?", ["?"], {"?": 1}, True])
def test_a_member_of_another_form_is_damage(name: str, value: object) -> None:
    changed = {key: kept for key, kept in {**JSON, name: value}.items() if kept is not ...}
    assert refusal(forged(changed)) == "keyring-damaged"


@pytest.mark.parametrize("name", JSON["conversations"][MAILBOX_ID])
@pytest.mark.parametrize("value", [..., 3.5, "?", ["?"], {}])
def test_a_conversation_of_another_form_is_damage(name: str, value: object) -> None:
    known = {**JSON["conversations"][MAILBOX_ID], name: value}
    kept = {key: item for key, item in known.items() if item is not ...}
    assert refusal(forged({**JSON, "conversations": {MAILBOX_ID: kept}})) == "keyring-damaged"


@pytest.mark.parametrize("conversations", [{"?": JSON["conversations"][MAILBOX_ID]}, {MAILBOX_ID: []}, []])
def test_conversations_go_by_their_mailbox(conversations: object) -> None:
    assert refusal(forged({**JSON, "conversations": conversations})) == "keyring-damaged"


def test_wrong_padding_and_another_s_name_are_damage() -> None:
    assert refusal(forged(JSON, length=262_141)) == "keyring-damaged"
    assert refusal(forged(JSON, length=2**32 - 1)) == "keyring-damaged"
    assert refusal(forged(JSON, length=0)) == "keyring-damaged"
    assert refusal(forged(JSON, tail=b"\x01")) == "keyring-damaged"
    assert refusal(forged({**JSON, "recipient": "bert"})) == "keyring-damaged"


def test_the_json_is_that_of_the_protocol() -> None:
    names = {
        "recipient",
        "signing_seed",
        "ratchet",
        "conversations",
        "closed",
        "synced",
        "counter",
        "stated",
        "directory",
    }
    assert set(JSON) == names
    known = {
        "kind",
        "opening",
        "secret",
        "conversation",
        "read",
        "write",
        "close",
        "replace",
        "signing",
        "channel",
    }
    assert set(JSON["conversations"][MAILBOX_ID]) == known | {"report", "day", "messages", "heads"}
    assert JSON["stated"] == {"week": WEEK, "version": 1}
    assert JSON["directory"] == {"version": 1, "hash": b64(DIRECTORY.hash)}
    assert parse_object(write_object(JSON)) == JSON


def test_a_statement_made_is_noted() -> None:
    noted = keyring().stating(9, (WEEK + 1, 2), Quote(2, of("x")))
    assert (noted.counter, noted.stated, noted.directory) == (9, (WEEK + 1, 2), Quote(2, of("x")))
