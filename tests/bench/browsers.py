"""The browsers in which the pages are measured, each on a new profile, and what they take of the memory."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Playwright

from tests.browser.kit import chromium, firefox
from tests.browser.kit.driver import Page, Setting

# By the name that the figures have. The last is what Tor Browser's "Safer" does to a page, imitated.
SETTINGS = {"chromium": Setting(), "firefox": Setting(), "firefox at Safer": Setting(safer=True)}
FULL = ("chromium", "firefox")

STEADY = 1 << 20  # bytes from one look to the next
GONE = (FileNotFoundError, ProcessLookupError)


@dataclass(frozen=True)
class Browsers:
    """Opens them, one at a time: each has the machine for itself. `looks`: how long memory may take to be steady."""

    playwright: Playwright
    folder: Path
    looks: int

    @contextmanager
    def open(self, name: str) -> Iterator[Page]:
        """A page of a browser; it has ended, and its profile is gone, when the block ends."""
        profile = self.folder / "profile"
        setting = SETTINGS[name]
        page: Page = (
            chromium.start(self.playwright, profile, setting)
            if name == "chromium"
            else firefox.start(profile, setting)
        )
        try:
            yield page
        finally:
            page.close()
            shutil.rmtree(profile, ignore_errors=True)

    def memory(self, page: Page) -> int:
        """What the browser's processes have for themselves and among each other, in bytes, once that is steady."""
        last = _own(page.profile)
        for _ in range(self.looks):
            time.sleep(1)
            now = _own(page.profile)
            if abs(now - last) < STEADY:
                break
            last = now
        return now

    def memory_now(self, page: Page) -> int:
        """The same, at once."""
        return _own(page.profile)


def _own(profile: Path) -> int:
    """The proportional set without mapped files: the share of the program's code depends on who else runs it."""
    total = 0
    for process in _processes(profile):
        with suppress(*GONE):
            for line in (process / "smaps_rollup").read_text().splitlines():
                if line.startswith(("Pss_Anon:", "Pss_Shmem:")):
                    total += int(line.split()[1]) * 1024
    assert total, "no process has this profile"
    return total


def _processes(profile: Path) -> set[Path]:
    """Those that were started with the profile, and all that descend from them."""
    parents: dict[Path, Path] = {}
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(*GONE):
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            parents[process] = Path("/proc") / fields[1]
            if str(profile) in (process / "cmdline").read_bytes().decode("utf-8", "replace"):
                found.add(process)
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found
