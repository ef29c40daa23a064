"""Nothing is weighed before the service sends its files as small as it can."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.bench.packed import wait_until_packed


@contextmanager
def serving(codings: list[str], asked: list[str]) -> Iterator[str]:
    """A service that answers in one coding after the other, and in the last one from then on."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Encoding", codings.pop(0) if len(codings) > 1 else codings[0])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing of it belongs in a test's output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/demo/#pin"
        finally:
            server.shutdown()
            thread.join()


def test_it_waits_for_the_largest_file() -> None:
    asked: list[str] = []
    with serving(["gzip", "gzip", "br"], asked) as url:
        wait_until_packed(url)
    assert asked == ["/static/vendor/pdf.js"] * 3


def test_it_says_what_never_came() -> None:
    with serving(["gzip"], []) as url, pytest.raises(TimeoutError, match=r"pdf\.js is still sent as gzip"):
        wait_until_packed(url, seconds=0)
