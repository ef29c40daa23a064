"""The recipient's page, as a recipient uses it. Each step ends when the next screen is there."""

from dataclasses import dataclass

from tests.browser.kit import thread
from tests.browser.kit.driver import WAIT_SECONDS, Page
from tests.browser.kit.received import ReceivedFilesPage
from tests.browser.kit.thread import Message, at

LIST = """Array.from(document.querySelectorAll('#conversations > li'), (e) => ({
  title: e.querySelector('strong').textContent,
  channel: e.querySelector('.conversation-facts').firstElementChild.textContent,
  day: e.querySelector('time').dateTime,
  fresh: e.querySelector('.fresh') !== null,
}))"""


@dataclass(frozen=True)
class Conversation:
    """A conversation as the list shows it."""

    title: str
    channel: str
    day: str
    fresh: bool


class Inbox(ReceivedFilesPage):
    """A recipient at a page. `url` is the organisation's, with its fingerprint."""

    home = "conversation"

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        address, mark, pin = url.partition("#")
        self.url = f"{address}inbox{mark}{pin}"

    @property
    def screen(self) -> str:
        """The screen that is shown: sign-in, syncing, list, conversation, locked."""
        return thread.screen(self.page)

    @property
    def problem(self) -> str:
        """The error on the page, or an empty string."""
        return self.page.text("#problem") if self.page.is_visible("#problem") else ""

    def arrive(self) -> None:
        """Open the address again, and wait until the page can be used."""
        self.page.go("about:blank")  # the same address with its fingerprint would not load again
        self.page.go(self.url)
        self.page.wait_for("#enter:enabled")

    def speak(self, language: str) -> None:
        """Choose "nl" or "en"."""
        self.page.click(f"#{language}")
        self.page.wait_until(f"document.documentElement.lang === '{language}'")

    def sign_in(self, code: str, timeout: float = WAIT_SECONDS) -> None:
        """Sign in on the page that is open, until the list is there and no more is being fetched."""
        self.page.type(code, into="#code")
        self.page.click("#enter")
        self.page.wait_for("[data-screen=list]", timeout)
        self._idle(timeout)

    def open(self, code: str) -> None:
        """Arrive and sign in."""
        self.arrive()
        self.sign_in(code)

    def _idle(self, timeout: float = WAIT_SECONDS) -> None:
        self.page.wait_gone("[data-activity] .activity", timeout)

    def conversations(self) -> list[Conversation]:
        """The list, newest first."""
        return [Conversation(**it) for it in self.page.evaluate(LIST)]

    def fresh(self) -> int:
        """The place of the one conversation with something new in it."""
        (place,) = (at for at, it in enumerate(self.conversations()) if it.fresh)
        return place

    def refresh(self) -> None:
        """Fetch what is new."""
        self.page.click("#refresh")
        self._idle()

    def read(self, place: int = 0) -> list[Message]:
        """Open a conversation by its place in the list; what it says."""
        self.page.click(f"#conversation-{place}")
        at(self.page, "conversation")
        self.page.wait_for("#thread")
        return self.messages()

    def messages(self) -> list[Message]:
        """The conversation that is open."""
        return thread.messages(self.page)

    def notices(self) -> list[str]:
        """The codes of its notices."""
        return thread.notices(self.page)

    def reply(self, text: str) -> None:
        """Answer, until it is stored."""
        before = len(self.messages())
        self.page.type(text, into="#text")
        self.page.click("#send")
        self.page.wait_until(f"document.querySelectorAll('#thread .message').length > {before}")
        self._idle()

    def back(self) -> None:
        """Back to the list."""
        self.page.click("#back")
        at(self.page, "list")

    def lock(self) -> None:
        """Lock it, with nothing unsent."""
        self.page.click("#lock")
        at(self.page, "locked")
