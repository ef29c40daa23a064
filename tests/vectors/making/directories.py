"""Vectors of directories and statements (PROTOCOL 9, 10), made by Python."""

from typing import Any, Final

from crypto.public import signatures
from crypto.public.directory import Signers
from crypto.public.encoding import b64, day_text, parse_object, write_object
from crypto.secret.directory_sign import make_directory
from tests.crypto.kit.organisation_builders import (
    ANNA,
    BERT,
    DIRECTORY,
    ORGANISATION,
    ROOT,
    TODAY,
    WEEK,
    Json,
    content,
    of,
    resigned,
)
from tests.kit.protocol import make_rotation
from tests.vectors.making.maker import DAY, Maker

SIGNERS: Final = Signers(2, tuple(signatures.public_key(of(f"custodian {number}")) for number in range(3)))
CUSTODIANS: Final = [of(f"custodian {number}") for number in range(3)]


def make_directories(maker: Maker) -> None:
    """PROTOCOL 9."""

    def given(made: Json, seeds: list[bytes] | None = None, **more: Any) -> Json:
        return {"bytes": b64(make_directory(made, [ROOT] if seeds is None else seeds)), "today": DAY, **more}

    def fails(name: str, about: str, code: str, made: Json) -> None:
        maker.fails(f"directory-{name}", about, "accept-directory", made, code)

    first = {"threshold": 1, "keys": [b64(signatures.public_key(ROOT))]}
    rotation = make_rotation(ORGANISATION, 1, SIGNERS, [ROOT])
    rotated = content(first_signers=first, signers=SIGNERS.to_json(), rotations=[rotation])
    maker.ok(
        "directory", "A directory, with a pin.", "accept-directory", given(content(), pin=b64(ORGANISATION))
    )
    maker.ok(
        "directory-rotated",
        "The signers changed to two of three.",
        "accept-directory",
        given(rotated, CUSTODIANS[1:], pin=b64(ORGANISATION)),
        organisation=b64(ORGANISATION),
    )
    unknown = {**parse_object(make_directory(content(unknown=[1.5, 10**30]), [ROOT])), "more": None}
    maker.ok(
        "directory-unknown",
        "Members that nobody knows.",
        "accept-directory",
        {"bytes": b64(write_object(unknown)), "today": DAY},
    )
    fails(
        "one-of-three",
        "One of the two that must sign.",
        "directory-signature",
        given(rotated, CUSTODIANS[:1]),
    )
    fails("format", "An id in capitals.", "directory-format", given(content(slug="Example")))
    fails("slots", "Slots as a fraction.", "directory-format", given(content(slots=4.0)))
    newer = resigned(
        parse_object(make_directory(content(), [ROOT])),
        [ROOT],
        type_="application/vnd.drempel.directory.2+json",
    )
    fails(
        "newer",
        "The type of a later version.",
        "directory-newer",
        {"bytes": b64(write_object(newer)), "today": DAY},
    )
    fails("unsigned", "Nobody signed it.", "directory-unsigned", given(content(organisation="?"), []))
    fails(
        "pin",
        "Another organisation than the link's.",
        "directory-pin",
        given(content(), pin=b64(of("another"))),
    )
    fails(
        "signers",
        "The chain of signers stops too early.",
        "directory-signers",
        given({**rotated, "rotations": []}, CUSTODIANS),
    )
    fails("rotations", "Rotations that are no list.", "directory-signers", given(content(rotations={})))
    later = resigned(rotation, [ROOT], type_="application/vnd.drempel.rotation.3+json")
    fails(
        "newer-rotation",
        "A rotation of a later version.",
        "directory-newer",
        given({**rotated, "rotations": [later]}, CUSTODIANS),
    )
    fails("chain", "A history that is too long.", "directory-chain", given(content(history=[b64(bytes(32))])))
    fails(
        "expired",
        "It was good until yesterday.",
        "directory-expired",
        given(content(expires=day_text(TODAY - 1))),
    )
    fails(
        "clock", "It is dated in three days.", "directory-clock", given(content(issued=day_text(TODAY + 3)))
    )
    seen = [{"version": 1, "hash": b64(of("x"))}, {"version": 2, "hash": b64(of("y"))}]
    fails(
        "rolled-back",
        "A newer version and another one of this number were seen: the first is told.",
        "directory-rolled-back",
        given(content(), seen=seen),
    )
    fails(
        "fork", "Another version of this number was seen.", "directory-chain", given(content(), seen=seen[:1])
    )


def make_statements(maker: Maker) -> None:
    """PROTOCOL 10."""
    stated, key = ANNA.states(DIRECTORY), ANNA.week_keys(WEEK)[0].public
    base = {
        "directory": {"file": "python-directory.bin"},
        "today": DAY,
        "recipient": "anna",
        "statement": stated,
    }
    maker.ok("statement", "A recipient's statement.", "accept-statement", base, counter=1)
    bad = resigned(stated, [ANNA.signing_seed], counter=-1)
    maker.fails(
        "statement-format",
        "A counter below zero.",
        "accept-statement",
        {**base, "statement": bad},
        "statement-format",
    )
    newer = resigned(stated, [ANNA.signing_seed], type_="application/vnd.drempel.statement.2+json")
    maker.fails(
        "statement-newer",
        "The type of a later version.",
        "accept-statement",
        {**base, "statement": newer},
        "directory-newer",
    )
    other = resigned(stated, [BERT.signing_seed])
    maker.fails(
        "statement-signature",
        "Signed by another recipient.",
        "accept-statement",
        {**base, "statement": other},
        "statement-signature",
    )
    maker.ok(
        "week-key", "The key of the first week.", "check-week-key", {**base, "week": WEEK, "key": b64(key)}
    )
    maker.fails(
        "week-key-other",
        "The key of another week.",
        "check-week-key",
        {**base, "week": WEEK + 1, "key": b64(key)},
        "statement-key",
    )
    maker.fails(
        "week-key-after",
        "The 27th week.",
        "check-week-key",
        {**base, "week": WEEK + 26, "key": b64(key)},
        "statement-expired",
    )
    people = [
        {"recipient": who.id, "statement": who.states(DIRECTORY), "key": b64(who.week_keys(WEEK)[0].public)}
        for who in (ANNA, BERT)
    ]
    answer = {"day": DAY, "week": WEEK, "recipients": people}
    asked = {
        "directory": base["directory"],
        "today": DAY,
        "keys": answer,
        "channel": "conduct",
        "kind": "fraud",
        "without": [],
    }
    maker.ok("addressees", "Everybody of a channel.", "addressees", asked, recipients=["anna", "bert"])
    maker.ok(
        "addressees-without",
        "All but those whose absence was accepted.",
        "addressees",
        {**asked, "channel": "safety", "without": ["carla"]},
        recipients=["bert"],
    )
    maker.fails(
        "addressees-missing",
        "Somebody has no keys.",
        "addressees",
        {**asked, "channel": "safety"},
        "recipient-unreachable",
    )
    maker.fails(
        "addressees-none",
        "Nobody has keys.",
        "addressees",
        {**asked, "keys": {**answer, "recipients": []}},
        "channel-closed",
    )
    maker.fails(
        "addressees-channel",
        "No such channel.",
        "addressees",
        {**asked, "channel": "gone"},
        "channel-unknown",
    )
    maker.fails(
        "addressees-kind", "Not that kind of report.", "addressees", {**asked, "kind": "gone"}, "kind-unknown"
    )
    maker.fails(
        "addressees-clock",
        "The server is three days ahead.",
        "addressees",
        {**asked, "keys": {**answer, "day": day_text(TODAY + 3)}},
        "clock-wrong",
    )
