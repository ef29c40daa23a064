"""An inbox that nobody touches locks by itself; and whatever way it ends, nothing of it is left in the browser."""

from collections.abc import Iterator

import pytest

from tests.browser.conftest import BROWSERS, BrowserLauncher, Lasting, as_new
from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import Page, poll
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.thread import at
from tests.kit.serving import Demo

REPORT = "De aanbesteding was vooraf beslist, en wel in de kantine."
ANSWER = "Dank u wel. Wie zaten er in de kantine?"
RECIPIENT = "confidential-adviser-1"
MINUTE = 60_000
# The wall's clock of the page; its timers go on as they do.
LATER = "((own) => { const now = own.now; own.now = () => now() + %d; })(window.Date)"


@pytest.fixture(scope="module", autouse=True)
def report(demo: Demo) -> None:
    """One report is there to be read."""
    assert demo.report(REPORT).status == 0


@pytest.fixture(scope="module", params=BROWSERS)
def page(lasting: Lasting, request: pytest.FixtureRequest) -> Iterator[Page]:
    page = as_new(lasting(request.param, 0))
    yield page
    assert page.errors() == []


@pytest.fixture
def inbox(page: Page, demo: Demo) -> Inbox:
    """A recipient who is reading the report."""
    inbox = Inbox(page, demo.pinned)
    inbox.open(demo.access_codes[RECIPIENT])
    assert [it.text for it in inbox.read()] == [REPORT]
    assert page.workers() == 1
    return inbox


def later(page: Page, minutes: float) -> None:
    """So many minutes pass, and the page looks at the clock, as it does when a person comes back to its window."""
    page.evaluate(LATER % (minutes * MINUTE))
    page.evaluate("dispatchEvent(new Event('focus'))")


def nothing_left(page: Page, demo: Demo) -> None:
    """Neither in the page nor behind it."""
    at(page, "locked")
    shown = page.evaluate("document.documentElement.outerHTML")
    for text in (
        REPORT,
        ANSWER,
        "Confidential adviser 1",
        "Vertrouwenspersoon 1",
        demo.access_codes[RECIPIENT],
    ):
        assert text not in shown
    fields = "Array.from(document.querySelectorAll('input, textarea'), (e) => [e.id, e.value])"
    assert sorted(page.evaluate(fields)) == [["code", ""], ["username", "demo"]]
    poll(lambda: page.workers() == 0, lambda: "the worker goes on")
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def test_an_inbox_that_nobody_touches_warns_and_then_locks(inbox: Inbox, demo: Demo) -> None:
    page = inbox.page
    later(page, 13.9)
    assert not page.is_visible("#dialog")
    later(page, 0.2)
    page.wait_for("#dialog.idle")
    assert words("inbox", "idle.words") in page.text("#dialog")
    seconds = page.text("#idle-seconds")
    page.wait_until(f"document.querySelector('#idle-seconds').textContent !== '{seconds}'")
    later(page, 1)
    at(page, "locked")
    assert page.text(".lead") == words("inbox", "locked.idle")
    nothing_left(page, demo)


def test_only_the_answer_to_the_warning_counts_as_somebody(inbox: Inbox) -> None:
    page = inbox.page
    page.type(ANSWER, into="#text")
    later(page, 14.1)
    page.wait_for("#dialog.idle")
    assert words("inbox", "idle.unsent") in page.text("#dialog")
    page.press("Shift")  # a knock against the table
    assert page.is_visible("#dialog")
    page.click("#stay")
    page.wait_gone("#dialog")
    assert (page.value("#text"), page.is_focused("#text")) == (ANSWER, True)
    later(page, 13.9)
    page.press("Shift")
    later(page, 13.9)
    assert not page.is_visible("#dialog"), "who touches a key is there"
    later(page, 0.2)
    page.wait_for("#dialog.idle")
    page.press("Escape")
    page.wait_gone("#dialog")
    page.clear("#text")


def test_a_device_that_wakes_after_hours_shows_nothing_first(inbox: Inbox, demo: Demo) -> None:
    later(inbox.page, 600)
    nothing_left(inbox.page, demo)


def test_a_lock_with_an_answer_unsent_asks_and_covers_what_is_there(inbox: Inbox, demo: Demo) -> None:
    page = inbox.page
    page.type(ANSWER, into="#text")
    page.click("#lock")
    page.wait_for("#dialog.locking")
    assert words("inbox", "lock.unsent") in page.text("#dialog")
    covered = page.evaluate(
        "getComputedStyle(document.querySelector('dialog'), '::backdrop').backgroundColor"
    )
    assert covered == "rgb(16, 22, 28)", "who stands behind sees no text through it"
    page.click("#stay")
    page.wait_gone("#dialog")
    assert page.value("#text") == ANSWER
    page.click("#lock")
    page.click("#lock-now")
    assert page.text(".lead") == words("inbox", "locked.asked")
    nothing_left(page, demo)
    inbox.sign_in(demo.access_codes[RECIPIENT])
    inbox.read()
    assert page.value("#text") == ""


def test_going_elsewhere_and_back_brings_nothing_back(inbox: Inbox, demo: Demo) -> None:
    page = inbox.page
    page.type(ANSWER, into="#text")
    asked = page.asked
    page.leaving = False
    page.go(demo.url)
    assert page.asked == asked + 1, "an answer begun is not thrown away unasked"
    assert page.value("#text") == ANSWER
    page.leaving = True
    page.go(demo.url)
    poll(lambda: page.workers() == 1, lambda: "the inbox's worker goes on behind the other page")
    page.back()
    page.wait_for("#enter:enabled")
    assert REPORT not in page.evaluate("document.documentElement.outerHTML")
    assert (page.value("#code"), inbox.screen) == ("", "sign-in")


def test_a_page_that_is_put_away_has_forgotten_all_by_then(inbox: Inbox) -> None:
    """Whether a browser keeps a page for the way back is its own affair: ours are marked not to be stored."""
    page = inbox.page
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    assert page.evaluate("[document.body.childNodes.length, document.title]") == [0, ""]
    poll(lambda: page.workers() == 0, lambda: "the worker goes on")


def test_loading_it_again_asks_for_the_code(inbox: Inbox) -> None:
    page = inbox.page
    page.reload()
    page.wait_for("#enter:enabled")
    assert REPORT not in page.evaluate("document.documentElement.outerHTML")
    assert (page.value("#code"), inbox.screen) == ("", "sign-in")


def test_a_code_that_nobody_sends_is_forgotten(page: Page, demo: Demo) -> None:
    inbox = Inbox(page, demo.pinned)
    inbox.arrive()
    page.click("#show-code")
    page.type(demo.access_codes[RECIPIENT], into="#code")
    later(page, 16)
    page.wait_until("document.querySelector('#code').value === ''")
    assert page.attribute("#code", "type") == "password"


def test_closing_and_opening_the_browser_asks_for_the_code(
    launch: BrowserLauncher, browser: str, demo: Demo
) -> None:
    first = Inbox(launch(browser), demo.pinned)
    first.open(demo.access_codes[RECIPIENT])
    first.read()
    first.page.close()
    again = Inbox(launch(browser, profile=first.page.profile), demo.pinned)
    again.arrive()
    assert REPORT not in again.page.evaluate("document.documentElement.outerHTML")
    assert (again.page.value("#code"), again.screen) == ("", "sign-in")
