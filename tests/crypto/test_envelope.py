"""PROTOCOL 6: what is sealed opens for those it is for, and each forgery fails at its own layer."""

import statistics
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.public.encoding import day_text, write_object
from crypto.public.envelope_format import SLOT_LENGTH, STUB_LENGTH, parse_opening, read_key_block
from crypto.public.errors import EnvelopeError
from crypto.public.limits import SLOT_COUNTS
from crypto.secret.conversation import opening_authors
from crypto.secret.envelope_open import open_conversation, open_opening, open_with_secret
from crypto.secret.envelope_seal import ConversationPlace, seal_conversation, seal_opening, shuffled
from crypto.secret.hpke_open import PrivateKey
from crypto.secret.message_unpack import Message
from crypto.secret.primitives import DoesNotOpen, derive, seal
from tests.crypto.kit.organisation_builders import (
    ANNA,
    BERT,
    CARLA,
    DIRECTORY,
    RECEIPT,
    TODAY,
    WEEK,
    flipped,
    keys_of,
    of,
    person,
    seeded,
)
from tests.crypto.kit.report_builders import (
    Forger,
    Report,
    draft,
    padded_message,
    report,
    sealed,
    signed_content,
    slot_info,
)
from tests.crypto.kit.thread_builders import Mailbox
from tests.crypto.test_message import TEXTS

REPORT = report()
STUB_AT = 71 + 4 * SLOT_LENGTH
BODY_AT = STUB_AT + STUB_LENGTH


def refusal(made: Report, data: bytes | None = None, **place: Any) -> str:
    with pytest.raises(EnvelopeError) as caught:
        made.opened_by(ANNA, data, **place)
    return caught.value.code


def receipt_refusal(made: Report, data: bytes | None = None) -> str:
    with pytest.raises(EnvelopeError) as caught:
        made.reopened(data)
    return caught.value.code


@given(TEXTS, st.sampled_from([[ANNA], [BERT], [ANNA, BERT], [ANNA, BERT, CARLA]]), st.integers(0, 99))
def test_every_addressee_and_the_receipt_read_the_same(text: str, people: list[Any], seed: int) -> None:
    made = report(text, people=people, seed=seed)
    opened = [made.opened_by(someone) for someone in people] + [made.reopened()]
    assert all(opening == opened[0] for opening in opened)
    assert opened[0].message.text == text
    assert opened[0].keys == made.draft.keys
    assert opened[0].secret == made.secret


def test_nobody_else_reads_it() -> None:
    for someone in (CARLA, person("dora")):
        with pytest.raises(EnvelopeError) as caught:
            REPORT.opened_by(someone)
        assert caught.value.code == "envelope-no-slot"


def test_a_week_s_key_opens_what_was_sealed_in_that_week_only() -> None:
    key = ANNA.week_keys(WEEK - 1)
    with pytest.raises(EnvelopeError) as caught:
        open_opening(REPORT.data, REPORT.creation, REPORT.envelope, lambda _: key, opening_authors(DIRECTORY))
    assert caught.value.code == "envelope-no-slot"


def test_a_recipient_is_asked_for_the_keys_of_the_header_s_week() -> None:
    asked: list[int] = []

    def week_keys(week: int) -> list[PrivateKey]:
        asked.append(week)
        return ANNA.week_keys(week)

    open_opening(REPORT.data, REPORT.creation, REPORT.envelope, week_keys, opening_authors(DIRECTORY))
    assert asked == [WEEK]


@given(st.integers(0, 10**7))
def test_a_bit_flipped_anywhere_is_noticed(bit: int) -> None:
    data = flipped(REPORT.data, bit % (8 * len(REPORT.data)))
    with pytest.raises(EnvelopeError):
        REPORT.opened_by(ANNA, data)
    with pytest.raises(EnvelopeError):
        open_with_secret(data, REPORT.creation, REPORT.envelope, REPORT.secret, opening_authors(DIRECTORY))


@pytest.mark.parametrize(
    ("offset", "code", "by_receipt"),
    [
        (0, "envelope-suite", "envelope-suite"),
        (1, "envelope-header", "envelope-header"),
        (2, "envelope-header", "envelope-header"),
        (3, "envelope-no-slot", "envelope-stub"),
        (7, "envelope-commitment", "envelope-stub"),
        (39, "envelope-no-slot", "envelope-stub"),
        (STUB_AT, "envelope-body", "envelope-stub"),
        (BODY_AT, "envelope-body", "envelope-body"),
        (-1, "envelope-body", "envelope-body"),
    ],
)
def test_a_change_fails_at_its_layer(offset: int, code: str, by_receipt: str) -> None:
    data = bytearray(REPORT.data)
    data[offset] ^= 1
    assert refusal(REPORT, bytes(data)) == code
    assert receipt_refusal(REPORT, bytes(data)) == by_receipt


def test_a_change_of_another_one_s_slot_is_noticed_by_all() -> None:
    for index in range(4):
        data = flipped(REPORT.data, 8 * (71 + index * SLOT_LENGTH + 500))
        assert refusal(REPORT, data) in ("envelope-body", "envelope-no-slot")
        assert receipt_refusal(REPORT, data) == "envelope-body"


@given(st.integers(0, len(REPORT.data) - 1))
def test_what_is_cut_off_is_no_envelope(length: int) -> None:
    assert refusal(REPORT, REPORT.data[:length]) == "envelope-header"


def test_bytes_after_the_end_are_refused() -> None:
    assert refusal(REPORT, REPORT.data + b"\x00") == "envelope-header"


@pytest.mark.parametrize("one", range(4))
@pytest.mark.parametrize("other", range(4))
def test_swapped_slots_open_for_nobody(one: int, other: int) -> None:
    slots = [REPORT.data[at : at + SLOT_LENGTH] for at in range(71, STUB_AT, SLOT_LENGTH)]
    slots[one], slots[other] = slots[other], slots[one]
    data = REPORT.data[:71] + b"".join(slots) + REPORT.data[STUB_AT:]
    if one == other:
        assert REPORT.opened_by(ANNA, data).message.text
    else:
        assert refusal(REPORT, data) in ("envelope-no-slot", "envelope-body")
        assert receipt_refusal(REPORT, data) == "envelope-body"


def test_a_slot_of_another_envelope_does_not_open_here() -> None:
    foreign = report(seed=2)
    data = REPORT.data[:71] + foreign.data[71:STUB_AT] + REPORT.data[STUB_AT:]
    assert refusal(REPORT, data) == "envelope-no-slot"


def _moved(name: str) -> dict[str, Any]:
    if name == "envelope":
        return {"envelope": of("another id", 16)}
    return {"creation": replace(REPORT.creation, **{name: of("another")})}


@pytest.mark.parametrize(
    "name", ["organisation", "mailbox", "envelope", "read", "write", "close", "replace", "delete"]
)
def test_an_envelope_is_bound_to_its_place(name: str) -> None:
    # The slots name organisation, mailbox and envelope; the body is bound to the whole creation record.
    in_slot = name in ("organisation", "mailbox", "envelope")
    assert refusal(REPORT, **_moved(name)) == ("envelope-no-slot" if in_slot else "envelope-body")
    where = {"creation": REPORT.creation, "envelope": REPORT.envelope, **_moved(name)}
    with pytest.raises(EnvelopeError) as caught:
        open_with_secret(
            REPORT.data, where["creation"], where["envelope"], REPORT.secret, opening_authors(DIRECTORY)
        )
    assert caught.value.code == "envelope-body"


def test_two_recipients_can_t_be_given_two_secrets() -> None:
    forged = Forger(draft(), slot_secrets=[of("Z"), of("another Z")]).report()
    assert forged.opened_by(ANNA).message.text == "The tank leaks."
    with pytest.raises(EnvelopeError) as caught:
        forged.opened_by(BERT)
    assert caught.value.code == "envelope-commitment"


def test_one_recipient_with_two_slots_is_not_given_a_choice() -> None:
    twice = draft(people=(ANNA, ANNA))
    forged = Forger(twice, slot_secrets=[of("another Z"), of("Z")]).report()
    assert refusal(forged) == "envelope-commitment"


def test_a_commitment_to_another_secret_is_refused_by_all() -> None:
    forged = Forger(draft(), commitment=of("no commitment")).report()
    assert refusal(forged) == "envelope-commitment"
    with pytest.raises(EnvelopeError) as caught:
        forged.opened_by(BERT)
    assert caught.value.code == "envelope-commitment"


@pytest.mark.parametrize("name", ["read", "write", "close", "replace", "signing_key"])
def test_a_key_block_with_other_tokens_than_the_server_s_is_refused(name: str) -> None:
    made = draft()
    block = replace(made.keys, **{name: of("another token")}).to_bytes()
    assert refusal(Forger(made, block=block).report()) == "envelope-record"


def test_a_mailbox_that_is_not_its_maker_s_is_refused() -> None:
    made = draft()
    moved = replace(made, creation=replace(made.creation, mailbox=of("somebody's mailbox")))
    assert refusal(Forger(moved).report()) == "envelope-record"


def test_wrong_padding_is_refused_before_the_message_is_looked_at() -> None:
    content = Forger(draft()).signed_content()
    for padded in (
        padded_message(content, size=16_384),
        padded_message(content)[:-1] + b"\x01",
        padded_message(content, n=len(content) + 9000),
        padded_message(b"", n=3),
    ):
        assert refusal(Forger(draft(), padded=padded).report()) == "envelope-padding"


def test_a_message_that_is_none_is_refused() -> None:
    forger = Forger(draft())
    for content in (forger.signed_content(meta={}), forger.signed_content(text=b"\xff")):
        assert refusal(replace(forger, padded=padded_message(content)).report()) == "envelope-message"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"author": "anna"}, "envelope-signature"),
        ({"author": "carla"}, "envelope-author"),
        ({"author": "nobody"}, "envelope-author"),
        ({"kind": "case", "case": {"mailbox": "A" * 43}}, "envelope-author"),
        ({"kind": "decoy"}, "envelope-author"),
    ],
)
def test_the_author_must_belong_here_and_have_signed(change: dict[str, Any], code: str) -> None:
    assert refusal(sealed(draft(**change))) == code


def test_the_key_block_is_signed_too() -> None:
    made = draft()
    other = replace(made.keys, conversation=of("another conversation key"))
    content = Forger(made).signed_content()
    forged = Forger(made, block=other.to_bytes(), padded=padded_message(content))
    assert refusal(forged.report()) == "envelope-signature"


def test_a_report_can_t_be_sealed_again_elsewhere_by_who_can_read_it() -> None:
    opened = REPORT.opened_by(ANNA)
    content = Forger(REPORT.draft).signed_content()
    # Under the same id and mailbox, for other eyes, with the author's own signature: only C is new.
    again = Forger(
        replace(REPORT.draft, recipient_keys=[CARLA.week_keys(WEEK)[0].public]), secret=of("new Z")
    )
    forged = replace(again, padded=padded_message(content)).report()
    with pytest.raises(EnvelopeError) as caught:
        forged.opened_by(CARLA)
    assert caught.value.code == "envelope-signature"
    assert opened.message.meta["to"] == ["anna", "bert"]


REALISTIC: list[dict[str, Any]] = [
    {},
    {"report": None},
    {"people": (ANNA,)},
    {"people": (ANNA, BERT, CARLA, person("d" * 40)), "channel": "c" * 40, "report": "k" * 40},
]


@given(
    st.sampled_from(REALISTIC),
    st.integers(0, 6144),
    st.sampled_from(["x", "\n", '"', "\x00", "\u00e9", "\U0001f6a8", "\\"]),
)
def test_every_report_of_up_to_6_kib_has_one_size(
    options: dict[str, Any], length: int, character: str
) -> None:
    text = character * (length // len(character.encode()))
    assert len(report(text, **options).data) == 71 + 4 * 1168 + 158 + 1408 + 8192 + 16


@pytest.mark.parametrize("length", [10, 6144])
def test_ten_characters_and_6_kib_have_one_size_with_the_longest_meta(length: int) -> None:
    base = draft("x" * length)
    free = 1978 - len(write_object(base.meta))
    filled = replace(base, meta={**base.meta, "filling": "x" * (free - len(',"filling":""'))})
    assert len(write_object(filled.meta)) == 1978
    assert len(sealed(filled).data) == len(REPORT.data)


@pytest.mark.parametrize(
    ("length", "size"), [(6144, 8192), (10_000, 16_384), (20_000, 32_768), (1_044_480, 1 << 20)]
)
def test_longer_reports_come_in_powers_of_two(length: int, size: int) -> None:
    made = report("x" * length)
    assert len(made.data) == 71 + 4 * 1168 + 158 + 1408 + size + 16
    assert len(made.opened_by(ANNA).message.text) == length


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(EnvelopeError) as caught:
        report("x" * 1_044_481)
    assert caught.value.code == "text-too-long"


def test_more_recipients_than_slots_are_refused() -> None:
    with pytest.raises(ValueError, match="more recipients than slots"):
        report(people=(ANNA, BERT, CARLA), slots=2)


@pytest.mark.parametrize("slots", SLOT_COUNTS)
def test_the_size_tells_the_organisation_s_slots_and_not_the_recipients(slots: int) -> None:
    assert len(report(slots=slots, people=(ANNA,)).data) == len(report(slots=slots, people=(ANNA, BERT)).data)


def test_unused_slots_open_for_nobody_and_look_like_the_others() -> None:
    made = report(people=(ANNA,))
    parts = parse_opening(made.data)
    own = []
    for index, slot in enumerate(parts.slots):
        assert len(slot) == 1168
        for someone in (ANNA, BERT, CARLA):
            try:
                someone.week_keys(WEEK)[0].open(slot_info(made.draft, parts.commitment, index), slot)
            except DoesNotOpen:
                continue
            own.append((someone.id, index))
    assert [name for name, _ in own] == ["anna"]


def test_unused_slots_are_real_seals() -> None:
    # ML-KEM ciphertexts are not uniform in their bits: what is random instead would be told apart by its mean.
    throwaway: list[bytes] = []

    def watched(length: int) -> bytes:
        given_ = random(length)
        if length == 32:
            throwaway.append(given_)
        return given_

    random = seeded(7)
    made = draft(people=(ANNA,))
    data, secret = seal_opening(made, watched)
    parts = parse_opening(data)
    opened: dict[int, bytes] = {}
    for seed in throwaway:
        for index, slot in enumerate(parts.slots):
            try:
                key = PrivateKey(seed)
                opened[index] = key.open(slot_info(made, parts.commitment, index), slot)
            except DoesNotOpen:
                continue
    assert len(opened) == 3
    assert len(set(opened.values())) == 3
    assert all(len(filler) == 32 and filler != secret for filler in opened.values())


def test_the_order_of_slots_is_uniformly_random() -> None:
    places = [shuffled(range(4), seeded(seed)).index(0) for seed in range(2000)]
    counts = [places.count(place) for place in range(4)]
    assert statistics.pstdev(counts) < 60
    orders = {tuple(shuffled(range(4), seeded(seed))) for seed in range(500)}
    assert len(orders) == 24


def test_a_remainder_does_not_favour_the_first_places() -> None:
    # Below three, 2^32 leaves a remainder of one: the largest number is drawn again.
    draws = iter([b"\xff\xff\xff\xff", b"\x00\x00\x00\x02", b"\x00\x00\x00\x00"])
    assert shuffled(["a", "b", "c"], lambda _: next(draws)) == ["b", "a", "c"]
    assert next(draws, None) is None


def test_a_key_block_survives_its_bytes() -> None:
    block = REPORT.draft.keys
    assert len(block.to_bytes()) == 1408
    assert read_key_block(block.to_bytes()) == block


def test_two_seals_of_one_draft_share_nothing_that_is_random() -> None:
    one, other = (seal_opening(draft(), seeded(seed))[0] for seed in (1, 2))
    assert one[:7] == other[:7]
    assert one[7:71] != other[7:71]


# Conversation envelopes

BOX = Mailbox(REPORT)
ANSWER = BOX.says(ANNA, "Which tank?")


def opened(data: bytes, **changes: Any) -> Message:
    where = replace(BOX.place(ANSWER.id), **{name: changes[name] for name in changes if name != "key"})
    return open_conversation(data, where, changes.get("key", BOX.key), BOX.authors)


def conversation_refusal(data: bytes, **changes: Any) -> str:
    with pytest.raises(EnvelopeError) as caught:
        opened(data, **changes)
    return caught.value.code


@given(TEXTS, st.integers(0, 99))
def test_a_message_survives_its_envelope(text: str, seed: int) -> None:
    meta = opened(ANSWER.data).meta
    place = BOX.place(of("id", 16))
    data = seal_conversation(place, BOX.key, meta, text, ANNA.signing_seed, seeded(seed))
    assert open_conversation(data, place, BOX.key, BOX.authors).text == text
    assert len(data) == 66 + 4096 + 16


@given(st.integers(0, 8 * len(ANSWER.data) - 1))
def test_a_bit_flipped_anywhere_in_a_message_is_noticed(bit: int) -> None:
    code = conversation_refusal(flipped(ANSWER.data, bit))
    expected = {0: "envelope-suite", 1: "envelope-header"}
    by_offset = "envelope-commitment" if bit // 8 < 66 else "envelope-body"
    assert code == expected.get(bit // 8, by_offset)


@given(st.integers(0, len(ANSWER.data) - 1))
def test_a_message_cut_off_is_no_envelope(length: int) -> None:
    assert conversation_refusal(ANSWER.data[:length]) == "envelope-header"


@pytest.mark.parametrize("name", ["organisation", "mailbox", "envelope"])
def test_a_message_is_bound_to_its_place(name: str) -> None:
    assert (
        conversation_refusal(ANSWER.data, **{name: of("elsewhere", 16 if name == "envelope" else 32)})
        == "envelope-body"
    )


def test_another_conversation_s_key_fails_at_the_commitment() -> None:
    assert conversation_refusal(ANSWER.data, key=of("another key")) == "envelope-commitment"


def test_an_opening_is_no_conversation_envelope_nor_the_reverse() -> None:
    assert conversation_refusal(REPORT.data) == "envelope-header"
    assert refusal(REPORT, ANSWER.data) == "envelope-header"


def test_a_message_sealed_again_elsewhere_by_a_holder_of_the_key_is_not_the_author_s() -> None:
    # A recipient holds the conversation key, and with it the reporter's signature on an earlier message.
    item = BOX.unsent("reporter", "Yes, I agree.")
    message = open_conversation(item.data, BOX.place(item.id), BOX.key, BOX.authors)
    signed_for = BOX.place(item.id).committed(item.data[34:66]).to_bytes()
    content = signed_content(
        write_object(message.meta), message.text.encode(), signed_for, REPORT.draft.signing_seed
    )
    for envelope, salt in ((of("a new id", 16), item.data[2:34]), (item.id, of("a new salt"))):
        place = BOX.place(envelope)
        commitment = derive(BOX.key, salt, "conversation/commit")
        header = b"\x01\x02" + salt + commitment
        padded = padded_message(content, smallest=4096)
        body = seal(derive(BOX.key, salt, "conversation/body"), place.to_bytes() + header, padded)
        with pytest.raises(EnvelopeError) as caught:
            open_conversation(header + body, place, BOX.key, BOX.authors)
        assert caught.value.code == "envelope-signature"


@pytest.mark.parametrize(
    ("author", "seed", "code"),
    [
        ("bert", ANNA.signing_seed, "envelope-signature"),
        ("reporter", ANNA.signing_seed, "envelope-signature"),
        ("carla", CARLA.signing_seed, "envelope-author"),
    ],
    ids=["another recipient", "the reporter", "a stranger"],
)
def test_nobody_writes_in_another_s_name(author: str, seed: bytes, code: str) -> None:
    item = BOX.unsent(author, "Forged.", seed=seed)
    with pytest.raises(EnvelopeError) as caught:
        BOX.open_one(item)
    assert caught.value.code == code


def test_a_conversation_place_is_where_its_bytes_say() -> None:
    place = ConversationPlace(of("o"), of("m"), of("e", 16))
    assert place.to_bytes() == of("o") + of("m") + of("e", 16)


def test_the_keys_of_a_draft_are_those_of_the_receipt() -> None:
    keys = keys_of(RECEIPT)
    assert REPORT.mailbox == keys.mailbox
    assert REPORT.draft.meta["day"] == day_text(TODAY)
