"""Broken answers to a reporter's page: named in words or waited out, never followed, and never believed.

What a Worker says of each broken answer is shown by `tests/js/answers.test.js`. Here are those that a browser's own
network stack has a part in, and for each call one that shows the page's words.
"""

from collections.abc import Iterator

import pytest

from tests.browser.conftest import BROWSERS, Lasting, as_new
from tests.browser.kit.attacks import meddled, nothing_ran, written
from tests.browser.kit.broken_answers import MEBIBYTE, Break, bomb, broken
from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import Page
from tests.browser.kit.forged_conversation import ALL, Talk, talk_in
from tests.browser.kit.http_relay import HttpRelay, cut, redirect, relaying, untouched
from tests.browser.kit.reporter import Reporter
from tests.kit.serving import Demo

# What the page and its Worker make of it: the engine has no part in it.
pytestmark = pytest.mark.one_class

TYPED = "Dit had ik al getypt."
# Bytes that lie in buffers on the way when the page has had enough.
UNDERWAY = 256 * MEBIBYTE
LONGEST_DOCUMENT = 8 * MEBIBYTE


def arriving(page: Page, demo: Demo, middle: HttpRelay, part: str, reply: Break) -> None:
    middle.tamper = meddled(part, reply)
    page.go(middle.address(demo.pinned))


def unusable(page: Page, middle: HttpRelay, code: str) -> None:
    """The page says why it can't be used, sends nothing, and starts again when asked."""
    page.wait_for_text(words("reporter", f"error.{code}"), "#main")
    assert words("reporter", "unusable.nothing") in page.text("#main")
    assert written(middle) == []
    middle.tamper = untouched
    page.click("#retry")
    page.wait_for("#begin:enabled")
    nothing_ran(page, middle)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (bomb(1024), "answer-damaged"),
        (broken("too-long"), "answer-damaged"),
        # Browsers take this for an answer with nothing in it.
        (broken("cut-in-head"), "directory-format"),
        (broken("page"), "directory-format"),
    ],
    ids=["bomb", "too-long", "cut-in-head", "page"],
)
def test_a_directory_that_is_none(
    same_page: Page, demo: Demo, middle: HttpRelay, reply: Break, code: str
) -> None:
    arriving(same_page, demo, middle, "directory", reply)
    unusable(same_page, middle, code)
    taken = middle.tally.received["GET", "/demo/api/1/directory"]
    assert taken < LONGEST_DOCUMENT + UNDERWAY


def test_keys_that_are_none(same_page: Page, demo: Demo, middle: HttpRelay) -> None:
    arriving(same_page, demo, middle, "keys", broken("page-not-found"))
    unusable(same_page, middle, "organisation-unknown")


def test_an_answer_is_as_long_as_it_is_unpacked(same_page: Page, demo: Demo, middle: HttpRelay) -> None:
    arriving(same_page, demo, middle, "directory", bomb(7))
    same_page.wait_for("#begin:enabled")
    same_page.go("about:blank")
    arriving(same_page, demo, middle, "directory", bomb(8))
    unusable(same_page, middle, "answer-damaged")
    assert middle.tally.received["GET", "/demo/api/1/directory"] < MEBIBYTE


@pytest.mark.parametrize("name", ["cut-off", "packed-it-says"])
def test_what_may_pass_is_waited_for(same_page: Page, demo: Demo, middle: HttpRelay, name: str) -> None:
    arriving(same_page, demo, middle, "directory", broken(name))
    same_page.wait_for_text(words("reporter", "waiting.unreachable"), "#loading")
    assert not same_page.is_visible("#begin:enabled")
    middle.tamper = untouched
    same_page.wait_for("#begin:enabled")
    assert written(middle) == []
    nothing_ran(same_page, middle)


def test_a_packed_answer_that_is_cut_off_can_be_asked_for_again(
    same_page: Page, demo: Demo, middle: HttpRelay
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
    same_page: Page, demo: Demo, middle: HttpRelay, host: str, status: int
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
) -> Iterator[tuple[Reporter, HttpRelay]]:
    """A reporter who has come back, and is writing on."""
    with relaying(demo.url) as middle:
        reporter = Reporter(as_new(lasting(request.param, 1)), middle.address(demo.pinned))
        reporter.come_back(talk.receipt)
        reporter.page.type(TYPED, into="#reply")
        yield reporter, middle


def as_ever(reporter: Reporter, middle: HttpRelay) -> None:
    assert [it.text for it in reporter.messages()] == ALL
    assert reporter.page.value("#reply") == TYPED
    assert written(middle) == []
    nothing_ran(reporter.page, middle)


def test_a_conversation_stays_where_it_can_not_be_fetched(back: tuple[Reporter, HttpRelay]) -> None:
    reporter, middle = back
    middle.tamper = meddled("mailboxes/", broken("page"))
    reporter.page.click("#refresh")
    reporter.page.wait_for_text(words("reporter", "error.answer-damaged"), "#problem")
    as_ever(reporter, middle)
    middle.tamper = untouched
    reporter.refresh()
    assert reporter.problem == ""
    as_ever(reporter, middle)


def test_a_conversation_is_fetched_again_by_itself(back: tuple[Reporter, HttpRelay]) -> None:
    reporter, middle = back
    middle.tamper = meddled("mailboxes/", broken("busy-without-word"))
    reporter.page.click("#refresh")
    reporter.page.wait_for_text(words("reporter", "waiting.busy"), "#status")
    middle.tamper = untouched
    reporter.page.wait_for("[data-screen=thread] #done")
    as_ever(reporter, middle)


def test_waiting_can_be_given_up(back: tuple[Reporter, HttpRelay]) -> None:
    reporter, middle = back
    middle.tamper = meddled("mailboxes/", broken("no-answer"))
    reporter.page.click("#refresh")
    reporter.page.wait_for("#hurry")
    reporter.page.click("#stop")
    reporter.page.wait_for("[data-screen=thread]")
    as_ever(reporter, middle)
    middle.tamper = untouched
    reporter.refresh()
    as_ever(reporter, middle)
