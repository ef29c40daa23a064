"""Another language at any moment: it changes words, and nothing that a person has typed, chosen or opened."""

import threading
from collections.abc import Callable, Iterator

import pytest

from tests.browser.conftest import BROWSERS, BrowserLauncher
from tests.browser.kit import inbox_screens, reporter_screens
from tests.browser.kit.driver import Page
from tests.browser.kit.fake_worker_pages import FakeWorker, with_fake_worker
from tests.browser.kit.http_relay import held
from tests.browser.kit.language_switch import switched
from tests.browser.kit.layout_faults import looked
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.screens import Screen, Walker
from tests.kit.serving import Demo

Walk = Callable[[Walker], Iterator[Screen]]
# Where one types most. In Chromium, `test_screens` does it on every screen.
WALKS: list[Walk] = [reporter_screens.writing, reporter_screens.returning, inbox_screens.reading]
TEXT = "Eén, twee, drie, vier."


@pytest.fixture(scope="module")
def fake_worker(demo: Demo) -> Iterator[FakeWorker]:
    with with_fake_worker(demo.url) as made:
        yield made


@pytest.fixture(scope="module")
def pages(launch_once: BrowserLauncher) -> dict[str, Page]:
    return {browser: launch_once(browser) for browser in BROWSERS}


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.__name__)
def test_firefox_changes_the_language_of_a_screen_and_nothing_else(
    pages: dict[str, Page], fake_worker: FakeWorker, walk: Walk
) -> None:
    page, found = pages["firefox"], []
    page.forget()
    for screen in walk(Walker(page, fake_worker, "nl")):
        here: list[str] = []
        with switched(page, here):
            pass
        found += [f"{screen.name}: {each}" for each in here]
    found += page.errors()
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize("browser", BROWSERS)
def test_a_language_that_comes_late_leaves_whoever_types_meanwhile(
    pages: dict[str, Page], fake_worker: FakeWorker, browser: str
) -> None:
    page, come = pages[browser], threading.Event()
    reporter = Reporter(page, fake_worker.url)
    fake_worker.set()
    reporter.arrive()
    reporter.begin()
    reporter.choose("confidential-adviser")
    tamper = fake_worker.line.tamper
    fake_worker.line.tamper = lambda request, ask: (
        held(ask(), come) if request.path.endswith("reporter.en.json") else tamper(request, ask)
    )
    page.click("#en")
    page.type(TEXT, into="#text")
    for _ in range(5):
        page.press("ArrowLeft")
    come.set()
    page.wait_for("html[lang=en]")
    fake_worker.line.tamper = tamper
    page.type("x")
    assert page.value("#text") == f"{TEXT[:-5]}x{TEXT[-5:]}"


@pytest.mark.parametrize("browser", BROWSERS)
def test_a_browser_of_another_language_gets_one_that_there_is(
    launch: BrowserLauncher, fake_worker: FakeWorker, browser: str
) -> None:
    for language, spoken in (("en", "en"), ("de", "nl")):
        page = launch(browser, language=language)
        Reporter(page, fake_worker.url).arrive()
        assert page.attribute("html", "lang") == spoken
        assert looked(page, f"misspoken('{spoken}')") == []
