"""A large file over a line that breaks, to a server that goes away in the middle."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from crypto.public.blobs import CHUNK_LENGTH, chunk_count
from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import Page, poll
from tests.browser.kit.http_relay import HttpRelay, Reply, answer, gone, relaying
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.sample_files import exported, made
from tests.browser.kit.wire import Request, Response
from tests.kit.serving import Demo, demo_in

# What the page and its Worker make of it: the engine has no part in it.
pytestmark = pytest.mark.one_class

LARGE = 200_000_000
CUTS = 10
STEP = LARGE // (CUTS + 1)
# What the file is on the line if none of it is sent twice, and what can be under way at a time: LANES of WIDEST chunks
# (upload_pace.js).
ONCE = chunk_count(LARGE) * CHUNK_LENGTH
UNDER_WAY = 3 * 16 * CHUNK_LENGTH
FULL = json.dumps({"type": "about:blank", "status": 507, "title": "full", "code": "storage-full"}).encode()

# Pressed if it is there: the page may have gone on by itself.
HURRY = "document.getElementById('files-hurry')?.click()"


class Line:
    """The line, on which no request is remembered: they are large.

    `sent` counts the bytes of all chunks that came so far, `lost` those of which the page got no answer.
    """

    def __init__(self, middle: HttpRelay) -> None:
        self.middle = middle
        self.sent = self.lost = self.cuts = 0
        self.fault: str = ""
        self._lock = threading.Lock()
        middle.tamper = self.tamper

    def tamper(self, request: Request, ask: Callable[[], Response]) -> Reply:
        self.middle.requests.clear()
        if request.method != "PUT" or "/blobs/" not in request.path:
            return ask()
        with self._lock:
            self.sent += len(request.body)
        if self.fault == "full":
            return answer(507, FULL, content_type="application/problem+json")
        return self._passed_on(request, ask)

    def _passed_on(self, request: Request, ask: Callable[[], Response]) -> Reply:
        cuts, reply = self.cuts, None
        try:
            reply = ask()
        finally:
            is_dropped = self.fault == "answer lost"
            with self._lock:
                self.lost += len(request.body) if reply is None or is_dropped or self.cuts > cuts else 0
        return gone() if is_dropped else reply

    def cut(self) -> None:
        """Break it, with whatever is under way."""
        self.cuts += 1
        self.middle.cut()

    def lose_an_answer(self) -> None:
        """Let chunks arrive of which the page does not hear."""
        lost, self.fault = self.lost, "answer lost"
        poll(lambda: self.lost > lost, lambda: "no chunk comes", 60)

    def wait(self, sent: int) -> None:
        """Until so many bytes have come."""
        poll(lambda: self.sent >= sent, lambda: f"{self.sent} of {sent} bytes", 60)


def test_a_large_file_arrives_over_ten_cuts_and_a_restart_of_the_server(page: Page, tmp_path: Path) -> None:
    digest = made(tmp_path / "opname.mp4", LARGE)
    (tmp_path / "demo").mkdir()
    with demo_in(tmp_path / "demo") as demo, relaying(demo.url) as middle:
        line, reporter = Line(middle), Reporter(page, middle.address(demo.pinned))
        reporter.arrive()
        reporter.begin()
        reporter.choose("confidential-adviser")
        reporter.attach(tmp_path / "opname.mp4")
        for cut in range(CUTS):
            line.wait((cut + 1) * STEP)
            if cut % 3 == 0:
                line.lose_an_answer()
            line.cut()
            line.fault = ""
            if cut == CUTS // 2:
                demo.server.kill()
                page.wait_for_text(words("reporter", "waiting.unreachable"), "#files-connection")
                demo.start()
                middle.lead(demo.url)
                page.evaluate(HURRY)
        reporter.write("Zie de opname.")
        receipt = reporter.receipt()
        reporter.confirm(receipt)
        reporter.send(timeout=60)
        assert page.errors() == []
        assert line.sent > ONCE, "nothing was sent again"
        # An answer that is on the line when it breaks is lost too, and counted nowhere.
        assert line.sent <= ONCE + line.lost + UNDER_WAY, "what had arrived was sent again"
        assert line.lost <= (CUTS + 1) * UNDER_WAY
        assert exported(demo, "Zie de opname.", tmp_path / "export") == {"opname.mp4": digest}


def test_where_there_is_no_room_the_page_says_so_and_goes_on_when_there_is(
    page: Page, demo: Demo, middle: HttpRelay, tmp_path: Path
) -> None:
    made(tmp_path / "opname.mp4", 3_000_000)
    line, reporter = Line(middle), Reporter(page, middle.address(demo.pinned))
    reporter.arrive()
    reporter.begin()
    reporter.choose("confidential-adviser")
    line.fault = "full"
    reporter.attach(tmp_path / "opname.mp4")
    page.wait_for_text(words("reporter", "waiting.full"), "#files-connection")
    reporter.write("Zie de opname.")
    receipt = reporter.receipt()
    reporter.confirm(receipt)
    page.click("#send")
    page.wait_for("[data-screen=sending]")
    page.wait_for_text(words("reporter", "waiting.full"), "#files-connection")
    page.click("#stop")
    page.wait_for_text(words("reporter", "error.files-stopped"), "#problem")
    assert page.value("#text") == "Zie de opname."
    line.fault = ""
    reporter.files_arrived(timeout=60)
    page.wait_gone("#files-connection .notice")
    page.click("#next")
    assert reporter.receipt() == receipt, "what was not sent costs no noted receipt"
    reporter.confirm(receipt)
    reporter.send()
    assert "1" in page.text("#received-files") or page.text("#received-files") == words(
        "reporter", "received.files.one"
    )
    assert page.errors() == []
