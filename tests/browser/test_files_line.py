"""A large file over a line that breaks, to a server that goes away in the middle."""

import json
from pathlib import Path

from tests.browser.catalogue import words
from tests.browser.driver import Page, poll
from tests.browser.filing import exported, made
from tests.browser.reporter import Reporter
from tests.browser.tampering import Reply, Tampering, answer, gone, tampering
from tests.browser.wire import Request
from tests.serving import Demo, demo_in

LARGE = 200_000_000
CUTS = 10
STEP = LARGE // (CUTS + 1)
FULL = json.dumps({"type": "about:blank", "status": 507, "title": "full", "code": "storage-full"}).encode()


class Line:
    """The line, on which no request is remembered: they are large. `sent` counts the bytes of all chunks so far."""

    def __init__(self, middle: Tampering) -> None:
        self.middle = middle
        self.sent = 0
        self.fault: str = ""
        middle.tamper = self.tamper

    def tamper(self, request: Request, ask: object) -> Reply:
        assert callable(ask)
        self.middle.requests.clear()
        if request.method == "PUT" and "/blobs/" in request.path:
            self.sent += len(request.body)
            if self.fault == "full":
                return answer(507, FULL, content_type="application/problem+json")
            if self.fault == "answer lost":
                ask()
                return gone()
        reply: Reply = ask()
        return reply

    def wait(self, sent: int) -> None:
        """Until so many bytes have come."""
        poll(lambda: self.sent >= sent, lambda: f"{self.sent} of {sent} bytes", 60)


def test_a_large_file_arrives_over_ten_cuts_and_a_restart_of_the_server(page: Page, tmp_path: Path) -> None:
    digest = made(tmp_path / "opname.mp4", LARGE)
    (tmp_path / "demo").mkdir()
    with demo_in(tmp_path / "demo") as demo, tampering(demo.url) as middle:
        line, reporter = Line(middle), Reporter(page, middle.address(demo.pinned))
        reporter.arrive()
        reporter.begin()
        reporter.choose("confidential-adviser")
        reporter.attach(tmp_path / "opname.mp4")
        for cut in range(CUTS):
            line.wait((cut + 1) * STEP)
            line.fault = "answer lost" if cut % 3 == 0 else ""
            middle.cut()
            if cut == CUTS // 2:
                demo.server.kill()
                page.wait_for_text(words("reporter", "waiting.unreachable"), "#files-line")
                demo.start()
                middle.lead(demo.url)
                page.click("#files-hurry")
            line.fault = ""
        reporter.write("Zie de opname.")
        receipt = reporter.receipt()
        reporter.confirm(receipt)
        reporter.send(timeout=60)
        assert page.errors() == []
        assert line.sent > LARGE
        assert exported(demo, "Zie de opname.", tmp_path / "export") == {"opname.mp4": digest}


def test_where_there_is_no_room_the_page_says_so_and_goes_on_when_there_is(
    page: Page, demo: Demo, middle: Tampering, tmp_path: Path
) -> None:
    made(tmp_path / "opname.mp4", 3_000_000)
    line, reporter = Line(middle), Reporter(page, middle.address(demo.pinned))
    reporter.arrive()
    reporter.begin()
    reporter.choose("confidential-adviser")
    line.fault = "full"
    reporter.attach(tmp_path / "opname.mp4")
    page.wait_for_text(words("reporter", "waiting.full"), "#files-line")
    reporter.write("Zie de opname.")
    receipt = reporter.receipt()
    reporter.confirm(receipt)
    page.click("#send")
    page.wait_for("[data-screen=sending]")
    page.wait_for_text(words("reporter", "waiting.full"), "#files-line")
    page.click("#stop")
    page.wait_for_text(words("reporter", "error.files-stopped"), "#problem")
    assert page.value("#text") == "Zie de opname."
    line.fault = ""
    reporter.files_arrived(timeout=60)
    page.wait_gone("#files-line .notice")
    page.click("#next")
    assert reporter.receipt() == receipt, "what was not sent costs no noted receipt"
    reporter.confirm(receipt)
    reporter.send()
    assert "1" in page.text("#received-files") or page.text("#received-files") == words(
        "reporter", "received.files.one"
    )
    assert page.errors() == []
