"""Broken answers to a reporter's page: named in words or waited out, never followed, and never believed."""

from collections.abc import Iterator

import pytest

from tests.browser.breaking import DEFINITE, MEBIBYTE, PASSING, Break, packed
from tests.browser.catalogue import words
from tests.browser.conftest import BROWSERS, Lasting, as_new
from tests.browser.conversing import ALL, Talk, talk_in
from tests.browser.driver import Page
from tests.browser.meddling import meddled, nothing_ran, written
from tests.browser.reporter import Reporter
from tests.browser.tampering import Tampering, cut, redirect, tampering, untouched
from tests.serving import Demo

TYPED = "Dit had ik al getypt."
# What the page calls it; where nothing is said here it is an answer that did not come over well.
DIRECTORY = dict.fromkeys(
    ("a page", "nothing", "half of it", "noise", "cut off in the head"), "directory-format"
)
NO_SERVICE = {"a page that is not found": "organisation-unknown"}
WAITING = {"unavailable": "unavailable", "busy": "busy", "a bad gateway": "unavailable"}
# Bytes that lie in buffers on the way when the page has had enough.
UNDERWAY = 256 * MEBIBYTE
LONGEST_DOCUMENT = 8 * MEBIBYTE


def arriving(page: Page, demo: Demo, middle: Tampering, part: str, broken: Break) -> None:
    middle.tamper = meddled(part, broken)
    page.go(middle.address(demo.pinned))


def unusable(page: Page, middle: Tampering, code: str) -> None:
    """The page says why it can't be used, sends nothing, and starts again when asked."""
    page.wait_for_text(words("reporter", f"error.{code}"), "#main")
    assert words("reporter", "unusable.nothing") in page.text("#main")
    assert written(middle) == []
    middle.tamper = untouched
    page.click("#retry")
    page.wait_for("#begin:enabled")
    nothing_ran(page, middle)


@pytest.mark.parametrize("name", DEFINITE)
def test_a_directory_that_is_none(same_page: Page, demo: Demo, middle: Tampering, name: str) -> None:
    arriving(same_page, demo, middle, "directory", DEFINITE[name])
    unusable(same_page, middle, {**DIRECTORY, **NO_SERVICE}.get(name, "answer-damaged"))
    taken = middle.tally.received["GET", "/demo/api/1/directory"]
    assert taken < LONGEST_DOCUMENT + UNDERWAY


@pytest.mark.parametrize("name", ["a page", "a page that is not found"])
def test_keys_that_are_none(same_page: Page, demo: Demo, middle: Tampering, name: str) -> None:
    arriving(same_page, demo, middle, "keys", DEFINITE[name])
    unusable(same_page, middle, NO_SERVICE.get(name, "answer-damaged"))


def test_an_answer_is_as_long_as_it_is_unpacked(same_page: Page, demo: Demo, middle: Tampering) -> None:
    arriving(same_page, demo, middle, "directory", packed(7))
    same_page.wait_for("#begin:enabled")
    same_page.go("about:blank")
    arriving(same_page, demo, middle, "directory", packed(8))
    unusable(same_page, middle, "answer-damaged")
    assert middle.tally.received["GET", "/demo/api/1/directory"] < MEBIBYTE


@pytest.mark.parametrize("name", ["cut off", "packed, it says", "unavailable", "busy"])
def test_what_may_pass_is_waited_for(same_page: Page, demo: Demo, middle: Tampering, name: str) -> None:
    arriving(same_page, demo, middle, "directory", PASSING[name])
    same_page.wait_for_text(words("reporter", f"waiting.{WAITING.get(name, 'unreachable')}"), "#loading")
    assert not same_page.is_visible("#begin:enabled")
    middle.tamper = untouched
    same_page.wait_for("#begin:enabled")
    assert written(middle) == []
    nothing_ran(same_page, middle)


def test_a_packed_answer_that_is_cut_off_can_be_asked_for_again(
    same_page: Page, demo: Demo, middle: Tampering
) -> None:
    arriving(same_page, demo, middle, "directory", lambda true: cut(true, len(true.raw) - 300))
    # Firefox unpacks what there is and says nothing, so that it looks like a directory that was never whole. Nearer to
    # the end only the check sum would be missing, which it does not always miss.
    if same_page.browser == "firefox":
        unusable(same_page, middle, "directory-format")
    else:
        same_page.wait_for_text(words("reporter", "waiting.unreachable"), "#loading")
        middle.tamper = untouched
        same_page.wait_for("#begin:enabled")


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1", 302), ("drempel.test", 307)])
def test_no_answer_leads_elsewhere(
    same_page: Page, demo: Demo, middle: Tampering, host: str, status: int
) -> None:
    elsewhere = middle.address(f"{demo.url}api/1/keys?elsewhere", host)
    arriving(same_page, demo, middle, "directory", lambda _: redirect(elsewhere, status))
    same_page.wait_for_text(words("reporter", "waiting.unreachable"), "#loading")
    middle.tamper = untouched
    same_page.wait_for("#begin:enabled")
    assert middle.asked("GET", "elsewhere") == []
    same_page.forget()  # Firefox calls a forbidden redirect an error of the page
    nothing_ran(same_page, middle)


@pytest.fixture(scope="module")
def talk(demo: Demo) -> Talk:
    return talk_in(demo, "integrity")


@pytest.fixture(scope="module", params=BROWSERS)
def back(
    lasting: Lasting, demo: Demo, talk: Talk, request: pytest.FixtureRequest
) -> Iterator[tuple[Reporter, Tampering]]:
    """A reporter who has come back, and is writing on."""
    with tampering(demo.url) as middle:
        reporter = Reporter(as_new(lasting(request.param, 1)), middle.address(demo.pinned))
        reporter.come_back(talk.receipt)
        reporter.page.type(TYPED, into="#reply")
        yield reporter, middle


def as_ever(reporter: Reporter, middle: Tampering) -> None:
    assert [it.text for it in reporter.messages()] == ALL
    assert reporter.page.value("#reply") == TYPED
    assert written(middle) == []
    nothing_ran(reporter.page, middle)


@pytest.mark.parametrize(
    "name", ["a bomb of a gigabyte", "without end", "a page", "a page that is not found"]
)
def test_a_conversation_stays_where_it_can_not_be_fetched(
    back: tuple[Reporter, Tampering], name: str
) -> None:
    reporter, middle = back
    middle.tamper = meddled("mailboxes/", DEFINITE[name])
    reporter.page.click("#refresh")
    code = NO_SERVICE.get(name, "answer-damaged")
    reporter.page.wait_for_text(words("reporter", f"error.{code}"), "#problem")
    as_ever(reporter, middle)
    middle.tamper = untouched
    reporter.refresh()
    assert reporter.problem == ""
    as_ever(reporter, middle)


@pytest.mark.parametrize("name", ["cut off", "a bad gateway"])
def test_a_conversation_is_fetched_again_by_itself(back: tuple[Reporter, Tampering], name: str) -> None:
    reporter, middle = back
    middle.tamper = meddled("mailboxes/", PASSING[name])
    reporter.page.click("#refresh")
    reporter.page.wait_for_text(words("reporter", f"waiting.{WAITING.get(name, 'unreachable')}"), "#status")
    middle.tamper = untouched
    reporter.page.wait_for("[data-screen=thread] #done")
    as_ever(reporter, middle)


def test_waiting_can_be_given_up(back: tuple[Reporter, Tampering]) -> None:
    reporter, middle = back
    middle.tamper = meddled("mailboxes/", PASSING["no answer"])
    reporter.page.click("#refresh")
    reporter.page.wait_for("#hurry")
    reporter.page.click("#stop")
    reporter.page.wait_for("[data-screen=thread]")
    as_ever(reporter, middle)
    middle.tamper = untouched
    reporter.refresh()
    as_ever(reporter, middle)
