"""Vectors of what travels (PROTOCOL 5, 12), made by Python."""

from dataclasses import replace
from typing import Any

from crypto.public.answers import DayItem, StoredEnvelope, build_mailbox_answer
from crypto.public.encoding import b64
from tests.crypto.kit.organisation_builders import RECEIPT, TODAY, Json, keys_of, of
from tests.crypto.kit.report_builders import draft
from tests.kit.protocol import build_day_answer, build_list
from tests.vectors.making.maker import Maker


def make_wire(maker: Maker) -> None:
    """PROTOCOL 5.3, 12.4, 12.5 and 12.10."""
    made = draft()
    creation, token = made.creation.to_bytes(), keys_of(RECEIPT).read
    item = StoredEnvelope(of("an id", 16), TODAY, b"any bytes")

    def given(what: str, data: bytes, **more: Any) -> Json:
        return {"what": what, "bytes": b64(data), **more}

    def fails(name: str, about: str, code: str, made: Json) -> None:
        maker.fails(f"wire-{name}", about, "parse-wire", made, code)

    maker.ok("wire-creation", "A creation record.", "parse-wire", given("creation", creation))
    fails("creation-cut", "The last byte is missing.", "envelope-header", given("creation", creation[:-1]))
    fails("creation-suite", "Another suite.", "envelope-suite", given("creation", b"\x02" + creation[1:]))
    answer = build_mailbox_answer(token, creation, [item])
    maker.ok(
        "wire-mailbox",
        "The answer to a return visit.",
        "parse-wire",
        given("mailbox-answer", answer, read=b64(token)),
    )
    fails(
        "mailbox-unknown",
        "The same, to another token.",
        "receipt-unknown",
        given("mailbox-answer", answer, read=b64(of("x"))),
    )
    fails(
        "mailbox-cut",
        "Half of it.",
        "answer-damaged",
        given("mailbox-answer", answer[:32_768], read=b64(token)),
    )
    twice = build_mailbox_answer(token, creation, [item, item])
    fails("mailbox-twice", "One id twice.", "answer-damaged", given("mailbox-answer", twice, read=b64(token)))
    late = build_mailbox_answer(token, creation, [replace(item, day=2_932_897)])
    fails(
        "mailbox-late",
        "A day after 9999-12-31.",
        "answer-damaged",
        given("mailbox-answer", late, read=b64(token)),
    )
    day = build_day_answer([DayItem(made.creation.mailbox, item, creation), DayItem(of("m"), item, None)])
    maker.ok("wire-day", "A day of the inbox.", "parse-wire", given("day", day))
    maker.ok(
        "wire-day-empty",
        "A day without anything.",
        "parse-wire",
        given("day", build_day_answer([])),
    )
    fails("day-cut", "Cut off at the end of an item.", "answer-damaged", given("day", day[:-36]))
    fails("day-count", "One item fewer than it says.", "answer-damaged", given("day", day[:-1] + b"\x03"))
    until = build_list([(made.creation.mailbox, TODAY.to_bytes(4, "big")), (of("m"), bytes(4))])
    ids = build_list([(made.creation.mailbox, item.id), (of("m"), of("another id", 16))])
    maker.ok("wire-list-mailboxes", "A list of mailboxes.", "parse-wire", given("list", until, told=4))
    maker.ok("wire-list-ids", "A list of envelopes.", "parse-wire", given("list", ids, told=16))
    fails("list-cut", "Cut off at the end of an item.", "answer-damaged", given("list", until[:-36], told=4))
    fails(
        "list-width",
        "A list of envelopes, read as one of mailboxes.",
        "answer-damaged",
        given("list", ids, told=4),
    )
