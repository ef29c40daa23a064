"""PROTOCOL 5, 6.2, 6.9, 12.4 and 12.5: what both ends read without any secret."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.public.answers import (
    DayItem,
    DayParser,
    MailboxAnswer,
    StoredEnvelope,
    build_day_item,
    build_end,
    build_mailbox_answer,
    build_unknown_answer,
    parse_mailbox_answer,
)
from crypto.public.encoding import LARGEST_DAY, hash_labelled
from crypto.public.envelope_format import (
    CONVERSATION_SIZES,
    OPENING_SIZES,
    check_conversation,
    check_opening,
    envelope_hash,
    parse_conversation,
    parse_opening,
)
from crypto.public.errors import WireError
from crypto.public.limits import CONVERSATION_BODY_LIMIT, OPENING_BODY_LIMIT, SLOT_COUNTS
from crypto.public.mailbox import parse_creation, verifier
from tests.crypto.kit.organisation_builders import flipped, of, seeded
from tests.crypto.kit.report_builders import report
from tests.crypto.kit.thread_builders import Mailbox
from tests.kit.protocol import CAPABILITIES, build_day_answer, parse_day_answer

REPORT = report()
CREATION = REPORT.creation.to_bytes()
MESSAGE = Mailbox(REPORT).says("reporter", "More.").data
TOKEN = of("read token")

ENVELOPES = st.builds(
    StoredEnvelope, st.binary(min_size=16, max_size=16), st.integers(0, LARGEST_DAY), st.binary(max_size=200)
)
DAY_ITEMS = st.builds(
    DayItem,
    st.binary(min_size=32, max_size=32).filter(any),
    ENVELOPES,
    st.none() | st.binary(min_size=225, max_size=225),
)


def refusal(call: object, *arguments: object) -> str:
    assert callable(call)
    with pytest.raises(WireError) as caught:
        call(*arguments)
    return caught.value.code


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_a_verifier_says_nothing_of_another(capability: str) -> None:
    assert verifier(capability, TOKEN) == hash_labelled(f"verifier/{capability}", TOKEN)
    assert len({verifier(name, TOKEN) for name in CAPABILITIES}) == 5


def test_a_creation_record_survives_its_bytes_and_holds_no_token() -> None:
    assert len(CREATION) == 225
    assert parse_creation(CREATION) == REPORT.creation
    keys = REPORT.draft.keys
    for token in (keys.read, keys.write, keys.close, keys.replace, keys.conversation):
        assert token not in CREATION


@given(st.integers(0, 400).filter(lambda length: length != 225))
def test_a_creation_record_has_225_bytes(length: int) -> None:
    assert refusal(parse_creation, CREATION.ljust(400, b"\x00")[:length]) == "envelope-header"


def test_a_newer_suite_is_named_as_such() -> None:
    assert refusal(parse_creation, b"\x02" + CREATION[1:]) == "envelope-suite"
    assert refusal(parse_opening, b"\x02" + REPORT.data[1:]) == "envelope-suite"
    assert refusal(parse_conversation, b"\x02" + MESSAGE[1:]) == "envelope-suite"
    assert refusal(parse_opening, b"\x02\x09") == "envelope-suite"


def test_an_opening_is_cut_into_its_parts() -> None:
    parts = parse_opening(REPORT.data)
    assert parts.header + b"".join(parts.slots) + parts.stub + parts.body == REPORT.data
    assert parts.header[7:39] == parts.salt
    assert parts.header[39:] == parts.commitment
    assert [len(slot) for slot in parts.slots] == [1168] * 4
    assert (len(parts.header), len(parts.stub), len(parts.body)) == (71, 158, 1408 + 8192 + 16)


@pytest.mark.parametrize("slots", [0, 1, 3, 5, 63, 65, 128, 255])
def test_another_number_of_slots_is_no_envelope(slots: int) -> None:
    length = 71 + slots * 1168 + 158 + 1408 + 8192 + 16
    assert refusal(parse_opening, bytes([1, 1, slots]) + bytes(length - 3)) == "envelope-header"


@given(st.sampled_from(SLOT_COUNTS), st.integers(0, 1_400_000))
def test_an_opening_has_one_of_eight_lengths_for_its_slots(slots: int, length: int) -> None:
    data = bytes([1, 1, slots]) + bytes(length)
    padded = len(data) - (71 + slots * 1168 + 158 + 1408 + 16)
    if padded not in [1024 * size for size in (8, 16, 32, 64, 128, 256, 512, 1024)]:
        assert refusal(parse_opening, data) == "envelope-header"


@pytest.mark.parametrize("size", OPENING_SIZES)
def test_the_largest_opening_is_within_the_limit(size: int) -> None:
    data = bytes([1, 1, 64]) + bytes(71 - 3 + 64 * 1168 + 158 + 1408 + size + 16)
    assert len(parse_opening(data).slots) == 64
    assert len(CREATION + data) <= OPENING_BODY_LIMIT


@pytest.mark.parametrize("size", CONVERSATION_SIZES)
def test_a_message_has_one_of_nine_lengths(size: int) -> None:
    data = bytes([1, 2]) + bytes(64 + size + 16)
    assert len(parse_conversation(data).body) == size + 16
    assert len(data) <= CONVERSATION_BODY_LIMIT
    assert refusal(parse_conversation, data + b"\x00") == "envelope-header"
    assert refusal(parse_conversation, data[:-1]) == "envelope-header"


@given(st.binary(max_size=300))
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    for parse in (
        parse_creation,
        parse_opening,
        parse_conversation,
    ):
        assert refusal(parse, data) in ("envelope-header", "envelope-suite") or len(data) == 225


def test_all_openings_of_an_organisation_have_its_slots() -> None:
    check_opening(REPORT.data, 4)
    assert refusal(check_opening, REPORT.data, 8) == "envelope-header"
    check_conversation(MESSAGE)
    assert refusal(check_conversation, REPORT.data) == "envelope-header"


def test_an_envelope_s_hash_is_of_its_mailbox_id_and_bytes() -> None:
    expected = hash_labelled("envelope", of("m") + of("e", 16) + b"data")
    assert envelope_hash(of("m"), of("e", 16), b"data") == expected


# A return visit


@given(st.lists(ENVELOPES, max_size=6, unique_by=lambda item: item.id))
def test_a_mailbox_survives_its_answer(envelopes: list[StoredEnvelope]) -> None:
    answer = build_mailbox_answer(TOKEN, CREATION, envelopes)
    assert len(answer) == 65_536
    assert parse_mailbox_answer(answer, TOKEN) == MailboxAnswer(CREATION, tuple(envelopes))


@pytest.mark.parametrize(
    ("length", "size"), [(0, 65_536), (65_247, 65_536), (65_248, 131_072), (200_000, 262_144)]
)
def test_an_answer_is_a_power_of_two(length: int, size: int) -> None:
    item = StoredEnvelope(of("e", 16), 1, bytes(length))
    assert len(build_mailbox_answer(TOKEN, CREATION, [item])) == size


def test_an_unknown_mailbox_is_answered_with_as_many_random_bytes() -> None:
    answer = build_unknown_answer(seeded(1))
    assert len(answer) == 65_536
    assert refusal(parse_mailbox_answer, answer, TOKEN) == "receipt-unknown"


ITEM = StoredEnvelope(of("e", 16), 20_000, b"data")
ANSWER = build_mailbox_answer(TOKEN, CREATION, [ITEM])


def test_another_token_s_answer_is_unknown() -> None:
    assert refusal(parse_mailbox_answer, ANSWER, of("another")) == "receipt-unknown"


@given(st.integers(0, 255))
def test_an_answer_to_another_token_by_one_bit_is_unknown(bit: int) -> None:
    assert refusal(parse_mailbox_answer, flipped(ANSWER, bit), TOKEN) == "receipt-unknown"


@pytest.mark.parametrize("length", [0, 32, 65_535, 65_537, 98_304])
def test_an_answer_that_was_cut_off_is_damaged(length: int) -> None:
    assert refusal(parse_mailbox_answer, ANSWER.ljust(98_304, b"\x00")[:length], TOKEN) == "answer-damaged"


def answered(content: bytes, n: int | None = None) -> bytes:
    length = len(content) if n is None else n
    return (hash_labelled("present", TOKEN) + length.to_bytes(4, "big") + content).ljust(65_536, b"\x00")


FRAME = ITEM.id + (20_000).to_bytes(4, "big") + (4).to_bytes(4, "big") + b"data"


@pytest.mark.parametrize(
    "answer",
    [
        answered(b""),
        answered(CREATION),
        answered(CREATION + (1).to_bytes(4, "big")),
        answered(CREATION + (1).to_bytes(4, "big") + FRAME[:-1]),
        answered(CREATION + (1).to_bytes(4, "big") + FRAME + b"\x00"),
        answered(CREATION + (0).to_bytes(4, "big") + FRAME),
        answered(CREATION + (2).to_bytes(4, "big") + FRAME),
        answered(CREATION + (2).to_bytes(4, "big") + FRAME + FRAME),
        answered(CREATION + (1).to_bytes(4, "big") + FRAME[:20] + b"\xff" * 4 + b"data"),
        answered(CREATION + (1).to_bytes(4, "big") + FRAME[:16] + b"\xff" * 4 + FRAME[20:]),
        answered(CREATION + b"\xff" * 4 + FRAME),
        answered(CREATION + (1).to_bytes(4, "big") + FRAME, n=65_536),
    ],
)
def test_an_answer_of_another_form_is_damaged(answer: bytes) -> None:
    assert refusal(parse_mailbox_answer, answer, TOKEN) == "answer-damaged"


def test_more_envelopes_than_a_mailbox_can_hold_are_damage() -> None:
    envelopes = [StoredEnvelope(of(f"{n}", 16), 20_000, b"") for n in range(1025)]
    answer = build_mailbox_answer(TOKEN, CREATION, envelopes[1:])
    assert len(parse_mailbox_answer(answer, TOKEN).envelopes) == 1024
    answer = build_mailbox_answer(TOKEN, CREATION, envelopes)
    assert refusal(parse_mailbox_answer, answer, TOKEN) == "answer-damaged"


# A day of the inbox


@given(st.lists(DAY_ITEMS, max_size=6))
def test_a_day_survives_its_answer(items: list[DayItem]) -> None:
    assert list(parse_day_answer(build_day_answer(items))) == items


def all_items(data: bytes) -> list[DayItem]:
    return list(parse_day_answer(data))


DAY = build_day_answer(
    [DayItem(of("m"), ITEM, CREATION), DayItem(of("n"), replace(ITEM, id=of("f", 16)), None)]
)


@given(st.lists(DAY_ITEMS, max_size=4), st.integers(1, 400))
def test_a_day_may_come_in_any_pieces(items: list[DayItem], size: int) -> None:
    data = build_day_answer(items)
    parser = DayParser()
    found = [item for at in range(0, len(data), size) for item in parser.feed(data[at : at + size])]
    parser.finish()
    assert found == items
    assert refusal(list, parser.feed(b"x")) == "answer-damaged"


@given(st.integers(0, len(DAY) - 1))
def test_a_day_that_was_cut_off_anywhere_is_damaged(length: int) -> None:
    assert refusal(all_items, DAY[:length]) == "answer-damaged"


def test_a_day_with_an_item_left_out_is_damaged() -> None:
    one = build_day_item(DayItem(of("m"), ITEM, CREATION))
    assert refusal(all_items, one + build_end(2)) == "answer-damaged"
    assert refusal(all_items, one + build_end(0)) == "answer-damaged"
    assert refusal(all_items, one + build_end(1) + b"\x00") == "answer-damaged"
    assert len(all_items(one + build_end(1))) == 1


@pytest.mark.parametrize(("offset", "value"), [(52, b"\x02"), (52, b"\xff"), (48, b"\xff")])
def test_a_flag_or_day_that_means_nothing_is_damage(offset: int, value: bytes) -> None:
    assert refusal(all_items, DAY[:offset] + value + DAY[offset + 1 :]) == "answer-damaged"


@pytest.mark.parametrize(("creation", "longest"), [(CREATION, 1_310_495), (None, 1_064_960)])
def test_a_length_that_no_envelope_has_is_damage_as_soon_as_it_is_read(
    creation: bytes | None, longest: int
) -> None:
    item = DayItem(of("m"), replace(ITEM, data=bytes(longest)), creation)
    assert all_items(build_day_answer([item])) == [item]
    head = build_day_item(item)[:-longest]
    assert list(DayParser().feed(head)) == []
    assert refusal(list, DayParser().feed(head[:-4] + (longest + 1).to_bytes(4, "big"))) == "answer-damaged"


def test_an_envelope_in_many_pieces_takes_no_longer_than_its_length_says() -> None:
    item = DayItem(of("m"), replace(ITEM, data=bytes(1 << 20)), None)
    data, parser = build_day_answer([item]), DayParser()
    found: list[DayItem] = []
    start = time.process_time()
    for at in range(0, len(data), 8):
        found += parser.feed(data[at : at + 8])
    parser.finish()
    assert found == [item]
    # Copying what is left over at each piece would move 64 GiB.
    assert time.process_time() - start < 5


def test_a_day_without_anything_is_an_answer_too() -> None:
    assert all_items(build_day_answer([])) == []
    assert build_day_answer([]) == bytes(36)
