"""The server in the middle passes everything on as it is, and alters what it is told to."""

import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.browser.conftest import BrowserLauncher
from tests.browser.kit.http_relay import (
    HttpRelay,
    Reply,
    altered,
    answer,
    cut,
    dripped,
    endless,
    gone,
    held,
    redirect,
    relaying,
)
from tests.browser.kit.wire import Request, Response, exchanges
from tests.kit.recorder import recording
from tests.kit.serving import Demo

pytestmark = pytest.mark.test_all  # a tool of the tests, and not the product

Ask = Callable[[], Response]
STYLE = "/static/pages/drempel.css"


@pytest.fixture
def middle(demo: Demo) -> Iterator[HttpRelay]:
    with relaying(demo.url) as made:
        yield made


def get(middle: HttpRelay, demo: Demo, path: str = STYLE) -> httpx.Response:
    return httpx.get(middle.address(demo.url).replace("/demo/", path), timeout=30)


def test_untouched_bytes_are_the_servers(demo: Demo, middle: HttpRelay) -> None:
    with recording(demo.url) as recorder:
        for base in (recorder.address(demo.url), middle.address(demo.url)):
            with httpx.Client(headers={"host": "one.test"}) as client:
                assert client.get(base).status_code == 200
                assert client.get(base.replace("/demo/", STYLE)).status_code == 200
        (line,) = recorder.take()
    recorded = list(exchanges(line))
    assert [it.request.path for it in recorded] == ["/demo/", STYLE]
    assert [it.request.raw for it in recorded] == [it.raw for it in middle.requests]
    sizes = [len(it.response.raw) for it in recorded if it.response]
    assert sizes == list(middle.tally.received.values())
    assert b"".join(it.response.raw for it in recorded if it.response) == bytes(line.received)
    assert recorded[1].response is not None
    assert recorded[1].response.content.startswith(b"/*") or b"{" in recorded[1].response.content


def test_an_answer_is_altered(demo: Demo, middle: HttpRelay) -> None:
    middle.tamper = lambda request, ask: altered(ask(), status=503, body=b"down", retry_after="7")
    got = get(middle, demo)
    assert (got.status_code, got.content, got.headers["retry-after"]) == (503, b"down", "7")
    assert "content-security-policy" in got.headers
    middle.tamper = lambda request, ask: answer(404, b"never asked", content_type="text/plain")
    assert (get(middle, demo).status_code, get(middle, demo).text) == (404, "never asked")
    middle.tamper = lambda request, ask: redirect("https://elsewhere.test/")
    assert get(middle, demo).headers["location"] == "https://elsewhere.test/"


def test_a_line_breaks_before_or_within_the_answer(demo: Demo, middle: HttpRelay) -> None:
    for broken in (lambda ask: gone(), lambda ask: cut(ask(), 0), lambda ask: cut(ask(), 900)):
        middle.tamper = lambda request, ask, broken=broken: broken(ask)  # type: ignore[misc]
        with pytest.raises(httpx.RemoteProtocolError):
            get(middle, demo)


def test_an_answer_waits_or_drips(demo: Demo, middle: HttpRelay) -> None:
    now = threading.Event()
    middle.tamper = lambda request, ask: held(ask(), now)
    threading.Timer(0.2, now.set).start()
    began = time.monotonic()
    assert get(middle, demo).status_code == 200
    assert time.monotonic() - began >= 0.2
    middle.tamper = lambda request, ask: dripped(ask(), 400, 0.01)
    assert get(middle, demo).status_code == 200


def test_an_answer_has_no_end(demo: Demo, middle: HttpRelay) -> None:
    middle.tamper = lambda request, ask: endless(ask())
    with httpx.stream("GET", middle.address(demo.url)) as got:
        taken = 0
        for piece in got.iter_raw():
            taken += len(piece)
            if taken > 10_000_000:
                break
    assert taken > 10_000_000


def test_a_browser_gets_the_altered_page(
    launch: BrowserLauncher, browser: str, demo: Demo, middle: HttpRelay
) -> None:
    def renamed(request: Request, ask: Ask) -> Reply:
        response = ask()
        return (
            altered(response, body=b"<title>Altered</title><p>Other words")
            if request.path == "/demo/"
            else response
        )

    page = launch(browser)
    middle.tamper = renamed
    page.go(middle.address(demo.url))
    assert page.text() == "Other words"
    assert len(middle.asked("GET", "/demo/")) == 1
    middle.tamper = lambda request, ask: ask()
    page.go(middle.address(demo.url, "drempel.test"))
    page.wait_for("h1")
    assert middle.tally.requests["GET", STYLE] == 1
    assert middle.tally.received["GET", STYLE] > 1000
