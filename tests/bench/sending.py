"""From the press of "send" to "received", beside a bare PUT of as many bytes from the same page: the machine's share.

A bare one is as durable as a report, but nothing is sealed for it and nothing is shown after it.
"""

import base64
import json
from statistics import median
from typing import Any

from crypto.public.encoding import b64
from crypto.secret.primitives import os_random
from tests.bench import stopwatch
from tests.bench.browsers import SETTINGS, Browsers
from tests.bench.filled import TEXT, Filled
from tests.bench.reports import creation, mailbox_path, opening
from tests.browser.kit.driver import Page
from tests.browser.kit.reporter import Reporter

LONGEST = 60.0  # seconds
BARE = 32  # in a row, since the clock of a page may go by 17 ms
PUT = """(async (reports) => {
  const bodies = reports.map(([path, body]) => [path, Uint8Array.from(atob(body), (c) => c.charCodeAt(0))]);
  const headers = {'Content-Type': 'application/octet-stream'};
  const start = performance.now();
  for (const [path, body] of bodies) {
    const {status} = await fetch(path, {method: 'PUT', body, headers, cache: 'no-store'});
    if (status !== 204) throw new Error(`a bare report was answered ${status}`);
  }
  return (performance.now() - start) / reports.length;
})"""


def bare_ms(page: Page, filled: Filled) -> float:
    """Milliseconds of a bare PUT from this page."""
    reports = []
    for _ in range(BARE):
        mailbox = os_random(32)
        path = f"{mailbox_path(filled.slug, mailbox)}/opening/{b64(os_random(16))}"
        body = creation(filled.founded.id, mailbox, {}) + opening()
        reports.append((path, base64.b64encode(body).decode("ascii")))
    return float(page.evaluate(f"{PUT}({json.dumps(reports)})"))


def one_report(page: Page, url: str, filled: Filled) -> dict[str, float]:
    """Milliseconds of each part of a report."""
    reporter = Reporter(page, url)
    arrival = stopwatch.arrival(page, url, "#begin")
    stopwatch.set_for(page, "#send", "[data-screen=received]")
    reporter.begin()
    reporter.choose(filled.channels[0])
    reporter.write(TEXT, pasted=True)
    reporter.confirm(reporter.receipt())
    page.click("#send")
    taken = stopwatch.taken(page, LONGEST)
    return {
        **arrival,
        "derive_ms": taken.call("prepare"),
        "seal_ms": taken.call("seal"),
        "send_ms": taken.ms,
        "bare_ms": bare_ms(page, filled),
    }


def in_browser(browsers: Browsers, name: str, filled: Filled, reports: int) -> dict[str, float]:
    """Medians over some reports from one browser, after one that is not counted."""
    with filled.served() as url, browsers.open(name) as page:
        one_report(page, url, filled)
        found = [one_report(page, url, filled) for _ in range(reports)]
    ratio = median(it["send_ms"] / it["bare_ms"] for it in found)
    return {**{part: median(it[part] for it in found) for part in found[0]}, "to_bare": ratio}


def measure(browsers: Browsers, filled: Filled, reports: int) -> dict[str, dict[str, Any]]:
    """Each browser in turn."""
    return {name: in_browser(browsers, name, filled, reports) for name in SETTINGS}
