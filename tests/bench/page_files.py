"""Files that a reporter's page sends, and that an inbox saves: how fast, and what the browser needs for it at most.

A page that held a file would need twice as much for one that is twice as large. (Chromium frees what was sent when it
collects garbage, so that below some hundred MiB the need does grow.) Saved is where a browser writes to disk as a file
comes, which is Chromium; the others hold it, up to a limit.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from tests.bench.browsers import FULL, Browsers
from tests.bench.files import make_file, report
from tests.bench.filled import Filled
from tests.browser.kit.device import PICKERS
from tests.browser.kit.driver import Page
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.reporter import Reporter

LOOK_SECONDS = 0.25
LONGEST_SECONDS = 600
SAVED = """(async () => {
  const folder = await navigator.storage.getDirectory();
  return (await (await folder.getFileHandle('%s')).getFile()).size;
})()"""


@contextmanager
def _watched(browsers: Browsers, page: Page) -> Iterator[list[int]]:
    """What the browser's processes take, looked at again and again while the block runs, in bytes."""
    found: list[int] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            found.append(browsers.memory_now(page))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield found
    finally:
        over.set()
        watcher.join()


def _measured(browsers: Browsers, page: Page, size: int, work: Callable[[], None]) -> dict[str, Any]:
    before = browsers.memory(page)
    start = perf_counter()
    with _watched(browsers, page) as looks:
        work()
        taken = perf_counter() - start
    peak = max([before, *looks])
    # At least one, since a ratio is made of it.
    return {"bytes": size, "seconds": taken, "more_bytes": max(1, peak - before)}


def _upload(browsers: Browsers, page: Page, reporter: Reporter, path: Path) -> dict[str, Any]:
    def work() -> None:
        reporter.attach(path)
        reporter.files_arrived(LONGEST_SECONDS)

    found = _measured(browsers, page, path.stat().st_size, work)
    page.click("#file-1-remove")
    return found


def _download(browsers: Browsers, page: Page, path: Path) -> dict[str, Any]:
    def work() -> None:
        page.click("#file-0-0-save")
        page.wait_for("#file-0-0 [data-end]", LONGEST_SECONDS)

    found = _measured(browsers, page, path.stat().st_size, work)
    assert page.attribute("#file-0-0 [data-end]", "data-end") == "saved"
    assert page.evaluate(SAVED % path.name) == path.stat().st_size
    return found


def _saved(browsers: Browsers, filled: Filled, paths: list[Path]) -> list[dict[str, Any]]:
    found = []
    for path in paths:
        with filled.served() as url, browsers.open("chromium") as page:
            report(path, filled.channels[0], url)
            inbox = Inbox(page, url)
            inbox.open(filled.codes[0])
            page.evaluate(PICKERS)
            inbox.read()
            found.append(_download(browsers, page, path))
    return found


def _in_browser(browsers: Browsers, name: str, filled: Filled, paths: list[Path]) -> list[dict[str, Any]]:
    found = []
    for path in paths:
        with filled.served() as url, browsers.open(name) as page:
            reporter = Reporter(page, url)
            reporter.arrive()
            reporter.begin()
            reporter.choose(filled.channels[0])
            found.append(_upload(browsers, page, reporter, path))
    return found


def measure(browsers: Browsers, filled: Filled, folder: Path, sizes: tuple[int, int]) -> dict[str, Any]:
    """Sent and saved, by browser, for a small file and a large one, of these sizes in bytes."""
    paths = [folder / f"{size}.bin" for size in sizes]
    for path, size in zip(paths, sizes, strict=True):
        make_file(path, size)
    found = {
        "sent": {name: _in_browser(browsers, name, filled, paths) for name in FULL},
        "saved": {"chromium": _saved(browsers, filled, paths)},
    }
    for path in paths:
        path.unlink()
    return found
