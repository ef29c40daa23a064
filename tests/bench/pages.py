"""The pages, measured in browsers: what they weigh, how long a person waits, what they take of the memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.bench import inboxes, long_texts, page_files, sending, weight
from tests.bench.browsers import FULL, Browsers
from tests.bench.filled import Filled, fill

MIB = 1024 * 1024


@dataclass(frozen=True)
class Amounts:
    """How much of it is measured. `objects`: also what Chromium itself says of its memory, which takes a minute."""

    reports: int = 5
    next_syncs: int = 3
    looks: int = 12
    objects: bool = True
    file_bytes: tuple[int, int] = (512 * MIB, 1024 * MIB)


def measure(folder: Path, full_inboxes: Sequence[Filled], amounts: Amounts) -> dict[str, Any]:
    """All of it."""
    empty = fill(folder / "empty", 0, 0)
    # Only now: no other event loop can run beside Playwright's.
    with sync_playwright() as playwright:
        browsers = Browsers(playwright, folder, amounts.looks)
        with empty.served() as url, browsers.open("chromium") as page:
            first_screen = weight.first_screen(page, url)
        return {
            "first_screen": first_screen,
            "visits": {name: weight.visits(browsers, name, empty, objects=amounts.objects) for name in FULL},
            "files": page_files.measure(browsers, empty, folder, amounts.file_bytes),
            "sending": sending.measure(browsers, empty, amounts.reports),
            "long_texts": long_texts.measure(browsers, empty),
            "inboxes": inboxes.measure(browsers, full_inboxes, amounts.next_syncs, objects=amounts.objects),
        }
