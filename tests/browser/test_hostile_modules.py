"""A page that does not arrive whole says so, loses nothing that was typed, and works once the rest has come."""

from collections.abc import Iterator

import pytest

from tests.browser.breaking import PAGE, PASSING, Break
from tests.browser.catalogue import words
from tests.browser.driver import Page
from tests.browser.inbox import Inbox
from tests.browser.meddling import Ask, nothing_ran, written
from tests.browser.reporter import Reporter
from tests.browser.tampering import Reply, Tamper, Tampering, altered, cut, untouched
from tests.browser.wire import Request
from tests.serving import Demo

TYPED = "Wat ik zag."
UNAVAILABLE = PASSING["unavailable"]
HALF: Break = lambda true: cut(true, len(true.raw) // 2)  # noqa: E731  # a name for each way
A_PAGE: Break = lambda true: altered(true, body=PAGE, content_type="text/html")  # noqa: E731


def file(path: str, broken: Break) -> Tamper:
    """A server with one file that does not arrive."""

    def tamper(request: Request, ask: Ask) -> Reply:
        return broken(ask()) if request.path == f"/static/{path}" else ask()

    return tamper


@pytest.fixture
def reporter(same_page: Page, demo: Demo, middle: Tampering) -> Iterator[Reporter]:
    """A reporter whose page works in the end; that files failed on the way is no error of the page."""
    reporter = Reporter(same_page, middle.address(demo.pinned))
    yield reporter
    assert written(middle) == []
    same_page.forget()
    nothing_ran(same_page, middle)


@pytest.mark.parametrize(
    ("path", "broken"),
    [
        ("js/reporter/worker.js", UNAVAILABLE),
        ("js/reporter/worker.js", HALF),
        ("js/crypto/envelope.js", HALF),
        ("js/crypto/envelope.js", A_PAGE),
    ],
)
def test_a_worker_that_does_not_arrive(
    reporter: Reporter, middle: Tampering, path: str, broken: Break
) -> None:
    page = reporter.page
    middle.tamper = file(path, broken)
    page.go(reporter.url)
    if page.browser == "firefox" and path != "js/reporter/worker.js":
        # Firefox says nothing of a module that another one wanted, so the document's own words have to do.
        page.wait_until(
            "performance.getEntriesByName(location.origin + '/static/locales/reporter.nl.json').length > 0"
        )
        assert page.text("#loading") == words("reporter", "start.loading")
        assert page.is_visible("#begin:disabled")
        middle.tamper = untouched
        page.reload()
    else:
        page.wait_for_text(words("reporter", "error.page-incomplete"), "#main")
        assert words("reporter", "unusable.nothing") in page.text("#main")
        middle.tamper = untouched
        page.click("#retry")
    page.wait_for("#begin:enabled")
    reporter.begin()


def test_a_worker_that_does_not_arrive_later_costs_no_text(reporter: Reporter, middle: Tampering) -> None:
    page = reporter.page
    reporter.arrive()
    reporter.begin()
    reporter.choose("confidential-adviser")
    page.type(TYPED, into="#text")
    middle.tamper = file("js/reporter/worker.js", UNAVAILABLE)
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


@pytest.mark.parametrize("path", ["js/reporter/main.js", "js/reporter/reporting.js", "js/ui/screen.js"])
def test_a_script_that_does_not_arrive_leaves_the_documents_own_words(
    reporter: Reporter, middle: Tampering, path: str
) -> None:
    page = reporter.page
    middle.tamper = file(path, UNAVAILABLE)
    page.go(reporter.url)
    page.wait_for("#loading")
    assert page.text("#loading") == words("reporter", "start.loading")
    assert page.is_visible("#begin:disabled")
    middle.tamper = untouched
    page.reload()
    page.wait_for("#begin:enabled")


@pytest.mark.parametrize("broken", [UNAVAILABLE, A_PAGE])
def test_a_catalogue_that_does_not_arrive_is_asked_for_again(
    reporter: Reporter, middle: Tampering, broken: Break
) -> None:
    page = reporter.page
    middle.tamper = file("locales/reporter.nl.json", broken)
    page.go(reporter.url)
    page.wait_until(
        "performance.getEntriesByName(location.origin + '/static/locales/reporter.nl.json').length > 0"
    )
    assert page.text("#loading") == words("reporter", "start.loading")
    assert page.is_visible("#begin:disabled")
    middle.tamper = untouched
    page.wait_for("#begin:enabled")


def test_another_language_that_does_not_arrive_leaves_this_one(reporter: Reporter, middle: Tampering) -> None:
    page = reporter.page
    reporter.arrive()
    reporter.begin()
    reporter.choose("confidential-adviser")
    page.type(TYPED, into="#text")
    for broken in (UNAVAILABLE, HALF):
        middle.tamper = file("locales/reporter.en.json", broken)
        page.click("#en")
        page.wait_for_text(words("reporter", "error.language"), "#status")
        assert page.text("h1") == words("reporter", "write.title")
        assert page.value("#text") == TYPED
    middle.tamper = untouched
    reporter.speak("en")
    page.wait_for_text(words("reporter", "write.title", "en"), "h1")
    assert page.value("#text") == TYPED


@pytest.mark.parametrize("broken", [UNAVAILABLE, HALF, A_PAGE])
def test_what_only_a_return_needs_does_not_arrive(
    reporter: Reporter, demo: Demo, middle: Tampering, broken: Break
) -> None:
    page = reporter.page
    receipt = demo.report(TYPED).json["receipt"]
    reporter.arrive()
    middle.tamper = file("js/reporter/visiting.js", UNAVAILABLE)
    page.click("#return")
    page.wait_for_text(words("reporter", "error.page-incomplete"), "#problem")
    middle.tamper = file("locales/returning.nl.json", broken)
    reporter.arrive()
    page.click("#return")
    page.wait_for_text(words("reporter", "error.page-incomplete"), "#problem")
    middle.tamper = file("js/reporter/returning.js", UNAVAILABLE)
    reporter.arrive()
    reporter.enter(receipt)
    page.click("#open")
    page.wait_for_text(words("reporter", "error.page-incomplete"), "#problem")
    assert page.value("#code") == receipt
    middle.tamper = untouched
    reporter.come_back(receipt)
    assert [it.text for it in reporter.messages()] == [TYPED]


@pytest.fixture
def inbox(same_page: Page, demo: Demo, middle: Tampering) -> Iterator[Inbox]:
    inbox = Inbox(same_page, middle.address(demo.pinned))
    yield inbox
    inbox.open(demo.access_codes["confidential-adviser-1"])
    same_page.forget()
    nothing_ran(same_page, middle)


def test_an_inboxs_worker_that_does_not_arrive(inbox: Inbox, middle: Tampering) -> None:
    middle.tamper = file("js/inbox/worker.js", HALF)
    inbox.page.go(inbox.url)
    inbox.page.wait_for_text(words("inbox", "error.page-incomplete"), "#problem")
    assert not any("/api/" in it.path for it in middle.requests)
    middle.tamper = untouched


def test_a_part_of_an_inboxs_worker_that_does_not_arrive(inbox: Inbox, demo: Demo, middle: Tampering) -> None:
    page, code = inbox.page, demo.access_codes["confidential-adviser-1"]
    middle.tamper = file("js/crypto/keyring.js", HALF)
    page.go(inbox.url)
    if page.browser == "firefox":
        page.type(code, into="#code")
        page.click("#enter")
        page.wait_for_text(words("inbox", "activity.load"), "#sign-in")
        assert page.value("#code") == code
    else:
        page.wait_for_text(words("inbox", "error.page-incomplete"), "#problem")
    assert not any("/api/" in it.path for it in middle.requests)
    middle.tamper = untouched


@pytest.mark.parametrize("path", ["js/inbox/main.js", "js/inbox/list.js"])
def test_an_inboxs_script_that_does_not_arrive(inbox: Inbox, middle: Tampering, path: str) -> None:
    middle.tamper = file(path, UNAVAILABLE)
    inbox.page.go(inbox.url)
    inbox.page.wait_for("#loading")
    assert inbox.page.is_visible("#enter:disabled")
    middle.tamper = untouched


def test_an_inboxs_catalogue_that_does_not_arrive(inbox: Inbox, middle: Tampering) -> None:
    middle.tamper = file("locales/inbox.nl.json", UNAVAILABLE)
    inbox.page.go(inbox.url)
    inbox.page.wait_until(
        "performance.getEntriesByName(location.origin + '/static/locales/inbox.nl.json').length > 0"
    )
    assert inbox.page.is_visible("#loading")
    middle.tamper = untouched
    inbox.page.wait_for("#enter:enabled")
