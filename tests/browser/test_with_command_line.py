"""The pages and the command line are two clients of one thing: what one writes, the other reads, to the byte."""

import pytest

from intake.cli.shared.texts import with_line_ends
from tests.browser.conftest import BrowserLauncher
from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import Page, poll
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.keyring_reader import kept_heads, stored_keyring
from tests.browser.kit.reporter import Reporter
from tests.kit.serving import Demo

# What the page and its Worker make of it: the engine has no part in it.
pytestmark = pytest.mark.one_class

CHANNEL, RECIPIENT = "integrity-committee", "integrity-committee-1"
# Emoji of several parts, right to left with marks of direction, combining marks in an order of their own, a line
# separator, tabs and spaces at both ends.
STRANGE = (
    "\t Familie: \U0001f468\u200d\U0001f469\u200d\U0001f467, vlag: \U0001f3f3\ufe0f\u200d\U0001f308\n"
    "\u0639\u0631\u0628\u064a \u202eesrever\u202c \u2067\u05e2\u05d1\u05e8\u05d9\u05ea\u2069\n"
    "e\u0301 \u00e9 a\u0323\u0302 a\u0302\u0323 \u2028 \ufeff <b>&amp;</b> {n} %0d \\u0041\n\n\ttab\t\n  spaties  \n"
)
# A field of a page knows no other line ends than one character; whatever comes from elsewhere may have these.
FOREIGN = f"One\r\ntwo\rthree\r\n\r\n{STRANGE}\r\n \x00 \x1b[31m \x85"


@pytest.fixture
def both(launch: BrowserLauncher, browser: str, demo: Demo) -> tuple[Reporter, Inbox]:
    page = launch(browser)
    return Reporter(page, demo.pinned), Inbox(page, demo.pinned)


def paste(page: Page, text: str, field: str, send: str, done: str) -> None:
    page.insert(text, into=field)
    page.click(send)
    page.wait_for(done)


def test_a_report_from_the_page_is_read_and_answered_on_the_command_line(
    both: tuple[Reporter, Inbox], demo: Demo
) -> None:
    reporter, _ = both
    receipt = reporter.report(CHANNEL, STRANGE, kind="integrity", rereadable=False, pasted=True)
    [row] = demo.inbox(RECIPIENT, "list").json["conversations"]
    assert (row["channel"], row["kind"], row["messages"]) == (CHANNEL, "integrity", 1)
    shown = demo.inbox(RECIPIENT, "show", row["id"]).json
    assert [(it["from"], it["body"]) for it in shown["messages"]] == [("reporter", STRANGE)]
    assert demo.inbox(RECIPIENT, "reply", row["id"], text=FOREIGN).json

    reporter.come_back(receipt)
    assert [(it.own, it.text) for it in reporter.messages()] == [(False, with_line_ends(FOREIGN))]
    assert reporter.notices() == ["not-rereadable"]
    assert words("reporter", "notice.not-rereadable") in reporter.page.text("[data-notice=not-rereadable]")
    paste(reporter.page, STRANGE, "#reply", "#send-reply", "#done")
    shown = demo.inbox(RECIPIENT, "show", row["id"]).json
    assert [it["body"] for it in shown["messages"]] == [STRANGE, FOREIGN, STRANGE]
    assert shown["notices"] == []
    seen = demo.receipt(receipt, "read").json
    assert [it["body"] for it in seen["messages"]] == [FOREIGN, STRANGE]
    assert [it["code"] for it in seen["notices"]] == ["not-rereadable"]

    reporter.delete()
    assert demo.inbox(RECIPIENT, "list").json == {"conversations": []}
    demo.inbox(RECIPIENT, "show", row["id"]).refused("no longer on the server")
    demo.receipt(receipt, "read").refused("No report belongs", receipt)
    assert reporter.page.errors() == []


def test_a_report_from_the_command_line_is_read_and_answered_on_the_pages(
    both: tuple[Reporter, Inbox], demo: Demo
) -> None:
    reporter, inbox = both
    sent = demo.report(FOREIGN, "--kind", "integrity", channel=CHANNEL).json
    inbox.open(demo.access_codes[RECIPIENT])
    place = inbox.fresh()
    known = inbox.conversations()[place]
    assert (known.title, known.channel) == ("Integriteitsschending", "Integriteitscommissie")
    assert [(it.own, it.text) for it in inbox.read(place)] == [(False, with_line_ends(FOREIGN))]
    paste(inbox.page, STRANGE, "#text", "#send", "#thread li:nth-child(2)")
    assert [(it.own, it.text) for it in inbox.messages()] == [
        (False, with_line_ends(FOREIGN)),
        (True, with_line_ends(STRANGE)),
    ]
    seen = demo.receipt(sent["receipt"], "read").json
    assert [it["body"] for it in seen["messages"]] == [FOREIGN, STRANGE]
    assert (seen["messages"][1]["recipient"], seen["notices"]) == (RECIPIENT, [])

    reporter.come_back(sent["receipt"])
    assert [(it.own, it.text) for it in reporter.messages()] == [
        (True, with_line_ends(FOREIGN)),
        (False, with_line_ends(STRANGE)),
    ]
    assert demo.receipt(sent["receipt"], "delete").json == {"deleted": True}
    reporter.page.click("#refresh")
    reporter.page.wait_for("#problem")
    assert reporter.problem == words("reporter", "error.receipt-unknown")
    assert reporter.page.errors() == []


def test_a_keyring_goes_to_and_fro_between_page_and_command_line(
    both: tuple[Reporter, Inbox], browser: str, demo: Demo
) -> None:
    _, inbox = both
    recipient = {"chromium": "complaints-committee-1", "firefox": "complaints-committee-2"}[browser]
    code = demo.access_codes[recipient]
    first = demo.report("First.", channel="complaints-committee").json
    assert demo.inbox(recipient, "show", first["mailbox"]).json
    second = demo.report("Second.", "--kind", "behaviour", channel="complaints-committee").json

    inbox.open(code)
    fresh = {it.title: it.fresh for it in inbox.conversations()}
    assert fresh == {"Melding": False, "Ongewenste omgangsvormen": True}
    inbox.read(inbox.fresh())
    inbox.reply("Answered on the page.")
    before = kept_heads(demo, recipient)
    assert before.keys() == {first["mailbox"], second["mailbox"]}
    inbox.back()
    inbox.lock()
    poll(lambda: kept_heads(demo, recipient) != before, lambda: "the answer is not noted")
    written = stored_keyring(demo, recipient)

    rows = demo.inbox(recipient, "list").json["conversations"]
    assert {it["id"]: it["messages"] for it in rows} == {first["mailbox"]: 1, second["mailbox"]: 2}
    shown = demo.inbox(recipient, "show", second["mailbox"]).json
    assert [it["body"] for it in shown["messages"]] == ["Second.", "Answered on the page."]
    assert shown["notices"] == []
    assert stored_keyring(demo, recipient) == written, "the command line found something to put right"

    assert demo.receipt(second["receipt"], "write", text="Written on.").json
    inbox.open(code)
    assert inbox.conversations()[inbox.fresh()].title == "Ongewenste omgangsvormen"
    assert [it.text for it in inbox.read(inbox.fresh())] == [
        "Second.",
        "Answered on the page.",
        "Written on.",
    ]
    for sent in (first, second):
        demo.receipt(sent["receipt"], "delete")
    inbox.back()
    inbox.refresh()
    assert inbox.conversations() == []
    assert inbox.page.text("#gone") == words("inbox", "list.gone.other", n=2)
    assert inbox.page.errors() == []
