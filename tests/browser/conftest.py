"""Fixtures of tests in browsers: a service, browsers, and a folder for screenshots."""

import re
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.browser.kit import chromium, firefox
from tests.browser.kit.driver import Page, Setting
from tests.browser.kit.gallery import Gallery
from tests.browser.kit.http_relay import HttpRelay, relaying
from tests.kit.extent import BROWSERS as BROWSERS
from tests.kit.serving import Demo, demo_in
from tests.project import ROOT

OUTPUT = ROOT / "test-output" / "browser"
SCREENS = ROOT / "test-output" / "screens"

Lasting = Callable[[str, int], Page]

# Of the test that runs, for the account of its failure.
_pages = pytest.StashKey[list[Page]]()


class BrowserLauncher:
    """Opens browsers, and closes all of them at the end of the fixture."""

    def __init__(self, playwright: Playwright, folder: Path, known: list[Page]) -> None:
        self._playwright = playwright
        self._folder = folder
        self._known = known
        self.opened: list[Page] = []

    def __call__(self, browser: str, *, profile: Path | None = None, **setting: Any) -> Page:
        """Open a page of "chromium" or "firefox", on a profile of its own or on a used one."""
        folder = profile or self._folder / f"{browser}-{len(self.opened)}"
        chosen = Setting(**setting)
        starting = chromium.start(self._playwright, folder, chosen) if browser == "chromium" else None
        page: Page = starting or firefox.start(folder, chosen)
        self.opened.append(page)
        self._known.append(page)
        return page

    def close(self) -> None:
        """Quit all browsers, even if one of them fails to quit."""
        failures = []
        for page in self.opened:
            self._known.remove(page)
            try:
                page.close()
            except Exception as failure:  # noqa: BLE001  # the others have to end too
                failures.append(failure)
        if failures:
            raise ExceptionGroup("browsers that do not quit", failures)


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Playwright. For this folder only: while it runs, no other event loop can."""
    with sync_playwright() as started:
        yield started


@pytest.fixture
def launch(
    playwright: Playwright, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[BrowserLauncher]:
    """Opens browsers for one test: `launch("firefox", safer=True)`."""
    yield from _launching(playwright, tmp_path, request)


@pytest.fixture(scope="module")
def launch_once(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[BrowserLauncher]:
    """Opens browsers for all tests of a file."""
    yield from _launching(playwright, tmp_path_factory.mktemp("browsers"), request)


def _launching(
    playwright: Playwright, folder: Path, request: pytest.FixtureRequest
) -> Iterator[BrowserLauncher]:
    made = BrowserLauncher(playwright, folder, request.config.stash[_pages])
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)  # forty megabytes a profile


@pytest.fixture(params=BROWSERS)
def browser(request: pytest.FixtureRequest) -> str:
    """Each browser in turn."""
    return str(request.param)


@pytest.fixture
def page(launch: BrowserLauncher, browser: str) -> Page:
    """A page of each browser in turn."""
    return launch(browser)


@pytest.fixture(scope="package")
def lasting(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Lasting]:
    """Pages by browser and number, for all files that do not mind what was there before: a start takes seconds."""
    with contextmanager(_launching)(playwright, tmp_path_factory.mktemp("lasting"), request) as launch:
        yield cache(lambda browser, number: launch(browser))


@pytest.fixture(scope="module", params=BROWSERS)
def page_once(lasting: Lasting, request: pytest.FixtureRequest) -> Page:
    """The lasting page of each browser in turn, for all tests of a file."""
    return lasting(request.param, 0)


@pytest.fixture
def same_page(page_once: Page) -> Page:
    """That page, wide and with no errors so far. A test leaves it where it is: the next one goes elsewhere."""
    return as_new(page_once)


def as_new(page: Page) -> Page:
    """A page that others had before: wide, and with no errors so far."""
    page.resize(1280, 900)
    page.forget()
    return page


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A service with the demonstration's organisation, for all tests of a file."""
    with demo_in(tmp_path_factory.mktemp("demo")) as made:
        yield made


@pytest.fixture
def middle(demo: Demo) -> Iterator[HttpRelay]:
    """A relay to the service whose answers a test can alter. Its port is new, so that a page there is new as well."""
    with relaying(demo.url) as made:
        yield made


@pytest.fixture(scope="package")
def gallery(request: pytest.FixtureRequest) -> Iterator[Gallery]:
    """The gallery of all screens, written with `--gallery`."""
    made = Gallery(SCREENS, wanted=request.config.getoption("--gallery"))
    if made.wanted:
        shutil.rmtree(SCREENS, ignore_errors=True)
    yield made
    made.write()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_pages] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Save the pages of a failed test."""
    report = yield
    if report.failed and call.when != "teardown":
        folder = OUTPUT / "failures" / re.sub(r"[^\w.-]+", "-", item.nodeid.rpartition("/")[2])
        shutil.rmtree(folder, ignore_errors=True)
        pages: list[Page] = item.config.stash[_pages]
        for number, page in enumerate(pages):
            _keep(page, folder / f"{number}-{page.browser}", report)
    return report


def _keep(page: Page, folder: Path, report: pytest.TestReport) -> None:
    takes: dict[str, Callable[[], Any]] = {
        "page.png": lambda: page.screenshot(folder / "page.png"),
        "page.txt": lambda: (folder / "page.txt").write_text(f"{page.url}\n\n{page.text()}\n", "utf-8"),
        "errors.txt": lambda: (folder / "errors.txt").write_text("\n".join([*page.errors(), ""]), "utf-8"),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, take in takes.items():
        try:
            take()
        except Exception as failure:  # noqa: BLE001  # the test's own failure is the one to tell
            report.sections.append((f"{page.browser} {name}", f"not kept: {failure!r}"))
    report.sections.append((f"{page.browser} as it was", str(folder)))
