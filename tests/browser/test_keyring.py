"""A recipient's tabs and devices share one keyring: none takes anything from another, none gives up at a restart."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.browser.conftest import BrowserLauncher, Lasting, as_new
from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import Page, poll
from tests.browser.kit.http_relay import HttpRelay, Reply, relaying
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.keyring_reader import kept_heads
from tests.browser.kit.wire import Request, Response
from tests.kit.serving import Demo, demo_in

# What the page and its Worker make of it: the engine has no part in it.
pytestmark = pytest.mark.one_class

ADVISER = "confidential-adviser-1"
KEYRING = "/demo/api/1/inbox/keyring"
# What the inbox calls each report: a conversation is known by it here.
WRONGDOING, INTEGRITY, BEHAVIOUR = (
    "Vermoeden van een misstand",
    "Integriteitsschending",
    "Ongewenste omgangsvormen",
)
ANSWER = "Dank u, wij zoeken het uit."


@pytest.fixture
def own_demo(tmp_path: Path) -> Iterator[Demo]:
    with demo_in(tmp_path) as made:
        yield made


@dataclass
class Watching:
    """Notes what the server says to those who write the keyring."""

    said: list[int] = field(default_factory=list)

    def __call__(self, request: Request, ask: Callable[[], Response]) -> Reply:
        response = ask()
        if (request.method, request.path) == ("PUT", KEYRING):
            self.said.append(response.status)
        return response


def read(inbox: Inbox, title: str) -> list[str]:
    """The texts of the conversation with this title; none of it may be odd."""
    titles = [it.title for it in inbox.conversations()]
    texts = [it.text for it in inbox.read(titles.index(title))]
    assert inbox.notices() == []
    return texts


def titles(inbox: Inbox, *, fresh: bool = False) -> set[str]:
    return {it.title for it in inbox.conversations() if it.fresh or not fresh}


def lock(inbox: Inbox, demo: Demo, title: str) -> None:
    """Lock, and wait until what was read there is on the server: the page says so before."""
    before = kept_heads(demo, ADVISER)
    inbox.back()
    inbox.lock()
    poll(lambda: kept_heads(demo, ADVISER) != before, lambda: f"{title} is not noted")


def test_two_tabs_and_a_second_device_lose_nothing(
    launch: BrowserLauncher, lasting: Lasting, browser: str, own_demo: Demo
) -> None:
    demo, watching = own_demo, Watching()
    other = {"chromium": "firefox", "firefox": "chromium"}[browser]
    code = demo.access_codes[ADVISER]
    with relaying(demo.url, watching) as middle:
        url = middle.address(demo.pinned)
        tabs, device = Inbox(launch(browser), url), Inbox(as_new(lasting(other, 0)), url)
        sent = {"": demo.report("First.").json}
        tabs.open(code)
        tabs.page.tab(1)
        tabs.open(code)
        device.open(code)

        # Each in turn hears of a report that the two others do not know of, and is the slower one to write it down.
        for title, kind, number in ((WRONGDOING, "wrongdoing", 0), (INTEGRITY, "integrity", 1)):
            sent[kind] = demo.report(f"About {kind}.", "--kind", kind).json
            tabs.page.tab(number)
            tabs.refresh()
            assert titles(tabs, fresh=True) >= {title}
        sent["behaviour"] = demo.report("About behaviour.", "--kind", "behaviour").json
        device.refresh()
        assert titles(device) == {"Melding", WRONGDOING, INTEGRITY, BEHAVIOUR}
        assert 412 in watching.said, "nobody was slower than another"

        assert read(device, BEHAVIOUR) == ["About behaviour."]
        device.reply(ANSWER)
        tabs.page.tab(0)
        assert read(tabs, WRONGDOING) == ["About wrongdoing."]
        tabs.reply(ANSWER)
        tabs.page.tab(1)
        assert read(tabs, INTEGRITY) == ["About integrity."]
        tabs.reply(ANSWER)
        lock(device, demo, BEHAVIOUR)
        lock(tabs, demo, INTEGRITY)
        tabs.page.tab(0)
        lock(tabs, demo, WRONGDOING)
        assert kept_heads(demo, ADVISER).keys() == {it["mailbox"] for it in sent.values()}

        # Whoever signs in next, wherever, sees all of it, and nothing is new any more.
        tabs.page.tab(1)
        for inbox in (tabs, device):
            inbox.open(code)
            assert titles(inbox) == {"Melding", WRONGDOING, INTEGRITY, BEHAVIOUR}
            assert titles(inbox, fresh=True) == set()
            assert read(inbox, BEHAVIOUR) == ["About behaviour.", ANSWER]
            assert inbox.page.errors() == []
    assert len(demo.inbox(ADVISER, "list").json["conversations"]) == 4


def test_a_session_that_a_restart_ended_goes_on_by_itself(same_page: Page, own_demo: Demo) -> None:
    demo = own_demo
    with relaying(demo.url) as middle:
        inbox = Inbox(same_page, middle.address(demo.pinned))
        demo.report("Before.", "--kind", "wrongdoing")
        inbox.open(demo.access_codes[ADVISER])
        assert signed_in(middle) == 1

        demo.stop()
        inbox.page.click("#refresh")
        inbox.page.wait_for("#waiting")
        assert words("inbox", "error.server-unreachable") in inbox.page.text("#waiting")
        demo.start()
        demo.report("After.", "--kind", "integrity")
        middle.lead(demo.url)
        inbox.page.wait_gone("#waiting")
        inbox.page.wait_gone("[data-activity] .activity")
        assert titles(inbox, fresh=True) == {INTEGRITY, WRONGDOING}
        assert (signed_in(middle), inbox.problem) == (2, "")
        assert read(inbox, INTEGRITY) == ["After."]

        # And again while a conversation is open: what is answered there arrives, and is noted at lock.
        demo.stop()
        demo.start()
        middle.lead(demo.url)
        inbox.reply(ANSWER)
        lock(inbox, demo, INTEGRITY)
        assert signed_in(middle) == 3
        assert inbox.page.errors() == []


def signed_in(middle: HttpRelay) -> int:
    """How often somebody proved who they are."""
    return sum(it.path == "/demo/api/1/sign-in" for it in middle.requests)
