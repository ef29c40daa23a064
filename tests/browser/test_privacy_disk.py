"""What a browser keeps on disk of both pages: that they were visited, and nothing of what was written, read or typed.

In ordinary profiles, which remember all they can.
"""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.conftest import BROWSERS, BrowserLauncher
from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import Page
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.profile import Searched, in_session, linger, search
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.sample_site import site
from tests.browser.kit.whole_path import CHANNEL, KIND, MORE, TEXT, Walk
from tests.kit.codes import add_receipt
from tests.kit.secret_search import Secrets
from tests.kit.serving import Demo

HISTORY = {
    "chromium": ("Default/History", "SELECT url, title FROM urls"),
    "firefox": ("places.sqlite", "SELECT url, title FROM moz_places WHERE url LIKE 'http%'"),
}
# All that a page shows, and all that its fields hold.
EVERYTHING = """document.documentElement.outerHTML
+ Array.from(document.querySelectorAll('input, textarea'), (field) => field.value).join()"""
CARELESS = "<!doctype html><title>Careless</title><textarea id=text></textarea>"
ENDS: dict[str, Callable[[Page], None]] = {"closed": Page.close, "killed": Page.kill}


def secrets_of(walk: Walk, receipt: str) -> Secrets:
    """What was said, the codes, and what was chosen."""
    found = walk.secrets(receipt)
    found.text("channel", CHANNEL)
    found.text("kind", KIND)
    return found


def thorough(searched: Searched) -> dict[str, set[str]]:
    """What was found by a search that had something to search."""
    assert searched.files > 20
    assert searched.size > 1_000_000
    return searched.found


@dataclass(frozen=True)
class Ended:
    """What is left of two people's browsers after a whole path."""

    browser: str
    walk: Walk
    secrets: Secrets

    @property
    def profiles(self) -> tuple[Path, Path]:
        """The reporter's and the recipient's."""
        return self.walk.reporter.page.profile, self.walk.inbox.page.profile


def two_people(launch: BrowserLauncher, browser: str, demo: Demo) -> Walk:
    return Walk(demo, Reporter(launch(browser), demo.pinned), Inbox(launch(browser), demo.pinned))


@pytest.fixture(scope="module", params=BROWSERS)
def ended(launch_once: BrowserLauncher, demo: Demo, request: pytest.FixtureRequest) -> Ended:
    walk = two_people(launch_once, request.param, demo)
    receipt = walk.whole()
    for page in (walk.reporter.page, walk.inbox.page):
        assert page.errors() == []
        page.close()
    return Ended(request.param, walk, secrets_of(walk, receipt))


def test_nothing_is_left_of_a_path_that_ended_well(ended: Ended) -> None:
    for profile in ended.profiles:
        assert thorough(search(profile, ended.secrets)) == {}


def test_the_search_would_find_what_a_page_had_left(ended: Ended) -> None:
    planted = ended.profiles[0] / "planted"
    planted.write_bytes(b"\0" * 5 + TEXT.encode() + CHANNEL.encode("utf-16-le"))
    try:
        assert search(ended.profiles[0], ended.secrets).found == {"planted": {"text", "channel"}}
    finally:
        planted.unlink()


def test_history_tells_that_the_pages_were_visited_and_no_more(ended: Ended) -> None:
    file, query = HISTORY[ended.browser]
    for profile, url, name in zip(
        ended.profiles, (ended.walk.reporter.url, ended.walk.inbox.url), ("reporter", "inbox"), strict=True
    ):
        with closing(sqlite3.connect(profile / file)) as database:
            known = {(known, title) for known, title in database.execute(query) if "/demo/" in known}
        assert known == {(url, words(name, "title"))}


def type_on(walk: Walk, receipt: str, kept: Callable[[Page, str], None]) -> None:
    """Leave text and codes wherever a person can type them, with time for the browser to write them down."""
    reporter, inbox = walk.reporter, walk.inbox
    reporter.arrive()
    reporter.enter(receipt)
    kept(reporter.page, "a receipt typed")
    reporter.page.click("#open")
    reporter.page.wait_for("[data-screen=thread]")
    reporter.page.type(MORE, into="#reply")
    kept(reporter.page, "a follow-up typed")
    inbox.arrive()
    inbox.page.click("#show-code")
    inbox.page.type(walk.code, into="#code")
    kept(inbox.page, "an access code typed, and shown")
    inbox.page.click("#enter")
    inbox.page.wait_for("[data-screen=list]")
    inbox.read(inbox.fresh())
    inbox.page.type(MORE, into="#text")
    kept(inbox.page, "an answer typed")
    reporter.arrive()
    reporter.begin()
    reporter.page.click(f"#channel-{CHANNEL}")
    kept(reporter.page, "a channel chosen")
    reporter.page.click("#next")
    reporter.page.click(f"#kind-{KIND}")
    reporter.page.type(TEXT, into="#text")
    kept(reporter.page, "a report typed")
    reporter.page.click("#next")
    reporter.confirm(reporter.receipt())
    kept(reporter.page, "two groups typed")


@pytest.mark.parametrize("end", ENDS)
def test_nothing_is_left_of_pages_that_were_open_when_the_browser_ended(
    launch: BrowserLauncher, browser: str, demo: Demo, end: str
) -> None:
    walk = two_people(launch, browser, demo)
    receipt = demo.report(TEXT, channel=CHANNEL).json["receipt"]
    secrets = secrets_of(walk, receipt)

    def kept(page: Page, what: str) -> None:
        # Once is enough to see it written down at the moment; the other end is for what comes last.
        if end == "killed" or what == "an answer typed":
            linger(page, f"when there was {what}, in {page.browser}")
            assert in_session(page, secrets) == set(), what

    type_on(walk, receipt, kept)
    walk.reporter.page.click("#back")
    shown = Secrets()
    add_receipt(shown, walk.reporter.receipt(), demo.codes["fingerprint"])
    linger(walk.reporter.page, "the last one, with the receipt in sight")
    both = Secrets(secrets.forms | {f"{name}, shown": forms for name, forms in shown.forms.items()})
    for page in (walk.reporter.page, walk.inbox.page):
        ENDS[end](page)
        assert thorough(search(page.profile, both)) == {}
    demo.receipt(receipt, "delete")


def test_no_way_back_brings_a_text_back(launch: BrowserLauncher, browser: str, demo: Demo) -> None:
    reporter = Reporter(launch(browser), demo.pinned)
    secrets = Secrets()
    secrets.text("text", TEXT)

    def empty() -> bool:
        reporter.page.wait_for("#begin:enabled")
        found: str = reporter.page.evaluate(EVERYTHING)
        assert secrets.found(found.encode()) == set()
        reporter.begin()
        reporter.choose(CHANNEL)
        return reporter.page.value("#text") == ""

    def typed() -> None:
        reporter.page.type(TEXT, into="#text")
        assert secrets.found(reporter.page.evaluate(EVERYTHING).encode()) == {"text"}

    reporter.arrive()
    assert empty()
    typed()
    reporter.page.reload()
    assert empty()
    typed()
    reporter.page.go("about:blank")
    reporter.page.back()
    assert empty()
    typed()
    reporter.leave()
    reporter.page.evaluate("globalThis.here = true")
    reporter.page.back()
    reporter.page.wait_until("globalThis.here === undefined")
    assert secrets.found(reporter.page.evaluate(EVERYTHING).encode()) == set()
    reporter.arrive()
    assert empty()
    typed()
    linger(reporter.page)
    reporter.page.close()
    reporter.page = launch(browser, profile=reporter.page.profile, restoring=True)
    assert reporter.page.url == reporter.url
    assert empty()
    assert reporter.page.errors() == []


def test_a_careless_page_comes_back_with_its_text(launch: BrowserLauncher, browser: str) -> None:
    """So the browsers do bring back what a page lets them, the way the test above tries it."""
    with site({"/": CARELESS}) as url:
        page = launch(browser)
        page.go(url)
        page.type(TEXT, into="#text")
        linger(page)
        page.close()
        again = launch(browser, profile=page.profile, restoring=True)
        again.wait_until(f"document.querySelector('#text')?.value === {json.dumps(TEXT)}")
