"""Drives a page in either browser: with real clicks and keys, and waits that poll a condition."""

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

WAIT_SECONDS = 90.0  # seconds; what is slow on purpose ("Safer") still fits, beside whatever else runs
PAUSE = 0.05  # seconds between two looks: closer looks would take the processor from the page

# Of a written text (`.text`), Chromium lays out what is in sight, at the frame after it was put there: before
# that frame it renders as nothing.
RENDERED = """(async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const late = new Promise((done) => setTimeout(done, 5000));
  if (!document.hidden && document.querySelector('.text')) await Promise.race([frame().then(frame), late]);
  return Array.from(%s, (e) => e.innerText);
})()"""

VISIBLE = "((e) => e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length > 0)"


class Unreachable(Exception):
    """The address gave no page at all."""


class Moved(Exception):
    """The document went away while it was asked something."""


@dataclass(frozen=True)
class Setting:
    """The settings of a person's browser. `hosts` are names that mean this machine, none of them a secure context."""

    safer: bool = False  # no WebAssembly, no compiled JavaScript; in Firefox fingerprinting is resisted too
    wasm: bool = True
    dark: bool = False
    language: str = "nl"
    width: int = 1280
    height: int = 900
    hosts: tuple[str, ...] = ("drempel.test",)
    restoring: bool = False  # opens again what was open when it was closed


class Page(ABC):
    """One window of one browser with a profile of its own on disk. `css` always means what a person can see."""

    browser: ClassVar[str]

    def __init__(self, profile: Path) -> None:
        self.profile = profile
        self.leaving = True  # the answer to "leave this page?" whenever the browser asks it

    @abstractmethod
    def go(self, url: str) -> None:
        """Go there, as by the address bar, and wait until it is loaded; Unreachable if nothing answers.

        Stays where it is if the page objects and `leaving` is false.
        """

    @abstractmethod
    def reload(self) -> None:
        """Load the same page again, and wait for it."""

    @abstractmethod
    def back(self) -> None:
        """Go one page back; what then shows is to be waited for."""

    @abstractmethod
    def tab(self, number: int) -> None:
        """Turn to a tab of the same window, the first being 0; one more is opened if there is none of that number."""

    @abstractmethod
    def click(self, css: str) -> None:
        """Click the one visible element that matches, in its middle, once it is there and can be clicked."""

    @abstractmethod
    def click_named(self, name: str, role: str = "button") -> None:
        """Click the one visible element of this role (button, link, radio, checkbox) and accessible name."""

    @abstractmethod
    def choose(self, css: str, *paths: Path) -> None:
        """Choose these files in a field for files, as if the browser's own window for that had been used."""

    @abstractmethod
    def type(self, text: str, into: str | None = None) -> None:
        """Type on the keyboard, after a click into the element if one is given. A line end is the Enter key."""

    @abstractmethod
    def press(self, key: str) -> None:
        """Press a key, such as Tab, Enter, Space, Escape, ArrowDown, Shift+Tab, Control+a."""

    @abstractmethod
    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page, promises awaited; Moved if the page goes away."""

    @abstractmethod
    def run_axe(self, source: str, options: str) -> Any:
        """The results of axe, run on the page from outside of its policy."""

    @abstractmethod
    def screenshot(self, path: Path, *, full: bool = True) -> None:
        """Save what is seen, or the whole length of the page, as PNG."""

    @abstractmethod
    def resize(self, width: int, height: int) -> None:
        """Give the page so many CSS pixels."""

    @abstractmethod
    def dark(self, on: bool) -> None:
        """Prefer dark, or light. Without effect at "Safer" in Firefox, which always says light."""

    @abstractmethod
    def errors(self) -> list[str]:
        """The page's errors: uncaught exceptions, violations of the policy. Failed requests are not among them."""

    @abstractmethod
    def forget(self) -> None:
        """Count errors from now on."""

    @abstractmethod
    def workers(self) -> int:
        """The number of workers in the browser."""

    @property
    @abstractmethod
    def asked(self) -> int:
        """How often the browser has asked "leave this page?" so far."""

    @abstractmethod
    def close(self) -> None:
        """Quit the browser as a person does: afterwards the profile is on disk. Twice is as good as once."""

    @abstractmethod
    def kill(self) -> None:
        """End every process of the browser, as when the power fails."""

    @property
    def url(self) -> str:
        """The address as the page has it."""
        return str(self.evaluate("location.href"))

    def text(self, css: str = "body") -> str:
        """The text of the first match as it is rendered; what is hidden is not in it."""
        found = self.texts(css)
        assert found, f"no {css}"
        return found[0]

    def texts(self, css: str) -> list[str]:
        """The rendered texts of all matches."""
        return list(self.evaluate(RENDERED % _all(css)))

    def value(self, css: str) -> str:
        """The value of a field."""
        return str(self.evaluate(f"{_first(css)}.value"))

    def attribute(self, css: str, name: str) -> str | None:
        """An attribute of the first match."""
        found: str | None = self.evaluate(f"{_first(css)}.getAttribute({json.dumps(name)})")
        return found

    def count(self, css: str) -> int:
        """The number of visible matches."""
        return int(self.evaluate(f"Array.from({_all(css)}).filter({VISIBLE}).length"))

    def is_visible(self, css: str) -> bool:
        """Whether any match can be seen."""
        return self.count(css) > 0

    def is_focused(self, css: str) -> bool:
        """Whether the keyboard is at a match."""
        return bool(self.evaluate(f"document.activeElement?.matches({json.dumps(css)}) ?? false"))

    def insert(self, text: str, into: str) -> None:
        """Put a long text into a field at once, as pasting does, with the event of it."""
        self.click(into)
        assert self.evaluate(f"document.execCommand('insertText', false, {json.dumps(text)})"), into

    def clear(self, css: str) -> None:
        """Empty a field by keys."""
        self.click(css)
        self.press("Control+a")
        self.press("Delete")

    def wait_for(self, css: str, timeout: float = WAIT_SECONDS) -> None:
        """Wait until a match can be seen."""
        self.wait_until(f"Array.from({_all(css)}).some({VISIBLE})", timeout)

    def wait_for_text(self, text: str, css: str = "body", timeout: float = WAIT_SECONDS) -> None:
        """Wait until a match shows the text."""
        self.wait_until(
            f"Array.from({_all(css)}).some((e) => e.innerText.includes({json.dumps(text)}))", timeout
        )

    def wait_gone(self, css: str, timeout: float = WAIT_SECONDS) -> None:
        """Wait until no match can be seen."""
        self.wait_until(f"!Array.from({_all(css)}).some({VISIBLE})", timeout)

    def wait_until(self, expression: str, timeout: float = WAIT_SECONDS) -> None:
        """Wait until a JavaScript expression is true."""
        poll(lambda: bool(self.evaluate(expression)), lambda: self._unmet(expression, timeout), timeout)

    def _unmet(self, expression: str, timeout: float) -> str:
        shown = self.text()[:2000]
        return (
            f"{self.browser}: not within {timeout} s: {expression}\nerrors: {self.errors()}\nshown: {shown}"
        )


def poll(true: Callable[[], bool], unmet: Callable[[], str], timeout: float = WAIT_SECONDS) -> None:
    """Look until `true`; AssertionError with `unmet()` if it never gets so. A document that goes away is not yet."""
    end = time.monotonic() + timeout
    while True:
        try:
            if true():
                return
        except Moved:
            pass
        assert time.monotonic() < end, unmet()
        time.sleep(PAUSE)


def _all(css: str) -> str:
    return f"document.querySelectorAll({json.dumps(css)})"


def _first(css: str) -> str:
    return f"document.querySelector({json.dumps(css)})"
