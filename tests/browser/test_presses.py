"""A press is heard although the page moves under it."""

import pytest

from tests.browser.kit.driver import Page
from tests.browser.kit.reporter import Reporter
from tests.kit.serving import Demo

# As a file that is ready, or a message that appears, moves what is below it; between the two ends of a press.
MOVES = """(() => {
  const spacer = document.createElement('div');
  spacer.style.height = '300px';
  document.documentElement.style.overflowAnchor = 'none';  // or the browser scrolls the button back
  addEventListener('pointerdown', () => document.body.prepend(spacer), {once: true});
  return true;
})()"""


def write(page: Page, demo: Demo) -> None:
    """Write a report that is not sent yet."""
    reporter = Reporter(page, demo.pinned)
    reporter.arrive()
    reporter.begin()
    reporter.choose("confidential-adviser")
    page.type("Het verschuift.", into="#text")


@pytest.mark.parametrize("button", ["next", "leave"])
def test_a_button_that_moves_away_is_pressed_all_the_same(same_page: Page, demo: Demo, button: str) -> None:
    page = same_page
    write(page, demo)
    assert page.evaluate(MOVES)
    page.click(f"#{button}")
    if button == "next":
        page.wait_for("[data-screen=receipt]")
    else:
        page.wait_until("location.href === 'about:blank'")


def test_what_moves_under_the_finger_is_not_pressed(same_page: Page, demo: Demo) -> None:
    page = same_page
    write(page, demo)
    page.evaluate(
        "(() => { const other = document.createElement('button'); other.id = 'other';"
        "other.style.cssText = 'position: fixed; inset: 0; z-index: 9';"
        "other.addEventListener('click', () => { globalThis.wrong = true; });"
        "addEventListener('pointerdown', () => document.body.append(other), {once: true}); return true; })()"
    )
    page.click("#next")
    page.wait_for("[data-screen=receipt]")
    assert page.evaluate("globalThis.wrong === undefined")
