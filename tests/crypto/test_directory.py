"""PROTOCOL 9: a directory is refused for the first thing that is wrong with it, and says which."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.public import signatures
from crypto.public.directory import Quote, Signers, accept_directory
from crypto.public.encoding import b64, day_text, hash_labelled, parse_object, write_object
from crypto.public.errors import DirectoryError
from crypto.public.signatures import make_dsse
from crypto.secret.directory_sign import make_directory
from tests.crypto.kit.organisation_builders import (
    ANNA,
    BERT,
    CARLA,
    DIRECTORY,
    ORGANISATION,
    ROOT,
    ROOT_KEY,
    TODAY,
    Json,
    channel,
    content,
    directory,
    of,
    resigned,
    successor,
)
from tests.kit.protocol import make_rotation

SEEDS = [of(f"custodian {number}") for number in range(4)]
KEYS = [signatures.public_key(seed) for seed in SEEDS]
TWO_OF_THREE = Signers(2, tuple(KEYS[:3]))


def signed(made: Json, seeds: list[bytes] | None = None) -> bytes:
    return make_directory(made, [ROOT] if seeds is None else seeds)


def refusal(data: bytes, **options: Any) -> str:
    with pytest.raises(DirectoryError) as caught:
        accept_directory(data, options.pop("today", TODAY), **options)
    return caught.value.code


def test_an_honest_directory_is_accepted() -> None:
    found = accept_directory(signed(content()), TODAY, pin=ORGANISATION)
    assert found.organisation == ORGANISATION == Signers(1, (ROOT_KEY,)).hash
    assert (found.version, found.slots) == (1, 4)
    assert found.hash == hash_labelled("directory", write_object(content()))
    assert found.signer_hashes == {ORGANISATION}
    assert found.signing_key("anna") == ANNA.signing_key
    assert (found.signing_key("dora"), found.channel("dora"), found.recipient("dora")) == (None, None, None)


def test_without_a_pin_the_organisation_is_the_one_it_says() -> None:
    assert accept_directory(signed(content()), TODAY).organisation == ORGANISATION


# Step 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        signed(content())[:-1],
        make_dsse(signatures.DIRECTORY, b"[]", [ROOT]),
        make_dsse(signatures.DIRECTORY, b"not json", [ROOT]),
        make_dsse(signatures.STATEMENT, write_object(content()), [ROOT]),
        write_object({**parse_object(signed(content())), "payloadType": "application/json"}),
        write_object(
            {**parse_object(signed(content())), "payloadType": "application/vnd.drempel.directory.x+json"}
        ),
    ],
)
def test_what_is_no_signed_object_is_no_directory(data: bytes) -> None:
    assert refusal(data, pin=of("another")) == "directory-format"


def test_a_newer_directory_is_named_as_such() -> None:
    made = resigned(parse_object(signed(content())), [ROOT], type_="application/vnd.drempel.directory.2+json")
    assert refusal(write_object(made)) == "directory-newer"


# Steps 2 to 5


def test_an_unsigned_directory_is_refused() -> None:
    assert refusal(signed(content(), [])) == "directory-unsigned"


def test_another_organisation_than_the_link_s_is_refused() -> None:
    assert refusal(signed(content()), pin=of("another")) == "directory-pin"
    assert refusal(signed(content(organisation="?")), pin=ORGANISATION) == "directory-pin"


@pytest.mark.parametrize("organisation", [b64(of("another")), "?", None, 3])
def test_signers_that_the_organisation_does_not_name_are_refused(organisation: object) -> None:
    assert refusal(signed(content(organisation=organisation))) == "directory-signers"


@pytest.mark.parametrize(
    "change",
    [
        {"signers": None},
        {"signers": []},
        {"signers": {"threshold": 1, "keys": []}},
        {"signers": {"threshold": 0, "keys": [b64(ROOT_KEY)]}},
        {"signers": {"threshold": 2, "keys": [b64(ROOT_KEY)]}},
        {"signers": {"threshold": True, "keys": [b64(ROOT_KEY)]}},
        {"signers": {"threshold": 2, "keys": [b64(ROOT_KEY)] * 2}},
        {"signers": {"threshold": 1, "keys": [b64(KEYS[0])]}},
        {"first_signers": None},
        {"first_signers": {"threshold": 1, "keys": [b64(KEYS[0])]}},
        {"rotations": ...},
        {"rotations": {}},
        {"rotations": [3]},
        {"rotations": [{}]},
    ],
)
def test_signers_of_another_form_are_refused(change: Json) -> None:
    assert refusal(signed(content(**change))) == "directory-signers"


@pytest.mark.parametrize("seeds", [SEEDS[:1], SEEDS])
def test_a_directory_signed_by_another_key_is_refused(seeds: list[bytes]) -> None:
    assert refusal(signed(content(), seeds)) == "directory-signature"


def test_a_directory_changed_after_signing_is_refused() -> None:
    value = parse_object(signed(content()))
    value["payload"] = b64(write_object(content(slug="other")))
    assert refusal(write_object(value)) == "directory-signature"


def test_a_signature_for_another_purpose_does_not_count() -> None:
    value = parse_object(make_dsse(signatures.STATEMENT, write_object(content()), [ROOT]))
    assert refusal(write_object({**value, "payloadType": signatures.DIRECTORY})) == "directory-signature"


@given(st.sets(st.integers(0, 3), min_size=1))
def test_two_of_three_must_sign(who: set[int]) -> None:
    made = content(organisation=b64(TWO_OF_THREE.hash), signers=TWO_OF_THREE.to_json())
    data = signed(made, [SEEDS[number] for number in sorted(who)])
    if len(who & {0, 1, 2}) >= 2:
        assert accept_directory(data, TODAY).organisation == TWO_OF_THREE.hash
    else:
        assert refusal(data) == "directory-signature"


def test_one_of_two_who_signs_twice_is_one() -> None:
    made = content(organisation=b64(TWO_OF_THREE.hash), signers=TWO_OF_THREE.to_json())
    assert refusal(signed(made, [SEEDS[0], SEEDS[0]])) == "directory-signature"


def test_the_organisation_id_does_not_depend_on_the_order_of_its_keys() -> None:
    assert Signers(2, tuple(reversed(KEYS[:3]))).hash == TWO_OF_THREE.hash
    assert Signers(1, tuple(KEYS[:3])).hash != TWO_OF_THREE.hash


# Rotations (9.5)

FIRST = Signers(1, (ROOT_KEY,))
SECOND = Signers(1, (KEYS[0],))
TO_SECOND = make_rotation(ORGANISATION, 1, SECOND, [ROOT])
TO_THREE = make_rotation(ORGANISATION, 2, TWO_OF_THREE, [SEEDS[0]])


def rotated(signers: Signers, *rotations: Json, **changes: Any) -> Json:
    made = {"first_signers": FIRST.to_json(), "signers": signers.to_json(), "rotations": list(rotations)}
    return content(**{**made, **changes})


def test_signers_change_and_the_organisation_stays() -> None:
    found = accept_directory(signed(rotated(SECOND, TO_SECOND), SEEDS[:1]), TODAY, pin=ORGANISATION)
    assert found.signer_hashes == {FIRST.hash, SECOND.hash}
    found = accept_directory(
        signed(rotated(TWO_OF_THREE, TO_SECOND, TO_THREE), SEEDS[:2]), TODAY, pin=ORGANISATION
    )
    assert found.organisation == ORGANISATION
    assert found.signers == TWO_OF_THREE
    assert found.signer_hashes == {FIRST.hash, SECOND.hash, TWO_OF_THREE.hash}


def test_the_order_of_keys_in_a_rotation_does_not_matter() -> None:
    other_order = Signers(2, tuple(reversed(KEYS[:3])))
    accept_directory(signed(rotated(other_order, TO_SECOND, TO_THREE), SEEDS[:2]), TODAY)


def test_the_first_signers_may_be_named_without_any_rotation() -> None:
    assert accept_directory(signed(rotated(FIRST)), TODAY).signers == FIRST


def test_those_who_signed_before_a_rotation_can_t_sign_after_it() -> None:
    assert refusal(signed(rotated(SECOND, TO_SECOND), [ROOT])) == "directory-signature"


def test_an_organisation_of_two_of_three_rotates_by_two_of_three() -> None:
    organisation = TWO_OF_THREE.hash
    made = {"organisation": b64(organisation), "first_signers": TWO_OF_THREE.to_json()}
    good = make_rotation(organisation, 1, FIRST, SEEDS[1:3])
    assert accept_directory(signed(rotated(FIRST, good, **made)), TODAY).organisation == organisation
    bad = make_rotation(organisation, 1, FIRST, SEEDS[1:2])
    assert refusal(signed(rotated(FIRST, bad, **made))) == "directory-signers"


BAD_CHAINS: dict[str, Json] = {
    "no rotation": rotated(SECOND),
    "stops half way": rotated(TWO_OF_THREE, TO_SECOND),
    "goes too far": rotated(SECOND, TO_SECOND, TO_THREE),
    "in the wrong order": rotated(TWO_OF_THREE, TO_THREE, TO_SECOND),
    "one left out": rotated(TWO_OF_THREE, TO_THREE),
    "twice": rotated(SECOND, TO_SECOND, TO_SECOND),
    "signed by the new key": rotated(SECOND, make_rotation(ORGANISATION, 1, SECOND, [SEEDS[0]])),
    "signed by nobody": rotated(SECOND, make_rotation(ORGANISATION, 1, SECOND, [])),
    "of another organisation": rotated(SECOND, make_rotation(of("another"), 1, SECOND, [ROOT])),
    "counted from 0": rotated(SECOND, make_rotation(ORGANISATION, 0, SECOND, [ROOT])),
    "counted by true": rotated(SECOND, resigned(TO_SECOND, [ROOT], sequence=True)),
    "of another type": rotated(SECOND, resigned(TO_SECOND, [ROOT], type_=signatures.DIRECTORY)),
    "to signers of another form": rotated(SECOND, resigned(TO_SECOND, [ROOT], signers={"threshold": 1})),
    "without the first signers": rotated(SECOND, TO_SECOND, first_signers=...),
    "back to the first, over 64": rotated(
        FIRST,
        *[
            make_rotation(
                ORGANISATION,
                number,
                FIRST if number % 2 == 0 else SECOND,
                [SEEDS[0] if number % 2 == 0 else ROOT],
            )
            for number in range(1, 67)
        ],
    ),
}


@pytest.mark.parametrize("chain", BAD_CHAINS)
def test_a_chain_of_rotations_that_does_not_lead_to_the_signers_is_refused(chain: str) -> None:
    assert refusal(signed(BAD_CHAINS[chain], [ROOT, *SEEDS])) == "directory-signers"


def test_a_newer_rotation_is_named_as_such() -> None:
    newer = resigned(TO_SECOND, [ROOT], type_="application/vnd.drempel.rotation.2+json")
    assert refusal(signed(rotated(SECOND, newer), SEEDS)) == "directory-newer"


# Step 6

NAMED = {"id": "x", "name": {"en": "X"}}
FORMER = ANNA.former(["conduct"], 1)
ROUTE = {"name": {"en": "Elsewhere"}, "url": "https://elsewhere.example"}

NO_URLS = [
    *(None, "", "elsewhere.example", "//elsewhere.example", "https:elsewhere.example", "https://", "tel:"),
    *(
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "ftp://elsewhere.example",
        "HTTPS://x.example",
    ),
    *(
        " https://x.example",
        "https://x.example\n",
        "https://x. example",
        "https://x.example/\x00",
        "java\tscript:x",
    ),
    *(
        "https://x.example/\x7f",
        "https://x.example/\xa0",
        "https://\u0435xample.org",
        "https://x.example/\u202e",
    ),
    "https://x.example/" + "x" * 2031,
]
URLS = ["https://x.example/" + "x" * 2030, "http://[::1]/?a=b#c", "mailto:a@x.example", "tel:+31-70-000"]

MALFORMED: list[Json] = [
    *({name: ...} for name in content() if name not in ("organisation", "signers", "rotations")),
    *({name: 3.5} for name in content() if name not in ("organisation", "signers", "rotations")),
    {"version": 0},
    {"version": True},
    {"version": 2**32},
    {"history": ["?"]},
    {"history": [b64(bytes(31))]},
    {"issued": "2026-02-30"},
    {"expires": day_text(TODAY - 11)},
    {"expires": day_text(TODAY - 10 + 367)},
    {"slug": "Example"},
    {"name": {}},
    {"name": {"EN": "Example"}},
    {"name": {"en": 3}},
    {"languages": []},
    {"languages": ["Dutch!"]},
    *({"slots": slots} for slots in (0, 1, 3, 5, 128, 4.0, True, "4")),
    {"kinds": [NAMED, NAMED]},
    {"kinds": [{"id": "x"}]},
    {"kinds": [{**NAMED, "id": f"k{number}"} for number in range(65)]},
    {"channels": [channel("one", [ANNA]), channel("one", [BERT])]},
    {"channels": [channel(f"c{number}", [ANNA]) for number in range(65)]},
    {"channels": [channel("one", [ANNA, ANNA])]},
    {"channels": [channel("one", [], recipients=["dora"])]},
    {"channels": [channel("one", [], kinds=["unknown"])]},
    {"channels": [channel("one", [], kinds=["fraud", "fraud"])]},
    {"channels": [channel("one", [ANNA, BERT, CARLA])], "slots": 2},
    {"channels": [channel("one", [], informed=["x"])]},
    {"channels": [channel("one", [], informed=None)]},
    {"channels": [channel("one", [], routes=[{"name": {"en": "x"}}])]},
    {"channels": [channel("one", [], routes=[{"name": "x", "url": "https://elsewhere.example"}])]},
    *({"channels": [channel("one", [], routes=[{**ROUTE, "url": url}])]} for url in NO_URLS),
    {"channels": [channel("one", [], description="x")]},
    {"recipients": [ANNA.listed(), ANNA.listed()]},
    {"recipients": [{**ANNA.listed(), "signing_key": "?"}, BERT.listed(), CARLA.listed()]},
    {"recipients": [{**ANNA.listed(), "role": None}, BERT.listed(), CARLA.listed()]},
    {"recipients": [*content()["recipients"], {**ANNA.listed(), "id": "reporter"}]},
    {"former": [{**FORMER, "until": 0}]},
    {"former": [{**FORMER, "channels": "conduct"}]},
    {"former": [{**FORMER, "channels": [3]}]},
    {"former": [{**FORMER, "signing_key": b64(bytes(31))}]},
    {"former": [{**FORMER, "id": None}]},
    *({"policy": {**content()["policy"], "retention_days": days}} for days in (0, 3651, None)),
    {"policy": {**content()["policy"], "acknowledge_days": -1}},
    {"policy": {**content()["policy"], "feedback_days": "90"}},
]


@pytest.mark.parametrize("change", MALFORMED, ids=lambda change: ",".join(change))
def test_a_member_of_another_form_is_refused(change: Json) -> None:
    assert refusal(signed(content(**change))) == "directory-format"


@pytest.mark.parametrize(
    "change",
    [
        {"unknown": 1.5},
        {"channels": []},
        {"channels": [channel("one", [ANNA], routes=[ROUTE], informed=[])]},
        {"channels": [channel("one", [ANNA], routes=[{**ROUTE, "url": url} for url in URLS])]},
        {"former": [FORMER, {**FORMER, "channels": ["gone"]}]},
        {"expires": day_text(TODAY - 10 + 366)},
        {"kinds": [], "channels": []},
        {"first_signers": FIRST.to_json()},
    ],
)
def test_what_the_form_allows_is_accepted(change: Json) -> None:
    accept_directory(signed(content(**change)), TODAY)


# Steps 7 to 9


@pytest.mark.parametrize(("version", "length"), [(1, 1), (2, 0), (2, 2), (5, 3)])
def test_a_history_of_another_length_is_refused(version: int, length: int) -> None:
    history = [b64(of(f"version {number}")) for number in range(length)]
    assert refusal(signed(content(version=version, history=history))) == "directory-chain"


def test_a_directory_is_good_from_two_days_before_until_its_last_day() -> None:
    data = signed(content(issued=day_text(TODAY), expires=day_text(TODAY + 30)))
    for today in (TODAY - 2, TODAY, TODAY + 30):
        accept_directory(data, today)
    assert refusal(data, today=TODAY - 3) == "directory-clock"
    assert refusal(data, today=TODAY + 31) == "directory-expired"


THIRD = successor(successor(DIRECTORY))


def again(found: Any) -> bytes:
    return signed(found.content)


def test_versions_seen_before_are_part_of_the_history() -> None:
    second = successor(DIRECTORY)
    accept_directory(again(THIRD), TODAY, seen=[DIRECTORY.quote, second.quote, THIRD.quote])
    assert all(THIRD.knows(quote) for quote in (DIRECTORY.quote, second.quote, THIRD.quote))


def test_an_older_version_than_one_seen_is_refused() -> None:
    assert refusal(again(DIRECTORY), seen=[THIRD.quote]) == "directory-rolled-back"


@pytest.mark.parametrize("version", [1, 2, 3])
def test_another_version_of_the_same_number_is_refused(version: int) -> None:
    assert refusal(again(THIRD), seen=[Quote(version, of("another"))]) == "directory-chain"
    assert not THIRD.knows(Quote(version, of("another")))


def test_a_version_nobody_can_have_seen_is_not_known() -> None:
    for found in (DIRECTORY, THIRD):
        assert not found.knows(Quote(0, of("x")))
        assert not found.knows(Quote(4, of("x")))


# The order of 9.4

LADDER: list[tuple[str, Callable[[Json], Json], Json]] = [
    ("directory-pin", lambda made: made, {"pin": of("another")}),
    ("directory-signers", lambda made: {**made, "rotations": [3]}, {}),
    ("directory-signature", lambda made: {**made, "signed_by": SEEDS[0]}, {}),
    ("directory-format", lambda made: {**made, "slug": "Not A Slug"}, {}),
    ("directory-chain", lambda made: {**made, "history": [b64(of("x"))]}, {}),
    (
        "directory-expired",
        lambda made: {**made, "issued": day_text(TODAY - 20), "expires": day_text(TODAY - 1)},
        {},
    ),
    ("directory-rolled-back", lambda made: made, {"seen": [Quote(1, of("x")), Quote(2, of("y"))]}),
    ("directory-chain", lambda made: made, {"seen": [Quote(1, of("x"))]}),
]


@pytest.mark.parametrize("rung", range(len(LADDER)))
def test_the_first_thing_that_is_wrong_is_the_one_that_is_told(rung: int) -> None:
    made = content()
    options: dict[str, Any] = {}
    for _, spoil, given_ in reversed(LADDER[rung:]):
        made = spoil(made)
        options = {**options, **given_}
    seed = made.pop("signed_by", ROOT)
    assert refusal(signed(made, [seed]), **options) == LADDER[rung][0]


def test_an_unsigned_directory_is_told_before_anything_in_it() -> None:
    assert refusal(signed(content(organisation="?", slug=3), []), pin=of("another")) == "directory-unsigned"


# 9.6


def test_a_listed_recipient_speaks_under_the_present_key_and_for_old_versions_under_the_former() -> None:
    found = directory(former=[{**CARLA.former(["conduct"], 9), "id": "anna"}])
    assert found.author_keys("anna", "conduct", 9) == [ANNA.signing_key, CARLA.signing_key]
    assert found.author_keys("anna", "conduct", 10) == [ANNA.signing_key]


def test_a_former_recipient_is_heard_up_to_the_version_they_left_at() -> None:
    other = of("anna's first seed")
    found = directory(
        channels=[channel("conduct", [BERT]), channel("safety", [BERT])],
        recipients=[BERT.listed()],
        former=[
            ANNA.former(["conduct"], 3),
            {**ANNA.former(["conduct"], 1), "signing_key": b64(signatures.public_key(other))},
            CARLA.former(["safety"], 5),
        ],
    )
    assert found.author_keys("anna", "conduct", 1) == [ANNA.signing_key, signatures.public_key(other)]
    assert found.author_keys("anna", "conduct", 3) == [ANNA.signing_key]
    assert found.author_keys("anna", "conduct", 4) == []
    assert found.author_keys("anna", "safety", 1) == []
    assert found.author_keys("carla", "safety", 5) == [CARLA.signing_key]
    assert found.author_keys("dora", "conduct", 1) == []


def test_a_recipient_of_another_channel_is_not_heard_in_this_one() -> None:
    assert DIRECTORY.author_keys("carla", "conduct", 1) == []
    assert DIRECTORY.author_keys("carla", "gone", 1) == []
    moved = directory(former=[CARLA.former(["conduct"], 1)])
    assert moved.author_keys("carla", "conduct", 1) == [CARLA.signing_key]
