"""Each screen in each state, in both languages, at all widths: nobody is shut out of it, and nothing is cut off."""

from collections.abc import Callable, Iterator

import pytest

from tests.browser.conftest import BrowserLauncher
from tests.browser.kit import accessibility, inbox_screens, reporter_screens
from tests.browser.kit.driver import Page
from tests.browser.kit.fake_worker_pages import FakeWorker, with_fake_worker
from tests.browser.kit.gallery import Gallery
from tests.browser.kit.language_switch import switched
from tests.browser.kit.layout_faults import looked
from tests.browser.kit.screens import Screen, Walker
from tests.kit.serving import Demo

Walk = Callable[[Walker], Iterator[Screen]]
WALKS = [*reporter_screens.WALKS, *inbox_screens.WALKS]
# The longest forms, and dialogs.
IN_FIREFOX = [reporter_screens.writing, inbox_screens.locking]
NARROWEST = 320


@pytest.fixture(scope="module")
def fake_worker(demo: Demo) -> Iterator[FakeWorker]:
    with with_fake_worker(demo.url) as made:
        yield made


def squeezed(page: Page) -> list[str]:
    """What does not fit where there is little room, or where a person needs large letters."""
    found = []
    for width, size in ((NARROWEST, 100), (360, 100), (360, 200), (1280, 200)):
        page.resize(width, 740)
        page.evaluate(f"document.documentElement.style.fontSize = '{size}%'")
        found += [f"{width} px at {size} %: {each}" for each in looked(page, "overflowing()")]
    page.evaluate("document.documentElement.style.fontSize = ''")
    return found


def faults(page: Page, screen: Screen, language: str) -> list[str]:
    """All that is wrong with a screen."""
    found = looked(page, f"disorder('{screen.focus}')") + looked(page, f"misspoken('{language}')")
    found += squeezed(page)
    page.resize(360, 740)
    found += looked(page, "small()")
    if screen.scripts:
        found += accessibility.violations(page)
        page.dark(True)
        found += [f"dark: {each}" for each in accessibility.faint(page)]
        page.dark(False)
    return [f"{screen.name}: {each}" for each in found]


@pytest.fixture(scope="module")
def dutch(launch_once: BrowserLauncher, fake_worker: FakeWorker) -> Walker:
    return Walker(launch_once("chromium"), fake_worker, "nl")


@pytest.fixture(scope="module")
def english(launch_once: BrowserLauncher, fake_worker: FakeWorker) -> Walker:
    return Walker(launch_once("chromium", language="en"), fake_worker, "en")


@pytest.fixture(scope="module")
def firefox(launch_once: BrowserLauncher, fake_worker: FakeWorker) -> Walker:
    return Walker(launch_once("firefox"), fake_worker, "nl")


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.__name__)
def test_each_screen_is_fit_for_everybody(dutch: Walker, gallery: Gallery, walk: Walk) -> None:
    page, found = dutch.page, []
    page.forget()
    for screen in walk(dutch):
        found += faults(page, screen, "nl")
        gallery.take(page, screen.name, full=screen.full)
        # Without scripts both languages are there, and a dialog holds all else. The gate has test_language.py.
        if gallery.wanted and screen.scripts and screen.full:
            found += english_faults(page, screen, gallery)
    found += page.errors()
    assert not found, "\n".join(["", *found])


def english_faults(page: Page, screen: Screen, gallery: Gallery) -> list[str]:
    """What is wrong with the same screen in English, and by the change to it and back."""
    found: list[str] = []
    with switched(page, found):
        found += squeezed(page)
        gallery.take(page, screen.name, language="en", widths=(360,), schemes=(False,))
    return [f"{screen.name}: {each}" for each in found]


def test_dialogs_are_in_english_where_the_page_is(english: Walker, gallery: Gallery) -> None:
    page, found = english.page, []
    page.forget()
    for screen in inbox_screens.locking(english):
        said = looked(page, "misspoken('en')") + looked(page, f"disorder('{screen.focus}')")
        found += [f"{screen.name}: {each}" for each in said + squeezed(page)]
        if not screen.full:
            gallery.take(page, screen.name, language="en", widths=(360,), schemes=(False,), full=False)
    found += page.errors()
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize("walk", IN_FIREFOX, ids=lambda walk: walk.__name__)
def test_firefox_lays_screens_out_as_well(firefox: Walker, gallery: Gallery, walk: Walk) -> None:
    page, found = firefox.page, []
    page.forget()
    for screen in walk(firefox):
        at = looked(page, f"disorder('{screen.focus}')")
        found += [f"{screen.name}: {each}" for each in at + squeezed(page) + accessibility.violations(page)]
        gallery.take(page, screen.name, widths=(360,), schemes=(False,), full=screen.full)
    found += page.errors()
    assert not found, "\n".join(["", *found])
