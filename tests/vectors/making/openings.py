"""Vectors of opening envelopes (PROTOCOL 6.2 to 6.8), made by Python."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from crypto.public.encoding import b64
from crypto.public.envelope_format import parse_opening
from tests.crypto.kit.organisation_builders import ANNA, BERT, CARLA, ORGANISATION, WEEK, Json, Person, of
from tests.crypto.kit.report_builders import Forger, Report, draft, padded_message, report, sealed
from tests.vectors.making.maker import DAY, DIRECTORY_BYTES, TEXT, Maker, seeds_of


def make_openings(maker: Maker) -> None:
    """PROTOCOL 6.2 to 6.8. The bytes are kept; what is around them is made again."""
    directory = maker.file("directory.bin", DIRECTORY_BYTES)

    def given(made: Report, data: Json, someone: Person = ANNA, **change: Any) -> Json:
        place = {"creation": b64(made.creation.to_bytes()), "envelope": b64(made.envelope), "bytes": data}
        return {"directory": directory, "today": DAY, **place, "week_seeds": seeds_of(someone), **change}

    made, data = maker.once("report.bin", lambda: report(TEXT, seed=1))
    for someone in (ANNA, BERT):
        maker.ok(
            f"opening-{someone.id}",
            "A report, opened by a recipient.",
            "open-opening",
            given(made, data, someone),
            text=TEXT,
            secret=b64(made.opened_by(someone).secret),
        )
    maker.fails(
        "opening-carla",
        "A report, tried by somebody else.",
        "open-opening",
        given(made, data, CARLA),
        "envelope-no-slot",
    )
    parts = parse_opening(made.data)
    own = {"plaintext": b64(made.opened_by(ANNA).secret)}
    info = (
        b"drempel/1/slot\x01"
        + ORGANISATION
        + made.mailbox
        + made.envelope
        + WEEK.to_bytes(4, "big")
        + parts.commitment
    )
    for index, slot in enumerate(parts.slots):
        slot_given = {
            "seed": seeds_of(ANNA)[str(WEEK)][0],
            "info": b64(info + bytes([index])),
            "sealed": b64(slot),
        }
        try:
            maker.ok("slot-own", "A recipient's own slot.", "open-slot", slot_given, **own)
        except AssertionError:
            maker.fails(
                f"slot-{index}",
                "Another slot, somebody's or nobody's.",
                "open-slot",
                slot_given,
                "envelope-no-slot",
            )
    stub = b64(made.stub_key)
    receipt = {**given(made, data), "stub_key": stub}
    maker.ok("opening-receipt", "A report, read again by its receipt.", "open-with-receipt", receipt)
    maker.fails(
        "opening-stub",
        "The same, with a bit of the stub changed.",
        "open-with-receipt",
        {**receipt, "bytes": {**data, "xor": {str(71 + 4 * 1168 + 3): 4}}},
        "envelope-stub",
    )
    record = replace(made.creation, replace=of("another"))
    maker.fails(
        "opening-moved",
        "The same under another creation record.",
        "open-opening",
        {**given(made, data), "creation": b64(record.to_bytes())},
        "envelope-body",
    )
    hidden, data = maker.once("hidden.bin", lambda: report("Once only.", rereadable=False, seed=2))
    maker.ok(
        "opening-hidden",
        "A report that may not be read again, by its receipt.",
        "open-with-receipt",
        {**given(hidden, data), "stub_key": stub},
        message=None,
    )
    maker.ok(
        "opening-hidden-anna",
        "The same, by a recipient.",
        "open-opening",
        given(hidden, data),
        text="Once only.",
    )
    _make_forged_openings(maker, given)


def _make_forged_openings(maker: Maker, given: Callable[..., Json]) -> None:
    two, data = maker.once(
        "two-secrets.bin", lambda: Forger(draft(), slot_secrets=[of("Z"), of("other")]).report()
    )
    maker.ok(
        "opening-two-secrets-first",
        "Two recipients were given two secrets: the one that C commits to.",
        "open-opening",
        given(two, data),
    )
    maker.fails(
        "opening-two-secrets-second",
        "The same: the other one.",
        "open-opening",
        given(two, data, BERT),
        "envelope-commitment",
    )
    made = draft()
    forger, content_ = Forger(made), Forger(made).signed_content()
    forged: dict[str, tuple[str, Callable[[], Report]]] = {
        "envelope-record": (
            "The write token is not the server's.",
            replace(forger, block=replace(made.keys, write=of("another")).to_bytes()).report,
        ),
        "envelope-padding": (
            "A bit in the padding.",
            replace(forger, padded=padded_message(content_)[:-1] + b"\x01").report,
        ),
        "envelope-message": (
            "The text is not UTF-8.",
            replace(forger, padded=padded_message(forger.signed_content(text=b"\xff"))).report,
        ),
        "envelope-author": ("A stranger is named as author.", lambda: sealed(draft(author="carla"))),
        "envelope-signature": ("Signed by another than the one named.", lambda: sealed(draft(author="bert"))),
    }
    for code, (about, make) in forged.items():
        name = code.removeprefix("envelope-")
        wrong, data = maker.once(f"{name}.bin", make)
        maker.fails(f"opening-{name}", about, "open-opening", given(wrong, data), code)
