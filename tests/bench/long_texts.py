"""The worst texts of the largest size: how soon the inbox locks while one is open, and how fast one is written on.

Locking is timed from the press until the locked screen is drawn, with what is out of sight not laid out before.
Writing is compared with a bare text field of the same page, which holds as much.
"""

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from statistics import median
from typing import Any

from crypto.public.limits import TEXT_LIMIT
from tests.bench import stopwatch
from tests.bench.browsers import FULL, Browsers
from tests.bench.filled import Filled, send_reports
from tests.browser.kit.driver import Page
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.reporter import Reporter

LONGEST = 60.0  # seconds
KEYS = 15
# Each a text that keeps layout busy for seconds, if it is laid out as one.
WORST = {
    "accents": "a" + "\u0300" * (TEXT_LIMIT // 2 - 1),
    "right to left": "\u0627\u0644\u0639\u0631\u0628\u064a\u0629" * (TEXT_LIMIT // 14),
    "directions": "\u0627a" * (TEXT_LIMIT // 3),
}
WRITTEN = "Sinds het voorjaar zijn de rekeningen dubbel betaald. " * (TEXT_LIMIT // 54 - 1)
# The same field without what the page does with it: a clone has no listeners.
BARE = "document.getElementById('text').replaceWith(document.getElementById('text').cloneNode())"


def lock_ms(page: Page, inbox: Inbox, code: str, place: int) -> float:
    """Milliseconds from the press of "lock" to the locked screen, scrolled to the end of one of the texts."""
    inbox.open(code)
    inbox.read(place)
    page.click(".more-text")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    stopwatch.set_for(page, "#lock", "[data-screen=locked]")
    page.click("#lock")
    return stopwatch.taken(page, LONGEST).ms


def key_ms(page: Page) -> float:
    """Milliseconds until the page goes on after a key, in what has the focus."""
    taken = []
    for _ in range(KEYS):
        begun = time.perf_counter()
        page.type("x")
        page.evaluate("1")
        taken.append(1000 * (time.perf_counter() - begun))
    return median(taken)


def in_browser(browsers: Browsers, name: str, filled: Filled) -> dict[str, Any]:
    """The figures of one browser."""
    with filled.served() as url:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            for text in WORST.values():
                assert pool.submit(send_reports, url, filled.channels[0], 1, text).result() == 1
        with browsers.open(name) as page:
            inbox = Inbox(page, url)
            locked = [lock_ms(page, inbox, filled.codes[0], place) for place in range(len(WORST))]
            reporter = Reporter(page, url)
            reporter.arrive()
            reporter.begin()
            reporter.choose(filled.channels[0])
            page.insert(WRITTEN, into="#text")
            key = key_ms(page)
            page.evaluate(BARE)
            page.insert(WRITTEN, into="#text")
            return {"lock_ms": max(locked), "key_ms": key, "bare_key_ms": key_ms(page)}


def measure(browsers: Browsers, filled: Filled) -> dict[str, dict[str, Any]]:
    """Each browser in turn."""
    return {name: in_browser(browsers, name, filled) for name in FULL}
