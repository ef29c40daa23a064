"""The path of it all: a report is sealed, stored blindly, opened, answered, and read again with the receipt."""

import pytest

from crypto.public.encoding import day_text, unb64, utc_day
from crypto.secret.codes import parse_code
from tests.kit.serving import Demo, drempel

ADVISERS = ["confidential-adviser-1", "confidential-adviser-2"]
HOSTILE = (
    "First line\r\nsecond line \x00 \x1b[31m \x9b31m \u2028 \x85 \ufeff\r\n"
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u0639\u0631\u0628\u064a \u202eesrever\u202c \u2067\u05e2\u2069\t \n"
)
LONG = "\U0001f9ea" * 40_000


def test_the_path_of_a_report_over_a_restart(own_demo: Demo) -> None:
    demo, today = own_demo, day_text(utc_day())
    sent = demo.report("Something is wrong.", "--kind", "wrongdoing").json
    assert list(sent) == ["receipt", "mailbox"]
    assert len(parse_code(sent["receipt"], "receipt")) == 14
    assert len(unb64(sent["mailbox"])) == 32
    others = sorted(set(demo.access_codes) - set(ADVISERS))
    assert len(others) == 4

    row = {
        "id": sent["mailbox"],
        "channel": "confidential-adviser",
        "kind": "wrongdoing",
        "day": today,
        "messages": 1,
    }
    for adviser in ADVISERS:
        assert demo.inbox(adviser, "list").json == {"conversations": [row]}
    for other in others:
        assert demo.inbox(other, "list").json == {"conversations": []}
        demo.inbox(other, "show", sent["mailbox"]).refused("no such conversation")
        demo.inbox(other, "reply", sent["mailbox"], text="Me too").refused("no such conversation")

    written = demo.inbox(ADVISERS[0], "reply", sent["mailbox"], text="Tell me more.").json
    assert list(written) == ["mailbox", "envelope"]
    assert written["mailbox"] == sent["mailbox"]
    assert len(unb64(written["envelope"])) == 16

    before = demo.codes
    demo.stop()
    demo.start()
    moved = {"url": "", "inbox": ""}
    assert {**demo.codes, **moved} == {**before, **moved}

    assert demo.inbox(ADVISERS[1], "reply", sent["mailbox"], text="I read it too.").json
    more = demo.receipt(sent["receipt"], "write", text="Thank you both.").json
    assert list(more) == ["mailbox", "envelope"]
    assert more["mailbox"] == sent["mailbox"]
    assert more["envelope"] != written["envelope"]

    said = [
        (None, "Something is wrong."),
        (ADVISERS[0], "Tell me more."),
        (ADVISERS[1], "I read it too."),
        (None, "Thank you both."),
    ]
    messages: list[dict[str, object]] = [
        {
            "from": "recipient" if author else "reporter",
            "recipient": author,
            "day": today,
            "body": body,
            "attachments": [],
        }
        for author, body in said
    ]
    seen = demo.receipt(sent["receipt"], "read").json
    assert seen == {"channel": "confidential-adviser", "messages": messages, "notices": []}
    assert list(seen) == ["channel", "messages", "notices"]
    for adviser in ADVISERS:
        shown = demo.inbox(adviser, "show", sent["mailbox"]).json
        head = {"id": sent["mailbox"], "channel": "confidential-adviser", "kind": "wrongdoing"}
        assert shown == {**head, "messages": messages, "notices": []}
        assert demo.inbox(adviser, "list").json == {"conversations": [{**row, "messages": 4}]}

    assert demo.receipt(sent["receipt"], "delete").json == {"deleted": True}
    for what, text in (("read", None), ("write", "again"), ("delete", None)):
        demo.receipt(sent["receipt"], what, text=text).refused("No report belongs", sent["receipt"])
    for adviser in ADVISERS:
        assert demo.inbox(adviser, "list").json == {"conversations": []}
        demo.inbox(adviser, "show", sent["mailbox"]).refused("no longer on the server")
        demo.inbox(adviser, "reply", sent["mailbox"], text="Hello?").refused("no longer on the server")


@pytest.mark.parametrize("text", [HOSTILE, LONG], ids=["hostile", "160 KB"])
def test_a_text_arrives_as_it_was_written(demo: Demo, text: str) -> None:
    sent = demo.report(text, channel="integrity-committee").json
    answer = demo.inbox("integrity-committee-2", "reply", sent["mailbox"], text=text).json
    assert answer["mailbox"] == sent["mailbox"]
    seen = demo.receipt(sent["receipt"], "read")
    assert [message["body"] for message in seen.json["messages"]] == [text, text]
    assert seen.out.isascii(), "a terminal could be played tricks on"
    shown = demo.inbox("integrity-committee-1", "show", sent["mailbox"]).json
    assert [message["body"] for message in shown["messages"]] == [text, text]
    assert shown["kind"] is None


def test_a_report_that_may_not_be_read_again_is_read_by_recipients_only(demo: Demo) -> None:
    sent = demo.report("Once.", "--not-rereadable", channel="complaints-committee").json
    shown = demo.inbox("complaints-committee-1", "show", sent["mailbox"]).json
    assert [message["body"] for message in shown["messages"]] == ["Once."]
    assert demo.inbox("complaints-committee-1", "reply", sent["mailbox"], text="Noted.").json
    seen = demo.receipt(sent["receipt"], "read").json
    assert [message["body"] for message in seen["messages"]] == ["Noted."]
    assert [notice["code"] for notice in seen["notices"]] == ["not-rereadable"]
    assert seen["channel"] == "complaints-committee"
    assert demo.receipt(sent["receipt"], "write", text="One more thing.").status == 0


def test_without_json_a_person_reads_text_that_plays_no_tricks(demo: Demo) -> None:
    sent = demo.report("One\r\ntwo \x1b[2J\x9b1m \u202e!").json
    ran = drempel("receipt", "read", "--server", demo.pinned, DREMPEL_RECEIPT=sent["receipt"])
    assert ran.status == 0, ran.err
    seen = ran.out
    assert "One\ntwo \ufffd[2J\ufffd1m \ufffd!" in seen
    assert "Channel: confidential-adviser" in seen
