"""People who think again, go back, open another link: no text is lost, nothing untrue is said of what was sent."""

import threading
from collections.abc import Iterator

import pytest

from tests.browser.kit.attacks import meddled, nothing_ran
from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import Page
from tests.browser.kit.http_relay import HttpRelay, held, untouched
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.thread import at
from tests.kit.serving import Demo

CHANNEL = "integrity-committee"
TEXT = "Wat ik eerst schreef."
OTHER_PIN = "A" * 43


@pytest.fixture
def reporter(same_page: Page, demo: Demo, middle: HttpRelay) -> Iterator[Reporter]:
    """Somebody who has written a report and not sent it yet."""
    reporter = Reporter(same_page, middle.address(demo.pinned))
    reporter.arrive()
    reporter.begin()
    reporter.choose(CHANNEL)
    reporter.write(TEXT)
    reporter.receipt()
    yield reporter
    nothing_ran(same_page, middle)
    reporter.leave()


@pytest.fixture
def silence(middle: HttpRelay) -> Iterator[threading.Event]:
    """Whatever is sent is stored, and not answered before this is set."""
    answering = threading.Event()
    middle.tamper = meddled("mailboxes/", lambda true: held(true, answering), "PUT")
    yield answering
    answering.set()
    middle.tamper = untouched


def another_link(page: Page, pin: str) -> None:
    page.evaluate(f"void (location.hash = '#{pin}')")


def test_the_receipt_of_a_report_that_may_have_arrived_is_not_called_void(
    reporter: Reporter, demo: Demo, middle: HttpRelay, silence: threading.Event
) -> None:
    page = reporter.page
    first = reporter.receipt()
    reporter.confirm(first)
    page.click("#send")
    page.wait_until("document.querySelector('#stop') !== null")
    while not middle.asked("PUT", "/opening/"):
        page.wait_for("#stop")
    page.click("#stop")
    at(page, "write")
    assert page.text("#problem") == words("reporter", "error.stopped")
    assert page.value("#text") == TEXT
    page.type(" En meer.", into="#text")
    page.click("#next")
    page.wait_for_text(words("reporter", "receipt.renewed.perhaps"), "#renewed")
    assert reporter.receipt() != first
    assert [it["body"] for it in demo.receipt(first, "read").json["messages"]] == [TEXT]


def test_with_another_link_nothing_is_verified_and_the_text_can_be_copied(
    reporter: Reporter, demo: Demo
) -> None:
    page = reporter.page
    another_link(page, OTHER_PIN)
    at(page, "unusable")
    assert page.text("#kept") == TEXT
    assert page.evaluate("document.querySelector('#organisation').textContent") == ""
    another_link(page, demo.pinned.partition("#")[2])
    page.wait_for("#begin:enabled")
    assert page.text("#verified summary") == words("reporter", "verified")
    reporter.begin()
    page.click("#to-text")
    assert page.value("#text") == TEXT


def test_who_is_done_is_told_of_what_was_not_sent(reporter: Reporter, demo: Demo) -> None:
    page = reporter.page
    receipt = reporter.receipt()
    reporter.confirm(receipt)
    reporter.send()
    reporter.come_back(receipt)
    page.type(TEXT, into="#reply")
    page.click("#close")
    page.wait_for_text(words("reporter", "thread.unsent"), "#problem")
    assert page.value("#reply") == TEXT
    page.click("#close")
    page.wait_until("location.href === 'about:blank'")
    reporter.arrive()


def test_an_inbox_is_verified_by_the_link_that_stands_there(
    same_page: Page, demo: Demo, middle: HttpRelay
) -> None:
    inbox = Inbox(same_page, middle.address(demo.pinned))
    inbox.arrive()
    same_page.wait_for("#verified")
    another_link(same_page, OTHER_PIN)
    same_page.wait_for_text(words("inbox", "error.directory-pin"), "#problem")
    assert not same_page.is_visible("#verified")
    nothing_ran(same_page, middle)
