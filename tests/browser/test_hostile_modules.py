"""A page that does not arrive whole says so, loses nothing that was typed, and works once the rest has come."""

from collections.abc import Iterator

import pytest

from tests.browser.kit.attacks import Ask, nothing_ran, written
from tests.browser.kit.broken_answers import Break, broken
from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import Page
from tests.browser.kit.http_relay import HttpRelay, Reply, Tamper, altered, cut, untouched
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.unscripted import says_what_to_do_without
from tests.browser.kit.wire import Request
from tests.kit.serving import Demo

# Each test is another file of which the same ways to fail are shown, in turn in both browsers.
pytestmark = pytest.mark.one_class

TYPED = "Wat ik zag."
UNAVAILABLE = broken("page-unavailable")
HALF: Break = lambda true: cut(true, len(true.raw) // 2)  # noqa: E731  # a name for each way
WIFI = b"<!doctype html><title>Wi-Fi</title>"
# With the server's own headers, so that it is the type that is refused.
A_PAGE: Break = lambda true: altered(true, body=WIFI, content_type="text/html")  # noqa: E731


def file(path: str, reply: Break) -> Tamper:
    """A server with one file that does not arrive."""

    def tamper(request: Request, ask: Ask) -> Reply:
        return reply(ask()) if request.path == f"/static/{path}" else ask()

    return tamper


@pytest.fixture
def reporter(same_page: Page, demo: Demo, middle: HttpRelay) -> Iterator[Reporter]:
    """A reporter whose page works in the end; that files failed on the way is no error of the page."""
    reporter = Reporter(same_page, middle.address(demo.pinned))
    yield reporter
    assert written(middle) == []
    same_page.forget()
    nothing_ran(same_page, middle)


@pytest.mark.parametrize("reply", [UNAVAILABLE, HALF, A_PAGE])
def test_a_worker_that_does_not_arrive(reporter: Reporter, middle: HttpRelay, reply: Break) -> None:
    page = reporter.page
    middle.tamper = file("pages/reporter-worker.js", reply)
    page.go(reporter.url)
    page.wait_for_text(words("reporter", "error.page-incomplete"), "#main")
    assert words("reporter", "unusable.nothing") in page.text("#main")
    middle.tamper = untouched
    page.click("#retry")
    page.wait_for("#begin:enabled")
    reporter.begin()


def test_a_worker_that_does_not_arrive_later_costs_no_text(reporter: Reporter, middle: HttpRelay) -> None:
    page = reporter.page
    reporter.arrive()
    reporter.begin()
    reporter.choose("confidential-adviser")
    page.type(TYPED, into="#text")
    middle.tamper = file("pages/reporter-worker.js", UNAVAILABLE)
    page.evaluate("location.hash = ''")  # another link in the same tab begins anew
    page.wait_for_text(words("reporter", "error.page-incomplete"), "#main")
    assert words("reporter", "unusable.kept") in page.text("#main")
    middle.tamper = untouched
    page.click("#retry")
    page.wait_for("#begin:enabled")
    reporter.begin()
    page.click("#next")
    page.wait_for("#text")
    assert page.value("#text") == TYPED


@pytest.mark.parametrize("reply", [UNAVAILABLE, HALF, A_PAGE])
def test_a_script_that_does_not_arrive_leaves_the_documents_own_words(
    reporter: Reporter, middle: HttpRelay, reply: Break
) -> None:
    page = reporter.page
    middle.tamper = file("pages/reporter.js", reply)
    page.go(reporter.url)
    page.wait_for("#loading")
    assert page.text("#loading") == words("reporter", "start.loading")
    says_what_to_do_without(page)
    middle.tamper = untouched
    page.reload()
    page.wait_for("#begin:enabled")


@pytest.mark.parametrize("reply", [UNAVAILABLE, A_PAGE])
def test_a_catalogue_that_does_not_arrive_is_asked_for_again(
    reporter: Reporter, middle: HttpRelay, reply: Break
) -> None:
    page = reporter.page
    middle.tamper = file("locales/reporter.nl.json", reply)
    page.go(reporter.url)
    page.wait_until(
        "performance.getEntriesByName(location.origin + '/static/locales/reporter.nl.json').length > 0"
    )
    assert page.text("#loading") == words("reporter", "start.loading")
    assert page.is_visible("#begin:disabled")
    middle.tamper = untouched
    page.wait_for("#begin:enabled")


def test_another_language_that_does_not_arrive_leaves_this_one(reporter: Reporter, middle: HttpRelay) -> None:
    page = reporter.page
    reporter.arrive()
    reporter.begin()
    reporter.choose("confidential-adviser")
    page.type(TYPED, into="#text")
    for reply in (UNAVAILABLE, HALF):
        middle.tamper = file("locales/reporter.en.json", reply)
        page.click("#en")
        page.wait_for_text(words("reporter", "error.language"), "#status")
        assert page.text("h1") == words("reporter", "write.title")
        assert page.value("#text") == TYPED
    middle.tamper = untouched
    reporter.speak("en")
    page.wait_for_text(words("reporter", "write.title", "en"), "h1")
    assert page.value("#text") == TYPED


@pytest.mark.parametrize("reply", [UNAVAILABLE, HALF, A_PAGE])
def test_what_only_a_return_needs_does_not_arrive(
    reporter: Reporter, demo: Demo, middle: HttpRelay, reply: Break
) -> None:
    page = reporter.page
    receipt = demo.report(TYPED).json["receipt"]
    reporter.arrive()
    middle.tamper = file("pages/reporter-visit.js", reply)
    page.click("#return")
    page.wait_for_text(words("reporter", "error.page-incomplete"), "#problem")
    middle.tamper = file("locales/returning.nl.json", reply)
    reporter.arrive()
    page.click("#return")
    page.wait_for_text(words("reporter", "error.page-incomplete"), "#problem")
    middle.tamper = file("pages/reporter-worker-visit.js", reply)
    reporter.arrive()
    reporter.enter(receipt)
    page.click("#open")
    page.wait_for_text(words("reporter", "error.page-incomplete"), "#problem")
    assert page.value("#code") == receipt
    middle.tamper = untouched
    reporter.come_back(receipt)
    assert [it.text for it in reporter.messages()] == [TYPED]


@pytest.fixture
def inbox(same_page: Page, demo: Demo, middle: HttpRelay) -> Iterator[Inbox]:
    inbox = Inbox(same_page, middle.address(demo.pinned))
    yield inbox
    inbox.open(demo.access_codes["confidential-adviser-1"])
    same_page.forget()
    nothing_ran(same_page, middle)


@pytest.mark.parametrize("reply", [UNAVAILABLE, HALF, A_PAGE])
def test_an_inboxs_worker_that_does_not_arrive(inbox: Inbox, middle: HttpRelay, reply: Break) -> None:
    middle.tamper = file("pages/recipient-worker.js", reply)
    inbox.page.go(inbox.url)
    inbox.page.wait_for_text(words("inbox", "error.page-incomplete"), "#problem")
    assert not any("/api/" in it.path for it in middle.requests)
    middle.tamper = untouched


@pytest.mark.parametrize("reply", [HALF, A_PAGE])
def test_an_inboxs_script_that_does_not_arrive(inbox: Inbox, middle: HttpRelay, reply: Break) -> None:
    middle.tamper = file("pages/recipient.js", reply)
    inbox.page.go(inbox.url)
    inbox.page.wait_for("#loading")
    says_what_to_do_without(inbox.page)
    middle.tamper = untouched


def test_an_inboxs_catalogue_that_does_not_arrive(inbox: Inbox, middle: HttpRelay) -> None:
    middle.tamper = file("locales/inbox.nl.json", UNAVAILABLE)
    inbox.page.go(inbox.url)
    inbox.page.wait_until(
        "performance.getEntriesByName(location.origin + '/static/locales/inbox.nl.json').length > 0"
    )
    assert inbox.page.is_visible("#loading")
    middle.tamper = untouched
    inbox.page.wait_for("#enter:enabled")
