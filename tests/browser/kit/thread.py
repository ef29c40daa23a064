"""A conversation as either page shows it."""

from dataclasses import dataclass

from tests.browser.kit.driver import Page

THREAD = """Array.from(document.querySelectorAll('#thread .message'), (e) => ({
  own: e.classList.contains('own'),
  author: e.querySelector('header').firstElementChild.textContent,
  text: e.querySelector('.text').textContent,
  day: e.querySelector('time').dateTime,
}))"""


@dataclass(frozen=True)
class Message:
    """One message: whether the page's own person wrote it, whom else it names, and the exact text."""

    own: bool
    author: str
    text: str
    day: str


def messages(page: Page) -> list[Message]:
    """The conversation that is shown, oldest first."""
    return [Message(**it) for it in page.evaluate(THREAD)]


def notices(page: Page) -> list[str]:
    """The codes of what is said to be odd about it."""
    found: list[str] = page.evaluate(
        "Array.from(document.querySelectorAll('[data-notice]'), (e) => e.dataset.notice)"
    )
    return found


def screen(page: Page) -> str:
    """The name of the screen that is shown, or nothing."""
    found: str = page.evaluate("document.querySelector('#main [data-screen]')?.dataset.screen ?? ''")
    return found


def at(page: Page, name: str) -> None:
    """Wait for a screen."""
    page.wait_for(f"[data-screen={name}]")
