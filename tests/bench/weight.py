"""What a visit weighs, as it went over the line: a report, a return, an inbox; and what the first screen needs.

Each visit has an origin of its own, so that none profits from another. Bodies are counted as they were sent,
compressed where they were, without the framing of chunks; and not before the service has compressed all as far as it
does, which it begins with when it starts.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.bench.browsers import Browsers
from tests.bench.filled import TEXT, Filled
from tests.bench.packed import wait_until_packed
from tests.browser.kit.driver import Page
from tests.browser.kit.http_relay import Reply, gone, relaying
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.wire import Request, Response, exchanges
from tests.kit.recorder import RecordedConnection, recording

HEAVIEST = 10
LONGEST_WORD = 20
# What the document hides by itself is a warning that is not due here.
# Buttons that do nothing without a script are not shown without one (`scripted`).
SHOWN = """Array.from(document.querySelectorAll('#start [data-words]:not([hidden] *, .scripted *)'),
  (e) => e.checkVisibility() && e.innerText !== '')"""
# Takes twenty seconds: it waits until the browser collects garbage by itself.
OBJECTS = "performance.measureUserAgentSpecificMemory().then(({bytes}) => bytes)"


@dataclass(frozen=True)
class Answered:
    """A request and its answer."""

    request: Request
    response: Response

    def to_json(self) -> dict[str, Any]:
        """What was asked for, and the bytes of it. An id in an address is random, and says nothing."""
        words = self.request.path.split("/")
        path = "/".join("..." if "." not in word and len(word) > LONGEST_WORD else word for word in words)
        body, content = len(self.response.body), len(self.response.content)
        return {"request": f"{self.request.method} {path}", "bytes": body, "uncompressed_bytes": content}


def answered(lines: Iterable[RecordedConnection]) -> list[Answered]:
    """All that was asked; every request must have its answer."""
    found = []
    for request, response in (exchange for line in lines for exchange in exchanges(line)):
        assert response, f"{request.method} {request.path} has no answer"
        found.append(Answered(request, response))
    return found


def weight(found: list[Answered]) -> dict[str, Any]:
    """Requests and bytes of a visit. Headers are those of both ways, with whatever else is no body."""
    sent = sum(len(it.request.body) for it in found)
    bodies = sum(len(it.response.body) for it in found)
    raw = sum(len(it.request.raw) + len(it.response.raw) for it in found)
    heaviest = sorted(found, key=lambda it: len(it.response.body), reverse=True)[:HEAVIEST]
    return {
        "requests": len(found),
        "bytes": bodies,
        "sent_bytes": sent,
        "header_bytes": raw - bodies - sent,
        "heaviest": [it.to_json() for it in heaviest],
    }


def visits(browsers: Browsers, name: str, filled: Filled, *, objects: bool) -> dict[str, Any]:
    """The weight of each kind of visit in a browser, and the memory of a reporter's page at its end."""
    with filled.served() as url, ExitStack() as stack:
        wait_until_packed(url)
        lines = {kind: stack.enter_context(recording(url)) for kind in ("report", "return", "inbox")}
        with browsers.open(name) as page:
            used: dict[str, Any] = {"blank_bytes": browsers.memory(page)}
            reporter = Reporter(page, lines["report"].address(url))
            receipt = reporter.report(filled.channels[0], TEXT, pasted=True)
            used["used_bytes"] = browsers.memory(page)
            used["objects_bytes"] = page.evaluate(OBJECTS) if objects and name == "chromium" else None
            Reporter(page, lines["return"].address(url)).come_back(receipt)
            Inbox(page, lines["inbox"].address(url)).open(filled.codes[0])
        weights = {kind: weight(answered(recorder.take())) for kind, recorder in lines.items()}
    return {"weight": weights, "memory": used}


def first_screen(page: Page, url: str) -> dict[str, Any]:
    """What is sent for the first screen, and how much of its text is there, when nothing else than that is answered."""
    document = urlsplit(url).path

    def only_that(request: Request, ask: Any) -> Reply:
        return ask() if request.path == document or request.path.endswith(".css") else gone()

    with relaying(url, only_that) as between:
        page.go(between.address(url))
        texts: list[bool] = page.evaluate(SHOWN)
        sizes = [size for size in between.tally.received.values() if size]
        assert between.asked("GET", ".js"), "nothing was withheld"
    return {"requests": len(sizes), "bytes": sum(sizes), "texts": len(texts), "shown": sum(texts)}
