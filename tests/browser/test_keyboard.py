"""The whole path without a mouse, in both browsers: all is reached, in order, and one always sees where one is."""

from collections.abc import Iterator

import pytest

from tests.browser.conftest import BROWSERS, BrowserLauncher
from tests.browser.kit.driver import Page
from tests.browser.kit.keyboard import Keyboard
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.thread import at, messages
from tests.kit.serving import Demo

REPORT = "Wat ik zag, schrijf ik zonder muis."
ANSWER = "Dank u, ook zonder muis."
MORE = "Graag gedaan."


@pytest.fixture(scope="module", params=BROWSERS)
def page(launch_once: BrowserLauncher, request: pytest.FixtureRequest) -> Iterator[Page]:
    page = launch_once(request.param)
    yield page
    assert page.errors() == []


@pytest.fixture(scope="module")
def receipt(page: Page, demo: Demo) -> str:
    """Of a report that was made by keys alone."""
    keyboard, reporter = Keyboard(page), Reporter(page, demo.pinned)
    reporter.arrive()
    keyboard.round()
    keyboard.press("#begin")
    at(page, "channel")
    keyboard.round()
    choose_channel(keyboard)
    write_report(keyboard)
    receipt = reporter.receipt()
    keyboard.round()
    keyboard.press("#next")
    at(page, "confirm")
    keyboard.round()
    confirm(keyboard, receipt)
    at(page, "received")
    keyboard.round()
    keyboard.press("#show-code summary")
    assert "-".join(page.texts("#receipt-groups li")) == receipt
    keyboard.press("#close", "Space")
    page.wait_until("location.href === 'about:blank'")
    return receipt


def choose_channel(keyboard: Keyboard) -> None:
    page = keyboard.page
    keyboard.press("[name=channel]", "Space")
    page.wait_for("#channel-confidential-adviser:checked")
    for channel in ("complaints-committee", "integrity-committee"):
        page.press("ArrowDown")
        page.wait_for(f"#channel-{channel}:checked")
        assert page.is_focused(f"#channel-{channel}")
    keyboard.press("#next")
    at(page, "write")


def write_report(keyboard: Keyboard) -> None:
    page = keyboard.page
    keyboard.round()
    keyboard.to("[name=kind]")
    for kind in ("integrity", "wrongdoing"):
        page.press("ArrowUp")
        page.wait_for(f"#kind-{kind}:checked")
    keyboard.write("#text", REPORT)
    keyboard.press("#rereadable", "Space")
    assert not page.is_visible("#rereadable:checked")
    page.press("Space")
    keyboard.press("#next")
    at(page, "receipt")


def confirm(keyboard: Keyboard, receipt: str) -> None:
    """By Enter in the last field, as a form is sent."""
    for field in ("#group-1", "#group-2"):
        place = int(keyboard.page.attribute(field, "data-group") or 0)
        keyboard.write(field, receipt.split("-")[place - 1])
    keyboard.page.press("Enter")


def test_a_report_is_made_answered_and_deleted_by_keys_alone(page: Page, demo: Demo, receipt: str) -> None:
    sign_in(page, demo)
    answer(page)
    lock(page)
    come_back(page, demo, receipt)
    write_again(page)
    delete(page)


def sign_in(page: Page, demo: Demo) -> None:
    keyboard = Keyboard(page)
    page.go(demo.pinned.replace("#", "inbox#"))
    page.wait_for("#enter:enabled")
    page.wait_for("#verified")
    assert page.is_focused("#code"), "the one thing to do here has the keyboard at once"
    keyboard.round()
    keyboard.press("#show-code", "Space")
    keyboard.write("#code", demo.access_codes["integrity-committee-1"])
    page.press("Enter")
    at(page, "list")


def answer(page: Page) -> None:
    keyboard = Keyboard(page)
    keyboard.round()
    keyboard.press("#conversation-0")
    at(page, "conversation")
    page.wait_for("#thread")
    keyboard.round()
    keyboard.write("#text", ANSWER)
    keyboard.press("#send")
    page.wait_until("document.querySelectorAll('#thread .message').length === 2")
    keyboard.press("#back", "Space")
    at(page, "list")
    assert page.is_focused("#conversation-0"), "back in the list one is where one was"


def lock(page: Page) -> None:
    """With an answer begun: the question has the keyboard, keeps it, and Escape is the answer that loses nothing."""
    keyboard = Keyboard(page)
    page.press("Enter")
    page.wait_for("#thread")
    keyboard.write("#text", "x")
    keyboard.press("#lock")
    page.wait_for("#dialog")
    assert page.is_focused("#stay")
    keyboard.round()
    page.press("Escape")
    page.wait_gone("#dialog")
    assert page.is_focused("#lock")
    page.press("Enter")
    page.wait_for("#dialog")
    keyboard.press("#lock-now")
    at(page, "locked")
    keyboard.round()


def come_back(page: Page, demo: Demo, receipt: str) -> None:
    keyboard = Keyboard(page)
    Reporter(page, demo.pinned).arrive()
    keyboard.press("#return")
    at(page, "return")
    keyboard.round()
    keyboard.write("#code", receipt)
    page.press("Enter")
    at(page, "thread")
    assert [it.text for it in messages(page)] == [REPORT, ANSWER]


def write_again(page: Page) -> None:
    keyboard = Keyboard(page)
    keyboard.round()
    keyboard.write("#reply", MORE)
    keyboard.press("#send-reply")
    page.wait_for("#done")
    assert [it.text for it in messages(page)] == [REPORT, ANSWER, MORE]


def delete(page: Page) -> None:
    keyboard = Keyboard(page)
    keyboard.press("#delete")
    at(page, "delete")
    keyboard.round()
    keyboard.press("#delete-now")
    at(page, "deleted")
    keyboard.press("#leave")
    page.wait_until("location.href === 'about:blank'")
