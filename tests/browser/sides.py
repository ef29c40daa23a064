"""Both sides of one conversation: its reporter's page and a recipient's, behind the same meddling server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from crypto.wire import StoredEnvelope
from tests.browser.catalogue import words
from tests.browser.conftest import Lasting, as_new
from tests.browser.conversing import ALL, Talk
from tests.browser.inbox import Inbox
from tests.browser.meddling import nothing_ran
from tests.browser.reporter import Reporter
from tests.browser.tampering import Tamper, Tampering, tampering, untouched


@dataclass(frozen=True)
class Sides:
    """Two people who look at the same conversation, again and again."""

    middle: Tampering
    reporter: Reporter
    inbox: Inbox
    talk: Talk
    place: int  # of the conversation in the inbox

    def look(self, tamper: Tamper = untouched) -> None:
        """Have both look anew."""
        self.middle.tamper = tamper
        self.reporter.refresh()
        if self.inbox.screen == "conversation":
            self.inbox.back()
        self.inbox.read(self.place)

    def show(self, change: Callable[[list[StoredEnvelope]], list[StoredEnvelope]]) -> None:
        """Have both look at other envelopes than the service has."""
        self.look(self.talk.showing(change))

    def told(self, code: str) -> None:
        """Assert that both are told of it, in the words of their page."""
        for name, side in (("reporter", self.reporter), ("inbox", self.inbox)):
            assert code in side.notices(), f"{name}: {side.notices()}"
            assert side.page.text(f"[data-notice={code}]") == words(name, f"notice.{code}")

    def texts(self) -> tuple[list[str], list[str]]:
        """What each reads."""
        return [it.text for it in self.reporter.messages()], [it.text for it in self.inbox.messages()]

    def as_ever(self) -> None:
        """Assert that nothing has come of it once the server behaves."""
        self.look()
        assert self.texts() == (ALL, ALL)
        assert (self.reporter.notices(), self.inbox.notices()) == ([], [])
        for side in (self.reporter, self.inbox):
            nothing_ran(side.page, self.middle)


@contextmanager
def sides_of(talk: Talk, title: str, lasting: Lasting, browser: str) -> Iterator[Sides]:
    """Both, in two browsers of one make, with the conversation before them. `title` is its kind in the inbox."""
    with tampering(talk.demo.url) as middle:
        url = middle.address(talk.demo.pinned)
        reporter, inbox = Reporter(as_new(lasting(browser, 0)), url), Inbox(as_new(lasting(browser, 1)), url)
        reporter.come_back(talk.receipt)
        inbox.open(talk.demo.access_codes["confidential-adviser-1"])
        [place] = (at for at, it in enumerate(inbox.conversations()) if it.title == title)
        sides = Sides(middle, reporter, inbox, talk, place)
        sides.as_ever()
        yield sides
