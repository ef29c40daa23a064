"""Debian's Chromium, by Playwright."""

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Error,
    Frame,
    Locator,
    Playwright,
    WebError,
)
from playwright.sync_api import Page as PlaywrightPage
from playwright.sync_api import TimeoutError as TooLong

from tests.browser.kit.driver import WAIT_SECONDS, Moved, Page, Setting, Unreachable, poll

PROGRAM = "/usr/bin/chromium"
MILLISECONDS = WAIT_SECONDS * 1000
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# No faults of the page: failed requests, which tests cause on purpose, and what follows from plain http.
EXPECTED = ("Failed to load resource", "The Cross-Origin-Opener-Policy header has been ignored")
GONE = ("context was destroyed", "Cannot find context", "navigat")


def start(playwright: Playwright, profile: Path, setting: Setting | None = None) -> "ChromiumPage":
    """Start it on a profile folder, new or used before."""
    chosen = setting or Setting()
    context = (
        _restore(playwright, profile, chosen) if chosen.restoring else _launch(playwright, profile, chosen)
    )
    return ChromiumPage(profile, context, _restored(context) or context.pages[0])


def _launch(
    playwright: Playwright, profile: Path, setting: Setting, seconds: float = WAIT_SECONDS
) -> BrowserContext:
    return playwright.chromium.launch_persistent_context(
        profile,
        executable_path=PROGRAM,
        headless=True,
        args=[*QUIET, *_arguments(setting)],
        locale=setting.language,
        color_scheme="dark" if setting.dark else "light",
        viewport={"width": setting.width, "height": setting.height},
        timeout=seconds * 1000,
    )


def _restore(playwright: Playwright, profile: Path, setting: Setting) -> BrowserContext:
    """Start it and wait for what was open.

    Playwright may wait for ever for a tab that is replaced while it looks: then once more, on the profile as it was.
    """
    with TemporaryDirectory() as folder:
        kept = shutil.copytree(profile, Path(folder) / "profile", symlinks=True)
        try:
            context = _launch(playwright, profile, setting, WAIT_SECONDS / 2)
        except TooLong:
            shutil.rmtree(profile)
            shutil.copytree(kept, profile, symlinks=True)
            context = _launch(playwright, profile, setting)
    poll(lambda: _restored(context) is not None, lambda: "chromium does not open again what was open")
    return context


def _restored(context: BrowserContext) -> PlaywrightPage | None:
    """The page that was open when the browser was closed, beside the empty one that is there each time."""
    context.pages[0].evaluate("0")  # what the browser has told by now is known after that
    return next((page for page in context.pages if page.url != "about:blank"), None)


def _arguments(setting: Setting) -> list[str]:
    # No name but ours leads anywhere, whatever the browser would like to ask its maker.
    names = [f"MAP {host} 127.0.0.1" for host in setting.hosts]
    rules = ", ".join([*names, "MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1", "EXCLUDE localhost"])
    flags = ["--jitless"] if setting.safer else []
    flags += ["--noexpose-wasm"] if setting.safer or not setting.wasm else []
    chosen = [f"--js-flags={' '.join(flags)}"] if flags else []
    chosen += ["--restore-last-session"] if setting.restoring else []
    return [f"--host-resolver-rules={rules}", *chosen]


class ChromiumPage(Page):
    """A window of Chromium."""

    browser = "chromium"

    def __init__(self, profile: Path, context: BrowserContext, page: PlaywrightPage) -> None:
        super().__init__(profile)
        self._context = context
        self._page = page
        self._tabs = [page]
        self._errors: list[str] = []
        self._asked = 0
        self._dead_ends = 0
        self._open = True
        context.set_default_timeout(MILLISECONDS)
        context.on("console", self._console)
        context.on("weberror", self._exception)
        self._listen()

    def _listen(self) -> None:
        self._page.on("dialog", self._dialog)
        self._page.on("framenavigated", self._navigated)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "assert"} and not message.text.startswith(EXPECTED):
            self._errors.append(f"{message.type}: {message.text}")

    def _exception(self, error: WebError) -> None:
        self._errors.append(f"exception: {error.error.message}")

    def _dialog(self, dialog: Dialog) -> None:
        self._asked += dialog.type == "beforeunload"
        with suppress(Error):  # the page may be gone before the answer
            if self.leaving:
                dialog.accept()
            else:
                dialog.dismiss()

    def _navigated(self, frame: Frame) -> None:
        self._dead_ends += frame.url.startswith("chrome-error:")

    def go(self, url: str) -> None:
        asked, dead_ends = self._asked, self._dead_ends
        try:
            self._page.goto(url)
        except Error as error:
            if self._asked > asked and not self.leaving:
                return
            # Its own page about that comes a moment later, and would break off whatever is loading by then.
            poll(lambda: self.evaluate("1") and self._dead_ends > dead_ends, lambda: f"{url}: half an error")
            raise Unreachable(error.message) from error

    def reload(self) -> None:
        self._page.reload()

    def back(self) -> None:
        with suppress(Moved):  # it may be back before it can say so
            self.evaluate("history.back()")

    def tab(self, number: int) -> None:
        if number == len(self._tabs):
            self._page = self._context.new_page()
            self._tabs.append(self._page)
            self._listen()
        self._page = self._tabs[number]
        self._page.bring_to_front()

    def _the(self, found: Locator) -> Locator:
        return found.filter(visible=True)

    def _click(self, found: Locator, what: str) -> None:
        try:
            self._the(found).click()
        except TooLong as error:
            shown = self.text()[:2000]
            raise AssertionError(f"chromium: nothing to click: {what}\n{shown}\n{error.message}") from error

    def click(self, css: str) -> None:
        self._click(self._page.locator(css), css)

    def click_named(self, name: str, role: str = "button") -> None:
        # The roles of ARIA are a closed set in Playwright's types; ours come from tests.
        found = self._page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
        self._click(found, f"{role} {name}")

    def choose(self, css: str, *paths: Path) -> None:
        self._page.set_input_files(css, paths)

    def type(self, text: str, into: str | None = None) -> None:
        if into is not None:
            self.click(into)
        self._page.keyboard.type(text)

    def press(self, key: str) -> None:
        self._page.keyboard.press(key)

    def evaluate(self, expression: str) -> Any:
        try:
            return self._page.evaluate(expression)
        except Error as error:
            if any(word in error.message for word in GONE):
                raise Moved from error
            raise

    def run_axe(self, source: str, options: str) -> Any:
        if self._page.evaluate("typeof axe") == "undefined":
            self._page.evaluate(source)
        return self._page.evaluate(f"axe.run(document, {options})")

    def screenshot(self, path: Path, *, full: bool = True) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._page.screenshot(path=path, full_page=full)

    def resize(self, width: int, height: int) -> None:
        self._page.set_viewport_size({"width": width, "height": height})

    def dark(self, on: bool) -> None:
        self._page.emulate_media(color_scheme="dark" if on else "light")

    def errors(self) -> list[str]:
        if self._open:
            self._page.evaluate("0")  # what the browser has sent so far arrives before this answer
        return list(self._errors)

    def forget(self) -> None:
        self.errors()
        self._errors.clear()

    def workers(self) -> int:
        self._page.evaluate("0")  # what the browser has sent so far arrives before this answer
        return len(self._page.workers)

    @property
    def asked(self) -> int:
        return self._asked

    def close(self) -> None:
        if self._open:
            self._open = False
            self._context.close()

    def kill(self) -> None:
        self._open = False
        for process in Path("/proc").glob("[0-9]*"):
            if f"--user-data-dir={self.profile}" in _arguments_of(process):
                with suppress(ProcessLookupError):
                    os.kill(int(process.name), signal.SIGKILL)
        with suppress(Error):
            self._context.close()


def _arguments_of(process: Path) -> list[str]:
    try:
        return (process / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:  # it has ended meanwhile
        return []
