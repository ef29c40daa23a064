"""A full inbox in a browser: from the press of "open" until the list is drawn, the first time and after locking."""

import re
from collections.abc import Sequence
from statistics import median
from typing import Any

from tests.bench import stopwatch
from tests.bench.browsers import FULL, Browsers
from tests.bench.filled import Filled
from tests.bench.stopwatch import Taken
from tests.bench.weight import OBJECTS
from tests.browser.kit.driver import Page
from tests.browser.kit.inbox import Inbox

LONGEST = 300.0  # seconds
CALLS = ("signIn", "sync")


def listed(page: Page) -> int:
    """How many conversations the list says there are; a thousand has a mark in it."""
    found = re.match(r"\d[\d.]*", page.text("#counts"))
    return int(found[0].replace(".", "")) if found else 0


def sign_in(page: Page, code: str, expected: int) -> Taken:
    """Sign in on the page that is open. All that is expected must be listed."""
    stopwatch.set_for(page, "#enter", "[data-screen=list]")
    page.type(code, into="#code")
    page.click("#enter")
    taken = stopwatch.taken(page, LONGEST)
    assert listed(page) == expected
    return taken


def parts(all_taken: Sequence[Taken]) -> dict[str, float]:
    """Medians in milliseconds: all of it, and what of it the Worker's calls took."""
    calls = {f"{call}_ms": median(taken.call(call) for taken in all_taken) for call in CALLS}
    return {"ms": median(taken.ms for taken in all_taken), **calls}


def in_browser(
    browsers: Browsers, name: str, filled: Filled, repeats: int, *, objects: bool
) -> dict[str, Any]:
    """The first sign-in of a recipient who was never here, the memory of the page then, and what the next ones take."""
    code = filled.codes[0]
    following = []
    with filled.served() as url, browsers.open(name) as page:
        inbox = Inbox(page, url)
        blank = browsers.memory(page)
        arrived = stopwatch.arrival(page, inbox.url, "#enter")
        first = sign_in(page, code, filled.mine)
        used = {"blank_bytes": blank, "used_bytes": browsers.memory(page)}
        own = page.evaluate(OBJECTS) if objects and name == "chromium" else None
        for _ in range(repeats):
            inbox.lock()
            following.append(sign_in(page, code, filled.mine))
    return {
        "mine": filled.mine,
        "others": filled.others,
        **arrived,
        "first": parts([first]),
        "next": parts(following),
        "memory": {**used, "objects_bytes": own},
    }


def measure(
    browsers: Browsers, inboxes: Sequence[Filled], repeats: int, *, objects: bool
) -> dict[str, list[dict[str, Any]]]:
    """Each inbox in each browser."""
    return {
        name: [in_browser(browsers, name, filled, repeats, objects=objects) for filled in inboxes]
        for name in FULL
    }
