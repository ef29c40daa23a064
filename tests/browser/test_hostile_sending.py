"""A report that the server does not want, not yet, or only seems to take: it arrives once, and no letter is lost."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.browser.kit.attacks import Ask, meddled, nothing_ran
from tests.browser.kit.broken_answers import Break, broken
from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import Page
from tests.browser.kit.http_relay import (
    HttpRelay,
    Reply,
    Tamper,
    answer,
    cut,
    redirect,
    relaying,
    untouched,
)
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.wire import Request
from tests.kit.serving import Demo, Server, demo_in

# What the page and its Worker make of it: the engine has no part in it.
pytestmark = pytest.mark.one_class

CHANNEL = "integrity-committee"
OPENING = "mailboxes/"


def first(times: int, then: Tamper, reply: Break) -> Tamper:
    """Breaks so many answers to a report, of which the server knows all the same; then behaves."""
    left = [times]

    def tamper(request: Request, ask: Ask) -> Reply:
        if request.method != "PUT" or not left[0]:
            return then(request, ask)
        left[0] -= 1
        return reply(ask())

    return tamper


def never_asked(times: int, reply: Reply) -> Tamper:
    """Answers so many times without a word to the server."""
    left = [times]

    def tamper(request: Request, ask: Ask) -> Reply:
        if request.method != "PUT" or not left[0]:
            return ask()
        left[0] -= 1
        return reply

    return tamper


class Sending:
    """A reporter who is about to send a text that is nowhere else."""

    def __init__(self, page: Page, demo: Demo, url: str) -> None:
        self.demo = demo
        self.text = f"Een melding van {page.browser}, {demo.starts}."
        self.before = self.received()
        self.reporter = Reporter(page, url)
        self.reporter.arrive()
        self.reporter.begin()
        self.reporter.choose(CHANNEL)
        self.reporter.write(self.text)
        self.receipt = self.reporter.receipt()
        self.reporter.confirm(self.receipt)

    def received(self) -> int:
        """How many reports the server has."""
        with closing(sqlite3.connect(self.demo.data / "store.sqlite")) as store:
            [(count,)] = store.execute("SELECT count(*) FROM mailbox")
        return int(count)

    def arrived_once(self) -> None:
        """Assert that it is there, once, and that the receipt opens it."""
        assert self.received() == self.before + 1
        self.reporter.come_back(self.receipt)
        assert [it.text for it in self.reporter.messages()] == [self.text]


@pytest.fixture
def sending(same_page: Page, demo: Demo, middle: HttpRelay) -> Iterator[Sending]:
    yield Sending(same_page, demo, middle.address(demo.pinned))
    nothing_ran(same_page, middle)


def one_body(middle: HttpRelay, times: int) -> None:
    """It was sent so many times at least, each time byte for byte the same."""
    sent = middle.asked("PUT", OPENING)
    assert len(sent) >= times
    assert len({(it.path, it.body) for it in sent}) == 1


def test_sending_goes_on_by_itself(sending: Sending, middle: HttpRelay) -> None:
    page = sending.reporter.page
    middle.tamper = meddled(OPENING, broken("page-unavailable"), "PUT")
    page.click("#send")
    page.wait_for_text(words("reporter", "waiting.unavailable"), "#status")
    assert sending.reporter.screen == "sending"
    middle.tamper = untouched
    page.wait_for("[data-screen=received]")
    one_body(middle, 2)
    sending.arrived_once()


def test_sending_can_be_hurried_and_stopped_and_begun_again(sending: Sending, middle: HttpRelay) -> None:
    page = sending.reporter.page
    middle.tamper = never_asked(1_000, answer(503))
    page.click("#send")
    page.click("#hurry")
    page.click("#stop")
    page.wait_for_text(words("reporter", "error.stopped"), "#problem")
    assert sending.reporter.screen == "write"
    assert page.value("#text") == sending.text
    assert sending.received() == sending.before
    middle.tamper = untouched
    page.click("#next")
    assert sending.reporter.receipt() == sending.receipt
    sending.reporter.confirm(sending.receipt)
    sending.reporter.send()
    one_body(middle, 2)
    sending.arrived_once()


def test_what_is_no_confirmation_is_not_taken_for_one(sending: Sending, middle: HttpRelay) -> None:
    """A page of whoever stands between is a 200 as well."""
    page = sending.reporter.page
    middle.tamper = never_asked(1, broken("page")(answer(200)))
    page.click("#send")
    page.wait_for_text(words("reporter", "error.answer-damaged"), "#problem")
    assert sending.reporter.screen == "write"
    assert page.value("#text") == sending.text
    assert sending.received() == sending.before
    page.click("#next")
    sending.reporter.confirm(sending.reporter.receipt())
    sending.reporter.send()
    one_body(middle, 2)
    sending.arrived_once()


def test_a_report_that_is_stored_and_not_confirmed_is_not_doubled(
    sending: Sending, middle: HttpRelay
) -> None:
    middle.tamper = first(2, untouched, lambda true: cut(true, 0))
    sending.reporter.send()
    one_body(middle, 3)
    sending.arrived_once()


def test_a_code_that_is_taken_is_replaced_before_anything_is_believed(
    sending: Sending, middle: HttpRelay
) -> None:
    page = sending.reporter.page
    refusal = json.dumps({"status": 409, "title": "x", "code": "conflict"}).encode()
    middle.tamper = never_asked(1, answer(409, refusal, content_type="application/problem+json"))
    page.click("#send")
    page.wait_for_text(words("reporter", "error.conflict"), "#problem")
    assert page.value("#text") == sending.text
    page.click("#next")
    old, sending.receipt = sending.receipt, sending.reporter.receipt()
    assert sending.receipt != old
    assert page.text("#renewed") == words("reporter", "receipt.renewed")
    sending.reporter.confirm(sending.receipt)
    sending.reporter.send()
    sending.arrived_once()


@pytest.mark.parametrize("status", [302, 307])
def test_a_report_is_not_taken_elsewhere(
    sending: Sending, demo: Demo, middle: HttpRelay, status: int
) -> None:
    page = sending.reporter.page
    with relaying(demo.url) as elsewhere:
        target = elsewhere.address(f"{demo.url}taken", "drempel.test")
        middle.tamper = meddled(OPENING, lambda _: redirect(target, status), "PUT")
        page.click("#send")
        page.wait_for_text(words("reporter", "waiting.unreachable"), "#status")
        middle.tamper = untouched
        page.wait_for("[data-screen=received]")
        assert elsewhere.requests == []
    page.forget()  # Firefox calls a forbidden redirect an error of the page
    sending.arrived_once()


@pytest.fixture(scope="module")
def restarting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo_in(tmp_path_factory.mktemp("restarting")) as made:
        yield made


def test_a_server_that_is_stopped_and_started_again_gets_it(same_page: Page, restarting: Demo) -> None:
    demo = restarting
    sending = Sending(same_page, demo, demo.pinned)
    port = demo.url.split(":")[2].split("/")[0]
    demo.stop()
    same_page.click("#send")
    same_page.wait_for_text(words("reporter", "waiting.unreachable"), "#status")
    demo.starts += 1
    command = ["demo", "--port", port, "--data", str(demo.data), "--json"]
    demo.server = Server(command, demo.logs / f"again-{demo.starts}")
    same_page.wait_for("[data-screen=received]")
    sending.arrived_once()
    nothing_ran(same_page)
