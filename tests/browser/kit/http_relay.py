"""An HTTP relay that passes bytes on unchanged, except for answers that a test alters."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from urllib.parse import urlsplit

from tests.browser.kit.wire import Broken, Request, Response, read_request, read_response

# An answer for the browser, or raw pieces after which the connection is closed.
Reply = Response | Iterable[bytes]
# A function that gets a request and a way to ask the real server, and gives the reply.
Tamper = Callable[[Request, Callable[[], Response]], Reply]


def untouched(request: Request, ask: Callable[[], Response]) -> Reply:
    """The server's own answer."""
    return ask()


def answer(status: int, body: bytes = b"", **headers: str) -> Response:
    """An answer the server never gave. An underscore in a header's name is a hyphen."""
    made = {name.replace("_", "-"): value for name, value in headers.items()}
    return _framed(Response(tuple(made.items()), body, b"", status))


def redirect(location: str, status: int = 302) -> Response:
    """An answer that leads elsewhere."""
    return answer(status, location=location)


def altered(
    response: Response, *, status: int | None = None, body: bytes | None = None, **headers: str
) -> Response:
    """The server's answer with another status, other content (given uncompressed), or headers added or replaced."""
    made = {name.lower(): value for name, value in response.headers}
    if body is not None:
        made.pop("content-encoding", None)
    made |= {name.replace("_", "-"): value for name, value in headers.items()}
    content = response.body if body is None else body
    return _framed(
        replace(response, headers=tuple(made.items()), body=content, status=status or response.status)
    )


def _framed(response: Response) -> Response:
    """With the length it has and the bytes it goes out in."""
    kept = [(n, v) for n, v in response.headers if n.lower() not in {"content-length", "transfer-encoding"}]
    headers = (*kept, ("content-length", str(len(response.body))))
    lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers]
    raw = "\r\n".join([*lines, "", ""]).encode("latin-1") + response.body
    return replace(response, headers=headers, raw=raw)


def held(response: Response, until: threading.Event, most: float = 60.0) -> Response:
    """The answer, delayed until the test sets the event."""
    until.wait(most)
    return response


def dripped(response: Response, size: int, seconds: float) -> Iterator[bytes]:
    """The answer, so many bytes at a time with so many seconds between."""
    for at in range(0, len(response.raw), size):
        yield response.raw[at : at + size]
        time.sleep(seconds)


def cut(response: Response, after: int) -> Iterator[bytes]:
    """The first `after` bytes of the answer, head included; then the connection breaks. With 0 there is no answer."""
    yield response.raw[:after]


def endless(response: Response, most: int = 1 << 30) -> Iterator[bytes]:
    """An answer without end, as far as the browser will take it, up to `most` bytes."""
    head = response.raw[: len(response.raw) - len(response.body)]
    lines = [line for line in head.split(b"\r\n")[:-2] if not line.lower().startswith(b"content-length")]
    yield b"\r\n".join([*lines, b"connection: close", b"", b""])
    for _ in range(most >> 16):
        yield bytes(1 << 16)


def gone() -> Iterator[bytes]:
    """No answer: the connection breaks."""
    yield b""


@dataclass
class Tally:
    """Requests by method and path: how often, and bytes to and from the browser."""

    requests: Counter[tuple[str, str]]
    sent: Counter[tuple[str, str]]
    received: Counter[tuple[str, str]]


class HttpRelay:
    """Listens on a free port in front of the server of `url`. `tamper` may be set at any time."""

    def __init__(self, url: str, tamper: Tamper = untouched) -> None:
        self.tamper = tamper
        self.requests: list[Request] = []
        self.tally = Tally(Counter(), Counter(), Counter())
        self.lead(url)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._listening.getsockname()[1])

    def address(self, url: str, host: str = "127.0.0.1") -> str:
        """`url` by way of this relay, under another host name if given."""
        return urlsplit(url)._replace(netloc=f"{host}:{self.port}").geturl()

    def lead(self, url: str) -> None:
        """Relay to the server of `url` from now on: it may have been started again elsewhere."""
        self._server = (urlsplit(url).hostname or "", urlsplit(url).port or 80)

    def asked(self, method: str, part: str) -> list[Request]:
        """The requests so far of this method that have `part` in their path."""
        return [it for it in self.requests if it.method == method and part in it.path]

    def _accept(self) -> None:
        while True:
            try:
                browser, _ = self._listening.accept()
            except OSError:  # closed
                return
            with self._lock:
                self._open.add(browser)
            thread = threading.Thread(target=self._serve, args=(browser,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, browser: socket.socket) -> None:
        # Either end may disconnect at any time, which ends this connection and nothing else.
        with browser, suppress(OSError, Broken), browser.makefile("rb") as asking:
            while request := read_request(asking):
                self._count(request)
                if not self._reply(browser, request, self.tamper(request, partial(self._ask, request))):
                    break
        with self._lock:
            self._open.discard(browser)

    def _ask(self, request: Request) -> Response:
        # A connection of its own each time: the server may have closed an idle one.
        with socket.create_connection(self._server, 60) as server, server.makefile("rb") as answering:
            server.sendall(request.raw)
            response = read_response(answering, request.method)
        if response is None:
            raise Broken
        return response

    def _count(self, request: Request) -> None:
        with self._lock:
            self.requests.append(request)
            self.tally.requests[request.method, request.path] += 1
            self.tally.sent[request.method, request.path] += len(request.raw)

    def _reply(self, browser: socket.socket, request: Request, reply: Reply) -> bool:
        """Send a reply; whether the connection stays open."""
        for piece in [reply.raw] if isinstance(reply, Response) else reply:
            browser.sendall(piece)
            with self._lock:
                self.tally.received[request.method, request.path] += len(piece)
        return isinstance(reply, Response) and reply.header("connection").lower() != "close"

    def cut(self) -> None:
        """Break all open connections, in the middle of any transfer."""
        with self._lock:
            for browser in self._open:
                with suppress(OSError):
                    browser.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Stop listening, and break all connections."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._accepting.join(60)
        self.cut()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()


@contextmanager
def relaying(url: str, tamper: Tamper = untouched) -> Iterator[HttpRelay]:
    """A relay before the server of `url`."""
    made = HttpRelay(url, tamper)
    try:
        yield made
    finally:
        made.close()


# Their names in the tests of hostile servers.
