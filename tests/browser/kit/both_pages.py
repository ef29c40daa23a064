"""The two pages of one conversation, a reporter's and a recipient's, behind the same malicious server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from crypto.public.answers import StoredEnvelope
from tests.browser.conftest import Lasting, as_new
from tests.browser.kit.attacks import nothing_ran
from tests.browser.kit.catalogue import words
from tests.browser.kit.forged_conversation import ALL, Talk
from tests.browser.kit.http_relay import HttpRelay, Tamper, relaying, untouched
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.reporter import Reporter


@dataclass(frozen=True)
class BothPages:
    """A reporter's and a recipient's page with the same conversation."""

    middle: HttpRelay
    reporter: Reporter
    inbox: Inbox
    talk: Talk
    place: int  # of the conversation in the inbox

    def look(self, tamper: Tamper = untouched) -> None:
        """Load the conversation again on both pages."""
        self.middle.tamper = tamper
        self.reporter.refresh()
        if self.inbox.screen == "conversation":
            self.inbox.back()
        self.inbox.read(self.place)

    def show(self, change: Callable[[list[StoredEnvelope]], list[StoredEnvelope]]) -> None:
        """Show both pages other envelopes than the service has."""
        self.look(self.talk.showing(change))

    def told(self, code: str) -> None:
        """Assert that both pages show the notice, in their own words."""
        for name, side in (("reporter", self.reporter), ("inbox", self.inbox)):
            assert code in side.notices(), f"{name}: {side.notices()}"
            assert side.page.text(f"[data-notice={code}]") == words(name, f"notice.{code}")

    def texts(self) -> tuple[list[str], list[str]]:
        """The texts on each page."""
        return [it.text for it in self.reporter.messages()], [it.text for it in self.inbox.messages()]

    def as_ever(self) -> None:
        """Assert that no effect is left once the server is honest again."""
        self.look()
        assert self.texts() == (ALL, ALL)
        assert (self.reporter.notices(), self.inbox.notices()) == ([], [])
        for side in (self.reporter, self.inbox):
            nothing_ran(side.page, self.middle)


@contextmanager
def both_pages_of(talk: Talk, title: str, lasting: Lasting, browser: str) -> Iterator[BothPages]:
    """Open the conversation on both pages, in two browsers of one make. `title` is its kind in the inbox."""
    with relaying(talk.demo.url) as middle:
        url = middle.address(talk.demo.pinned)
        reporter, inbox = Reporter(as_new(lasting(browser, 0)), url), Inbox(as_new(lasting(browser, 1)), url)
        reporter.come_back(talk.receipt)
        inbox.open(talk.demo.access_codes["confidential-adviser-1"])
        [place] = (at for at, it in enumerate(inbox.conversations()) if it.title == title)
        both = BothPages(middle, reporter, inbox, talk, place)
        both.as_ever()
        yield both


# Their names in the tests of hostile servers.
