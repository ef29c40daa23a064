"""Another language on a screen: it changes words, and nothing that a person has typed, chosen or opened."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.browser.kit.driver import PAUSE, WAIT_SECONDS, Page
from tests.browser.kit.layout_faults import looked

# All that is a person's own on a screen, besides words; carets only where there is something to be in.
OWN = """({
  fields: Array.from(document.querySelectorAll('#main input, #main textarea, #main select'), (e) =>
    [e.id, e.type, e.value, e.checked ?? null, e.readOnly ?? null, e.value === '' ? 0 : e.selectionStart ?? null,
     e.value === '' ? 0 : e.selectionEnd ?? null]),
  opened: Array.from(document.querySelectorAll('details[open]'), (e) => e.id),
  buttons: Array.from(document.querySelectorAll('button'), (e) => [e.id, e.disabled]),
  screen: document.querySelector('#main [data-screen]')?.dataset.screen,
})"""
# Nobody is always at the end.
MOVE_CARETS = """document.querySelectorAll('#main input[type=text], #main textarea').forEach((e) => {
  const focused = document.activeElement;
  e.setSelectionRange(Math.min(2, e.value.length), Math.min(5, e.value.length));
  focused.focus();
})"""


@contextmanager
def switched(page: Page, found: list[str]) -> Iterator[None]:
    """Switch the page from Dutch to English during the block. Faults then, or afterwards, are added to `found`."""
    page.evaluate(MOVE_CARETS)
    before = page.evaluate(OWN)
    found += _faults(page, "en", before)
    yield
    found += _faults(page, "nl", before)


def _faults(page: Page, language: str, before: dict[str, Any]) -> list[str]:
    page.click(f"#{language}")
    page.wait_for(f"html[lang={language}]")
    after = _settled(page, before)
    found = looked(page, f"misspoken('{language}')")
    found += [
        f"{name} is {after[name]}, was {before[name]}" for name in before if after[name] != before[name]
    ]
    if not page.is_focused(f"#{language}"):
        found.append("the keyboard has gone")
    return [f"in {language}: {each}" for each in found]


def _settled(page: Page, before: dict[str, Any]) -> dict[str, Any]:
    """What is a person's own once it is as `before`, or when the patience ends: a worker checks a receipt anew."""
    end = time.monotonic() + WAIT_SECONDS
    while (after := page.evaluate(OWN)) != before and time.monotonic() < end:
        time.sleep(PAUSE)
    return after
