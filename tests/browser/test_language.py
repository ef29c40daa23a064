"""Another language at any moment: it changes words, and nothing that a person has typed, chosen or opened."""

import threading
from collections.abc import Callable, Iterator

import pytest

from tests.browser import inbox_screens, reporter_screens
from tests.browser.conftest import BROWSERS, Opening
from tests.browser.driver import Page
from tests.browser.looking import looked
from tests.browser.reporter import Reporter
from tests.browser.screens import Screen, Walker
from tests.browser.staging import Stage, staged
from tests.browser.switching import switched
from tests.browser.tampering import held
from tests.serving import Demo

Walk = Callable[[Walker], Iterator[Screen]]
# Where one types most. In Chromium, `test_screens` does it on every screen.
WALKS: list[Walk] = [reporter_screens.writing, reporter_screens.returning, inbox_screens.reading]
TEXT = "Eén, twee, drie, vier."


@pytest.fixture(scope="module")
def stage(demo: Demo) -> Iterator[Stage]:
    with staged(demo.url) as made:
        yield made


@pytest.fixture(scope="module")
def pages(opening_once: Opening) -> dict[str, Page]:
    return {browser: opening_once(browser) for browser in BROWSERS}


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.__name__)
def test_firefox_changes_the_language_of_a_screen_and_nothing_else(
    pages: dict[str, Page], stage: Stage, walk: Walk
) -> None:
    page, found = pages["firefox"], []
    page.forget()
    for screen in walk(Walker(page, stage, "nl")):
        here: list[str] = []
        with switched(page, here):
            pass
        found += [f"{screen.name}: {each}" for each in here]
    found += page.errors()
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize("browser", BROWSERS)
def test_a_language_that_comes_late_leaves_whoever_types_meanwhile(
    pages: dict[str, Page], stage: Stage, browser: str
) -> None:
    page, come = pages[browser], threading.Event()
    reporter = Reporter(page, stage.url)
    stage.set()
    reporter.arrive()
    reporter.begin()
    reporter.choose("confidential-adviser")
    tamper = stage.line.tamper
    stage.line.tamper = lambda request, ask: (
        held(ask(), come) if request.path.endswith("reporter.en.json") else tamper(request, ask)
    )
    page.click("#en")
    page.type(TEXT, into="#text")
    for _ in range(5):
        page.press("ArrowLeft")
    come.set()
    page.wait_for("html[lang=en]")
    stage.line.tamper = tamper
    page.type("x")
    assert page.value("#text") == f"{TEXT[:-5]}x{TEXT[-5:]}"


@pytest.mark.parametrize("browser", BROWSERS)
def test_a_browser_of_another_language_gets_one_that_there_is(
    opening: Opening, stage: Stage, browser: str
) -> None:
    for language, spoken in (("en", "en"), ("de", "nl")):
        page = opening(browser, language=language)
        Reporter(page, stage.url).arrive()
        assert page.attribute("html", "lang") == spoken
        assert looked(page, f"misspoken('{spoken}')") == []
