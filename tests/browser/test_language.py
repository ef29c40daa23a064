"""Another language at any moment: it changes words, and nothing that a person has typed, chosen or opened."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser import inbox_screens, reporter_screens
from tests.browser.conftest import BROWSERS, Opening
from tests.browser.driver import Page
from tests.browser.looking import looked
from tests.browser.reporter import Reporter
from tests.browser.screens import Screen, Walker
from tests.browser.staging import Stage, staged
from tests.browser.tampering import held
from tests.serving import Demo

Walk = Callable[[Walker], Iterator[Screen]]
WALKS: list[Walk] = [*reporter_screens.WALKS, *inbox_screens.WALKS]
# Where one types most.
IN_FIREFOX: list[Walk] = [reporter_screens.writing, reporter_screens.returning, inbox_screens.reading]
RUNS = [("chromium", walk) for walk in WALKS] + [("firefox", walk) for walk in IN_FIREFOX]
TEXT = "Eén, twee, drie, vier."

# All that is a person's own on a screen, besides words; carets only where there is something to be in.
OWN = """({
  fields: Array.from(document.querySelectorAll('#main input, #main textarea, #main select'), (e) =>
    [e.id, e.type, e.value, e.checked ?? null, e.readOnly ?? null, e.value === '' ? 0 : e.selectionStart ?? null,
     e.value === '' ? 0 : e.selectionEnd ?? null]),
  opened: Array.from(document.querySelectorAll('details[open]'), (e) => e.id),
  buttons: Array.from(document.querySelectorAll('button'), (e) => [e.id, e.disabled]),
  screen: document.querySelector('#main [data-screen]')?.dataset.screen,
})"""


@pytest.fixture(scope="module")
def stage(demo: Demo) -> Iterator[Stage]:
    with staged(demo.url) as made:
        yield made


@pytest.fixture(scope="module")
def pages(opening_once: Opening) -> dict[str, Page]:
    return {browser: opening_once(browser) for browser in BROWSERS}


def speak(page: Page, language: str) -> None:
    page.click(f"#{language}")
    page.wait_for(f"html[lang={language}]")


def own(page: Page) -> Any:
    return page.evaluate(OWN)


def move_carets(page: Page) -> None:
    """Nobody is always at the end."""
    page.evaluate(
        """document.querySelectorAll('#main input[type=text], #main textarea').forEach((e) => {
             const focused = document.activeElement;
             e.setSelectionRange(Math.min(2, e.value.length), Math.min(5, e.value.length));
             focused.focus();
           })"""
    )


@pytest.mark.parametrize(("browser", "walk"), RUNS, ids=lambda it: it if isinstance(it, str) else it.__name__)
def test_every_screen_changes_its_language_and_nothing_else(
    pages: dict[str, Page], stage: Stage, browser: str, walk: Walk
) -> None:
    page, found = pages[browser], []
    page.forget()
    for screen in walk(Walker(page, stage, "nl")):
        if not screen.scripts or not screen.full:  # a dialog holds everything behind it
            continue
        move_carets(page)
        before = own(page)
        for language in ("en", "nl"):
            speak(page, language)
            found += [f"{screen.name}: {each}" for each in looked(page, f"misspoken('{language}')")]
            after = own(page)
            found += [
                f"{screen.name} in {language}: {name} is {after[name]}, was {before[name]}"
                for name in before
                if after[name] != before[name]
            ]
            found += [f"{screen.name}: the keyboard has gone"] * (not page.is_focused(f"#{language}"))
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
