"""PROTOCOL 3: codes are checked, and one slip of a typist is found."""

import random
from contextlib import suppress
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.public.errors import CodeError
from crypto.secret.codes import CONSONANTS, CONSTANTS, VOWELS, crc, format_code, new_code, parse_code
from tests.crypto.kit.organisation_builders import of, seeded

KINDS = sorted(CONSTANTS)
SECRETS = st.binary(min_size=14, max_size=14)
SAMPLES = [format_code(of(f"code {number}", 14), KINDS[number]) for number in range(2)]


@cache
def refusal(text: str, kind: str) -> CodeError:
    """Looking for a correction takes some milliseconds, hence kept."""
    with pytest.raises(CodeError) as caught:
        parse_code(text, kind)
    return caught.value


def kind_of(code: str) -> str:
    return KINDS[SAMPLES.index(code)]


def letters_at(place: int) -> str:
    return VOWELS if place % 5 % 2 else CONSONANTS


def typed(letters: str) -> str:
    return "-".join(letters[at : at + 5] for at in range(0, 40, 5))


def letter_changes(code: str) -> list[str]:
    """Every well-formed code that differs in one letter."""
    letters = code.replace("-", "")
    return [
        typed(letters[:at] + other + letters[at + 1 :])
        for at in range(40)
        for other in letters_at(at)
        if other != letters[at]
    ]


def letter_swaps(code: str) -> list[str]:
    """Every swap of two neighbouring letters that differ, over a group's border too."""
    letters = code.replace("-", "")
    return [
        typed(letters[:at] + letters[at + 1] + letters[at] + letters[at + 2 :])
        for at in range(39)
        if letters[at] != letters[at + 1]
    ]


def group_swaps(code: str) -> list[str]:
    """Every swap of two neighbouring groups that differ."""
    groups = code.split("-")
    return [
        "-".join([*groups[:at], groups[at + 1], groups[at], *groups[at + 2 :]])
        for at in range(7)
        if groups[at] != groups[at + 1]
    ]


@given(SECRETS, st.sampled_from(KINDS))
def test_a_code_is_read_as_it_was_written(secret: bytes, kind: str) -> None:
    code = format_code(secret, kind)
    assert parse_code(code, kind) == secret
    assert len(code) == 47
    assert all(letter in letters_at(at) for at, letter in enumerate(code.replace("-", "")))


def test_a_new_code_holds_fourteen_random_bytes() -> None:
    assert parse_code(new_code("receipt", seeded(1)), "receipt") == seeded(1)(14)


@pytest.mark.parametrize("length", [0, 13, 15, 16])
def test_a_code_has_fourteen_secret_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="14 secret bytes"):
        format_code(bytes(length), "receipt")


@pytest.mark.parametrize(
    "separator", [" ", "  ", "-", "_", ".", ",", ", ", "\n", "\t", "\u00a0", "\u2013", "\u2212"]
)
def test_any_separator_and_any_case_will_do(separator: str) -> None:
    code = SAMPLES[0]
    kind = kind_of(code)
    secret = parse_code(code, kind)
    words = code.split("-")
    assert parse_code(separator + separator.join(words) + separator, kind) == secret
    assert parse_code(separator.join(word.upper() for word in words), kind) == secret
    assert parse_code(separator.join(word.title() for word in words), kind) == secret


UNSEEN = st.text("\u00ad\u200b\u200e\u2060\ufeff", max_size=2)
BETWEEN = st.sampled_from(["-", "\uff0d", " ", "\r\n", "\u201d \u201c", ", ", "\n> "])


@given(SECRETS, st.lists(UNSEEN, min_size=40, max_size=40), BETWEEN, st.booleans())
def test_what_nobody_sees_and_numbers_before_groups_change_nothing(
    secret: bytes, unseen: list[str], between: str, numbered: bool
) -> None:
    letters = format_code(secret, "receipt").replace("-", "")
    groups = []
    for at in range(0, 40, 5):
        group = "".join(unseen[at + n] + letters[at + n] for n in range(5))
        groups.append(f"{at // 5 + 1}. {group}" if numbered else group)
    assert parse_code(between.join(groups), "receipt") == secret


def test_forty_letters_in_a_run_are_cut_into_fives() -> None:
    code = SAMPLES[0]
    assert parse_code(code.replace("-", ""), kind_of(code)) == parse_code(code, kind_of(code))


@pytest.mark.parametrize(
    "text", ["", "   ", "lusab", "lusab-babad", "-".join(["lusab"] * 7), "-".join(["lusab"] * 9)]
)
def test_a_wrong_number_of_groups_is_named_as_such(text: str) -> None:
    problem = refusal(text, "receipt")
    assert (problem.code, problem.group, problem.correction) == ("code-malformed", 0, "")


@pytest.mark.parametrize("place", range(1, 9))
@pytest.mark.parametrize("group", ["lusa", "lusabb", "lasba", "lueab", "lu5ab", "lus\u00e4b", "xusab"])
def test_the_first_malformed_group_is_named(place: int, group: str) -> None:
    groups = SAMPLES[0].split("-")
    groups[place - 1 :] = [group] * (9 - place)
    problem = refusal("-".join(groups), "receipt")
    assert (problem.code, problem.group) == ("code-malformed", place)


@given(SECRETS, st.sampled_from(KINDS), st.sampled_from(KINDS))
def test_a_code_of_another_kind_is_told_from_a_typing_error(secret: bytes, kind: str, wanted: str) -> None:
    if kind != wanted:
        problem = refusal(format_code(secret, kind), wanted)
        assert (problem.code, problem.kind, problem.correction) == ("code-wrong-kind", kind, "")


@pytest.mark.parametrize("code", SAMPLES)
def test_every_slip_is_detected(code: str) -> None:
    kind = kind_of(code)
    for slip in letter_changes(code):
        assert refusal(slip, kind).code == "code-checksum"
    for slip in group_swaps(code):
        assert refusal(slip, kind).code == "code-checksum"
    swaps = letter_swaps(code)
    # Within a group a swap puts a vowel where a consonant belongs; over a border it stays well-formed.
    borders = [slip for slip in swaps if refusal(slip, kind).code == "code-checksum"]
    assert len(borders) <= 7
    assert all(refusal(slip, kind).code == "code-malformed" for slip in swaps if slip not in borders)


@pytest.mark.parametrize("code", SAMPLES)
def test_an_offered_correction_is_the_right_one(code: str) -> None:
    kind = kind_of(code)
    offers = [refusal(slip, kind).correction for slip in letter_changes(code) + letter_swaps(code)]
    assert set(offers) <= {code, ""}


def test_most_slips_are_corrected() -> None:
    shares = {}
    for name, slips in (("letters", letter_changes), ("swaps", letter_swaps), ("groups", group_swaps)):
        offers = [refusal(slip, kind_of(code)).correction == code for code in SAMPLES for slip in slips(code)]
        shares[name] = sum(offers) / len(offers)
    print({name: f"{share:.1%}" for name, share in shares.items()})  # noqa: T201 - a number we state
    assert shares["letters"] > 0.98
    assert shares["swaps"] > 0.98
    assert shares["groups"] > 0.98


def test_a_letter_outside_the_alphabet_is_corrected() -> None:
    code = SAMPLES[0]
    for at, letter in enumerate(code):
        if letter != "-":
            assert refusal(code[:at] + "e" + code[at + 1 :], kind_of(code)).correction == code


def syndrome(letters_changed: list[tuple[int, int]]) -> int:
    """What is left in the check when these bits (place of the letter, difference) change; CRC is linear."""
    widths = [2 if place % 5 % 2 else 4 for place in range(40)]
    number = 0
    for place in range(40):
        difference = sum(change for at, change in letters_changed if at == place)
        number = number << widths[place] | difference
    data = number.to_bytes(16, "big")
    return crc(data[:14]) ^ int.from_bytes(data[14:], "big")


def test_the_513_syndromes_are_different_and_no_two_kinds_differ_by_one() -> None:
    single = [
        syndrome([(place, change)]) for place in range(40) for change in range(1, len(letters_at(place)))
    ]
    borders = [
        syndrome([(place, change), (place + 1, change)])
        for place in range(4, 39, 5)
        for change in range(1, 16)
    ]
    found = single + borders
    assert len(single) == 8 * (3 * 15 + 2 * 3)
    assert len(set(found)) == len(found) == 513
    assert 0 not in found
    differences = {one ^ other for one in CONSTANTS.values() for other in CONSTANTS.values() if one != other}
    assert not differences & set(found)


def test_a_swap_of_groups_is_always_detected() -> None:
    # The difference of two neighbouring groups, d, at two places: the check of x^16 d + d must never be zero.
    for difference in (1 << bit for bit in range(16)):
        for at in range(7):
            data = bytearray(16)
            data[2 * at : 2 * at + 2] = data[2 * at + 2 : 2 * at + 4] = difference.to_bytes(2, "big")
            assert crc(bytes(data[:14])) ^ int.from_bytes(data[14:], "big") != 0
    ranks = [_rank_of_group_swaps(at) for at in range(7)]
    assert ranks == [16] * 7


def _rank_of_group_swaps(at: int) -> int:
    """The rank over GF(2) of the map from a difference to its syndrome: 16 means that only zero goes to zero."""
    basis: list[int] = []
    for bit in range(16):
        data = bytearray(16)
        data[2 * at : 2 * at + 2] = data[2 * at + 2 : 2 * at + 4] = (1 << bit).to_bytes(2, "big")
        vector = crc(bytes(data[:14])) ^ int.from_bytes(data[14:], "big")
        for held in basis:
            vector = min(vector, vector ^ held)
        if vector:
            basis.append(vector)
    return len(basis)


def test_a_randomly_wrong_code_seldom_gets_an_offer() -> None:
    given_ = random.Random(20260304)
    tries = 300
    offers = 0
    for _ in range(tries):
        letters = "".join(given_.choice(letters_at(at)) for at in range(40))
        try:
            parse_code(typed(letters), "receipt")
        except CodeError as problem:
            offers += bool(problem.correction)
    print(f"false offers: {offers / tries:.2%}")  # noqa: T201 - a number we state
    # 0.8 % are expected, two or three; with another seed more than seven would come once in hundreds of runs.
    assert 0 < offers <= 7


@given(st.text(max_size=60))
def test_any_text_is_either_a_code_or_refused(text: str) -> None:
    for kind in KINDS:
        with suppress(CodeError):
            assert len(parse_code(text, kind)) == 14


def test_the_check_is_the_remainder_of_the_polynomial() -> None:
    def slow(secret: bytes) -> int:
        number = int.from_bytes(secret, "big") << 16
        for bit in range(number.bit_length() - 1, 15, -1):
            if number >> bit & 1:
                number ^= 0x10021 << bit - 16
        return number

    for secret in [bytes(14), bytes(13) + b"\x01", *(of(f"secret {n}", 14) for n in range(20))]:
        assert crc(secret) == slow(secret)


def test_the_sentence_names_the_group_and_never_the_code() -> None:
    code = SAMPLES[0]
    problem = refusal("xusab" + code[5:], kind_of(code))
    assert "group 1" in str(problem)
    assert not any(word in str(problem) + repr(problem) for word in code.split("-")[1:])
