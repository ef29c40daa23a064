"""Fields are read when what stands in them is needed.

Programs that fill in forms put it there without an event, and a page that waits for one would say that nothing was
written, and erase it.
"""

import json

import pytest

from tests.browser.kit.driver import Page
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.thread import at
from tests.kit.serving import Demo

TEXT = "Wat hier staat, is alleen voor de test."
CHANNEL = "confidential-adviser"
OTHER, RECIPIENT = "integrity-committee", "integrity-committee-1"


def put(page: Page, css: str, value: str) -> None:
    """Put a text into a field as a program does: without an event."""
    page.evaluate(f"void (document.querySelector({json.dumps(css)}).value = {json.dumps(value)})")


def tick(page: Page, css: str, on: bool) -> None:
    page.evaluate(f"void (document.querySelector({json.dumps(css)}).checked = {json.dumps(on)})")


@pytest.fixture
def reporter(same_page: Page, demo: Demo) -> Reporter:
    reporter = Reporter(same_page, demo.pinned)
    reporter.arrive()
    return reporter


def groups_typed(reporter: Reporter, receipt: str) -> None:
    """Put the two groups that are asked back into their fields."""
    for field in ("#group-1", "#group-2"):
        place = reporter.page.attribute(field, "data-group")
        assert place is not None
        put(reporter.page, field, receipt.split("-")[int(place) - 1])


def test_a_report_that_was_filled_in_without_an_event_is_sent(reporter: Reporter) -> None:
    page = reporter.page
    reporter.begin()
    tick(page, f"#channel-{CHANNEL}", on=True)
    page.click("#next")
    at(page, "write")
    put(page, "#text", TEXT)
    tick(page, "#rereadable", on=False)
    page.click("#next")
    receipt = reporter.receipt()
    page.click("#next")
    at(page, "confirm")
    groups_typed(reporter, receipt)
    page.click("#en")
    page.wait_for_text("No, only what follows it", "#will-be-rereadable")
    assert page.value("#group-1") in receipt.split("-")
    reporter.send()
    reporter.arrive()
    page.click("#return")
    at(page, "return")
    put(page, "#code", receipt)
    page.click("#open")
    at(page, "thread")
    assert reporter.messages() == []


def test_what_was_put_there_stays_when_the_screen_is_drawn_anew(reporter: Reporter) -> None:
    page = reporter.page
    reporter.begin()
    reporter.choose(CHANNEL)
    put(page, "#text", "   ")
    page.click("#next")
    page.wait_for("#problem")
    put(page, "#text", TEXT)
    tick(page, "#rereadable", on=False)
    reporter.speak("en")
    assert page.value("#text") == TEXT
    assert not page.evaluate("document.querySelector('#rereadable').checked")
    page.click("#back")
    at(page, "channel")
    page.click("#next")
    at(page, "write")
    assert page.value("#text") == TEXT


def test_a_message_and_an_answer_that_were_put_there_arrive(
    reporter: Reporter, demo: Demo, same_page: Page
) -> None:
    page = same_page
    receipt = demo.report(TEXT, channel=OTHER).json["receipt"]
    reporter.come_back(receipt)
    put(page, "#reply", "Nog iets.")
    reporter.speak("en")
    assert page.value("#reply") == "Nog iets."
    put(page, "#reply", "Nog iets anders.")
    page.click("#send-reply")
    page.wait_for("[data-screen=thread] #done")
    assert [it.text for it in reporter.messages()] == [TEXT, "Nog iets anders."]
    assert page.value("#reply") == ""

    inbox = Inbox(page, demo.pinned)
    inbox.arrive()
    put(page, "#code", demo.access_codes[RECIPIENT])
    page.click("#enter")
    page.wait_for("[data-screen=list] #conversation-0")
    inbox.refresh()
    place = inbox.fresh()
    inbox.read(place)
    put(page, "#text", "Dank u.")
    inbox.speak("nl")
    assert page.value("#text") == "Dank u."
    page.click("#lock")
    page.wait_for("#dialog")
    page.click("#stay")
    page.click("#send")
    page.wait_until("document.querySelectorAll('#thread .message').length === 3")
    assert (inbox.messages()[-1].text, page.value("#text")) == ("Dank u.", "")
    put(page, "#text", "Vergeten.")
    page.click("#lock")
    page.wait_for("#dialog")
    page.click("#lock-now")
    at(page, "locked")
    page.type(demo.access_codes[RECIPIENT], into="#code")
    page.click("#enter")
    page.wait_for("[data-screen=list] #conversation-0")
    inbox.read(place)
    assert page.value("#text") == ""


def test_a_text_field_has_one_direction_that_of_its_first_letter(reporter: Reporter) -> None:
    page = reporter.page
    reporter.begin()
    reporter.choose(CHANNEL)
    style = "getComputedStyle(document.querySelector('#text'))"
    for text, direction in {"1. שלום\nabc": "rtl", "abc\nשלום": "ltr"}.items():
        page.clear("#text")
        page.insert(text, into="#text")
        assert page.evaluate(f"{style}.direction") == direction
        assert page.evaluate(f"{style}.unicodeBidi") != "plaintext"
