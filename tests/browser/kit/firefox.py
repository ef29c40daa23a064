"""Debian's Firefox ESR, by Marionette, its own protocol."""

import json
import os
import signal
import subprocess
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from tests.browser.kit.driver import Moved, Page, Setting, Unreachable, poll
from tests.browser.kit.firefox_scripts import CONSOLE, DOCUMENT, PICKER, QUIT_BY_MENU, SIZE, WORKERS
from tests.browser.kit.firefox_settings import preferences

with warnings.catch_warnings():  # one of its packages asks for the name of the system in a way of yesterday
    warnings.simplefilter("ignore", DeprecationWarning)
    from marionette_driver import errors
    from marionette_driver.keys import Keys
    from marionette_driver.marionette import Marionette, WebElement

T = TypeVar("T")

PROGRAM = "/usr/bin/firefox-esr"
COMMAND = (PROGRAM, "--headless", "--no-remote", "--marionette", "--remote-debugging-port", "0")
QUIT = 60.0  # seconds
EMPTY = "about:blank"

# "none": a click or a look must not wait for a page that is held up on purpose. With webSocketUrl, Firefox leaves the
# question "leave this page?" to us; otherwise it says yes by itself.
CAPABILITIES = {
    "pageLoadStrategy": "none",
    "webSocketUrl": True,
    "unhandledPromptBehavior": {"default": "ignore", "beforeUnload": "ignore"},
}
BY_ROLE = {
    "button": "button, [role=button], input[type=submit], input[type=button], summary",
    "link": "a[href], [role=link]",
    "radio": "input[type=radio], [role=radio]",
    "checkbox": "input[type=checkbox], [role=checkbox]",
}
NAMES = {"Space": " ", "Backspace": Keys.BACK_SPACE, "ArrowUp": Keys.ARROW_UP, "ArrowDown": Keys.ARROW_DOWN}
NAMES |= {"ArrowLeft": Keys.ARROW_LEFT, "ArrowRight": Keys.ARROW_RIGHT}

GONE = (
    errors.NoSuchWindowException,
    errors.NoSuchElementException,
    errors.StaleElementException,
    errors.UnknownException,
)


def start(profile: Path, setting: Setting | None = None) -> "FirefoxPage":
    """Start it on a profile folder, new or used before."""
    chosen = setting or Setting()
    profile.mkdir(parents=True, exist_ok=True)
    port = profile / "MarionetteActivePort"
    port.unlink(missing_ok=True)
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences(chosen)]
    (profile / "user.js").write_text("".join(lines), "utf-8")
    process = subprocess.Popen(
        [*COMMAND, "--remote-allow-system-access", "--profile", str(profile)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # so that whatever it started can be ended with it
    )
    try:
        poll(lambda: port.exists() and port.read_text().strip() != "", lambda: "Firefox does not start", QUIT)
        page = FirefoxPage(profile, process, int(port.read_text()))
        page.resize(chosen.width, chosen.height)
    except BaseException:
        end(process)
        raise
    return page


def end(process: subprocess.Popen[bytes]) -> None:
    """Leave nothing of it behind, whatever state it is in."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class FirefoxPage(Page):
    """A window of Firefox."""

    browser = "firefox"

    def __init__(self, profile: Path, process: subprocess.Popen[bytes], port: int) -> None:
        super().__init__(profile)
        self._process = process
        self._asked = 0
        self._firefox = Marionette(port=port, socket_timeout=2 * QUIT)
        self._firefox.start_session(CAPABILITIES)

    def _answer(self) -> bool:
        """Answer the question "leave this page?", if it is asked."""
        try:
            prompt = self._firefox.switch_to_alert()
            if self.leaving:
                prompt.accept()
            else:
                prompt.dismiss()
        except errors.NoAlertPresentException:
            return False
        self._asked += 1
        return True

    def _tell(self, command: Callable[[], T]) -> T:
        """Give a command, once no question stands in its way."""
        while True:
            try:
                return command()
            except errors.UnexpectedAlertOpen:
                self._answer()

    def go(self, url: str) -> None:
        asked, before = self._asked, self._document()
        try:
            self._firefox.navigate(url)
        except errors.UnknownException as error:
            raise Unreachable(url) from error
        if "#" in url and url.partition("#")[0] == before["address"].partition("#")[0]:
            return  # within the document
        self._loaded(before, asked, url)
        if self._document()["document"].startswith("about:neterror"):
            raise Unreachable(url)

    def _in_chrome(self, script: str, *values: Any) -> Any:
        """Run a script in the browser's own window instead of the page."""
        with self._firefox.using_context("chrome"):
            return self._tell(lambda: self._firefox.execute_script(script, script_args=values))

    def _document(self) -> Any:
        return self._in_chrome(DOCUMENT)

    def _loaded(self, before: Any, asked: int, url: str) -> None:
        def done() -> bool:
            stayed = self.asked > asked and not self.leaving
            now = self._document()
            # Before a document, or the page that says that there is none, there is an empty one for a moment.
            is_there = now["document"] not in ("", EMPTY) or url == EMPTY
            return stayed or (now["id"] != before["id"] and not now["loading"] and is_there)

        poll(done, lambda: f"firefox: nothing new loads after {before['address']}")

    def reload(self) -> None:
        asked, before = self._asked, self._document()
        self._firefox.refresh()
        self._loaded(before, asked, before["document"])

    def back(self) -> None:
        self._firefox.go_back()

    def tab(self, number: int) -> None:
        if number == len(self._firefox.window_handles):
            self._firefox.open(type="tab", focus=True)
        self._firefox.switch_to_window(self._firefox.window_handles[number], focus=True)

    def _seen(self, css: str) -> list[WebElement]:
        return [it for it in self._firefox.find_elements("css selector", css) if it.is_displayed()]

    def _click(self, find: Callable[[], list[WebElement]], what: str) -> None:
        """Click the one element, like Playwright: when it is there, enabled, and not under another."""

        def clicked() -> bool:
            found = self._tell(find)
            assert len(found) < 2, f"{len(found)} elements are {what}"
            if not found or not found[0].is_enabled():
                return False
            try:
                found[0].click()
            except errors.ElementClickInterceptedException:
                # What stands under the bar at the top counts as in view.
                self._run("arguments[0].scrollIntoView({block: 'center'})", script_args=[found[0]])
                return False
            return True

        poll(lambda: _still(clicked), lambda: f"firefox: nothing to click: {what}\n{self.text()[:2000]}")

    def click(self, css: str) -> None:
        self._click(lambda: self._seen(css), css)

    def click_named(self, name: str, role: str = "button") -> None:
        def named() -> list[WebElement]:
            return [it for it in self._seen(BY_ROLE[role]) if it.computed_label == name]

        self._click(named, f"{role} {name}")

    def choose(self, css: str, *paths: Path) -> None:
        self._in_chrome(PICKER, [str(path) for path in paths])
        self.evaluate(f"document.querySelector({json.dumps(css)}).focus()")
        self.press("Enter")  # only a person's own key opens the window

    def type(self, text: str, into: str | None = None) -> None:
        if into is not None:
            self.click(into)
        keys = text.replace("\n", Keys.ENTER)
        self._tell(lambda: self._firefox.actions.sequence("key", "keyboard").send_keys(keys).perform())

    def press(self, key: str) -> None:
        *held, last = key.split("+")
        modifiers = [getattr(Keys, name.upper()) for name in held]
        value = NAMES.get(last) or (last if len(last) == 1 else getattr(Keys, last.upper()))
        sequence = self._firefox.actions.sequence("key", "keyboard")
        for modifier in modifiers:
            sequence.key_down(modifier)
        sequence.key_down(value).key_up(value)
        for modifier in reversed(modifiers):
            sequence.key_up(modifier)
        self._tell(sequence.perform)

    def _run(self, script: str, **options: Any) -> Any:
        return _still(lambda: self._tell(lambda: self._firefox.execute_script(script, **options)))

    def evaluate(self, expression: str) -> Any:
        # In a box, since a document that goes away answers everything with null.
        boxed = self._run(f"return (async () => [await ({expression})])()", sandbox=None)
        if boxed is None:
            raise Moved(expression)
        return boxed[0]

    def run_axe(self, source: str, options: str) -> Any:
        # A scope of its own beside the page's, which the page's policy does not bind.
        return self._run(f"{source}; return axe.run(document, {options})", sandbox="axe", new_sandbox=True)

    def screenshot(self, path: Path, *, full: bool = True) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self._tell(lambda: self._firefox.screenshot(format="binary", full=full)))

    def resize(self, width: int, height: int) -> None:
        self._in_chrome(SIZE, width, height)
        self.wait_until(f"innerWidth === {width} && innerHeight === {height}")

    def dark(self, on: bool) -> None:
        self._firefox.set_pref("layout.css.prefers-color-scheme.content-override", 0 if on else 1)
        if not self._firefox.get_pref("privacy.resistFingerprinting"):  # there it is always light
            self.wait_until(f"matchMedia('(prefers-color-scheme: dark)').matches === {json.dumps(on)}")

    def errors(self) -> list[str]:
        return list(self._in_chrome(CONSOLE))

    def forget(self) -> None:
        self._in_chrome("Services.console.reset()")

    def workers(self) -> int:
        return int(self._in_chrome(WORKERS))

    @property
    def asked(self) -> int:
        self._answer()
        return self._asked

    def close(self) -> None:
        if self._process.poll() is not None:
            return
        self._firefox.set_pref(
            "dom.disable_beforeunload", True
        )  # a question at the very end would hold it up
        self._firefox.set_context("chrome")
        with suppress(OSError, errors.InvalidSessionIdException):  # it may be gone before it can answer
            self._firefox.execute_script(QUIT_BY_MENU)
        self._firefox.delete_session(send_request=False)
        try:
            self._process.wait(QUIT)
        finally:
            end(self._process)

    def kill(self) -> None:
        end(self._process)
        self._firefox.delete_session(send_request=False)


def _still(look: Callable[[], T]) -> T:
    try:
        return look()
    except GONE as error:
        raise Moved from error
