"""Broken answers to a recipient's page: code and answer stay in their fields, and what is sent arrives once."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest

from tests.browser.conftest import BROWSERS, Lasting, as_new
from tests.browser.kit.attacks import meddled, nothing_ran
from tests.browser.kit.broken_answers import broken
from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import Page
from tests.browser.kit.http_relay import HttpRelay, Tamper, redirect, relaying, untouched
from tests.browser.kit.inbox import Inbox
from tests.kit.serving import Demo

# What the page and its Worker make of it: the engine has no part in it.
pytestmark = pytest.mark.one_class

ADVISER = "confidential-adviser-1"
ANSWER = "Dank u. Wie was daar nog bij?"


@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        (meddled("sign-in", broken("page"), "POST"), "answer-damaged"),
        (meddled("sign-in", broken("recipient-nobody"), "POST"), "keyring-locked"),
        (meddled("inbox/keyring", broken("without-end")), "answer-damaged"),
    ],
)
def test_a_sign_in_that_is_none_keeps_the_code_in_its_field(
    same_page: Page, demo: Demo, middle: HttpRelay, tamper: Tamper, code: str
) -> None:
    inbox = Inbox(same_page, middle.address(demo.pinned))
    inbox.arrive()
    middle.tamper = tamper
    typed = demo.access_codes[ADVISER]
    same_page.type(typed, into="#code")
    same_page.click("#enter")
    same_page.wait_for_text(words("inbox", f"error.{code}"), "#problem")
    assert same_page.value("#code") == typed
    assert not any(typed in it.raw.decode("latin-1") for it in middle.requests)
    assert middle.asked("PUT", "/api/") == []
    middle.tamper = untouched
    same_page.wait_for("#enter:enabled")
    same_page.click("#enter")
    same_page.wait_for("[data-screen=list]")
    nothing_ran(same_page, middle)


@dataclass(frozen=True)
class Answering:
    """A recipient who has typed an answer, in a conversation of their own."""

    inbox: Inbox
    middle: HttpRelay
    demo: Demo

    def stored(self) -> int:
        """How many envelopes the server has."""
        with closing(sqlite3.connect(self.demo.data / "store.sqlite")) as store:
            [(count,)] = store.execute(
                "SELECT (SELECT count(*) FROM mailbox) + (SELECT count(*) FROM envelope)"
            )
        return int(count)

    def type(self) -> tuple[int, int]:
        """Type an answer; how many envelopes and messages there are."""
        self.middle.requests.clear()
        # What was said last stands over the end of the window: a person scrolls on.
        self.inbox.page.evaluate("document.querySelector('#send').scrollIntoView({block: 'center'})")
        self.inbox.page.type(ANSWER, into="#text")
        return self.stored(), len(self.inbox.messages())

    def arrived_once(self, before: tuple[int, int]) -> None:
        """Wait until it is there, and assert that it is there once, from the very same bytes."""
        envelopes, messages = before
        self.inbox.page.wait_until(f"document.querySelectorAll('#thread .message').length === {messages + 1}")
        assert self.inbox.messages()[-1].text == ANSWER
        assert self.inbox.page.value("#text") == ""
        assert self.stored() == envelopes + 1
        assert len({it.raw for it in self.middle.asked("PUT", "mailboxes/")}) == 1
        nothing_ran(self.inbox.page, self.middle)


@pytest.fixture(scope="module", params=BROWSERS)
def answering(lasting: Lasting, demo: Demo, request: pytest.FixtureRequest) -> Iterator[Answering]:
    demo.report("Wat ik zag.", "--kind", "behaviour")
    with relaying(demo.url) as middle:
        inbox = Inbox(as_new(lasting(request.param, 1)), middle.address(demo.pinned))
        inbox.open(demo.access_codes[ADVISER])
        inbox.read()
        yield Answering(inbox, middle, demo)


def test_an_answer_is_sent_again_by_itself(answering: Answering) -> None:
    page = answering.inbox.page
    before = answering.type()
    answering.middle.tamper = meddled("mailboxes/", broken("no-answer"), "PUT")
    page.click("#send")
    page.wait_for_text(words("inbox", "error.server-unreachable"), "#waiting")
    assert page.value("#text") == ANSWER
    answering.middle.tamper = untouched
    answering.arrived_once(before)


def test_sending_an_answer_can_be_stopped(answering: Answering) -> None:
    page = answering.inbox.page
    before = answering.type()
    answering.middle.tamper = meddled("mailboxes/", broken("page-unavailable"), "PUT")
    page.click("#send")
    page.wait_for("#waiting")
    page.click("#stop")
    page.wait_for_text(words("inbox", "error.stopped"), "#problem")
    assert page.value("#text") == ANSWER
    answering.middle.tamper = untouched
    page.click("#send")
    answering.arrived_once(before)


@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        (meddled("mailboxes/", broken("mailbox-full-409"), "PUT"), "mailbox-full"),
        (meddled("mailboxes/", broken("mailbox-unknown-404-written"), "PUT"), "mailbox-unknown"),
        (meddled("mailboxes/", broken("page"), "PUT"), "answer-damaged"),
    ],
)
def test_a_refused_answer_stays_in_its_field(answering: Answering, tamper: Tamper, code: str) -> None:
    page = answering.inbox.page
    before = answering.type()
    answering.middle.tamper = tamper
    page.click("#send")
    page.wait_for_text(words("inbox", f"error.{code}"), "#problem")
    assert page.value("#text") == ANSWER
    answering.middle.tamper = untouched
    page.click("#send")
    answering.arrived_once(before)


def test_an_answer_is_not_taken_elsewhere(answering: Answering) -> None:
    page = answering.inbox.page
    before = answering.type()
    with relaying(answering.demo.url) as elsewhere:
        target = elsewhere.address(f"{answering.demo.url}taken", "drempel.test")
        answering.middle.tamper = meddled("mailboxes/", lambda _: redirect(target, 307), "PUT")
        page.click("#send")
        page.wait_for_text(words("inbox", "error.server-unreachable"), "#waiting")
        answering.middle.tamper = untouched
        page.wait_until("document.querySelector('#waiting') === null")
        assert elsewhere.requests == []
    page.forget()  # Firefox calls a forbidden redirect an error of the page
    answering.arrived_once(before)
