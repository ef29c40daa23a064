"""Parses recorded HTTP/1.1: every request and answer, each with its exact bytes."""

import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

import brotli

from tests.kit.recorder import RecordedConnection

BODILESS = {204, 304}
_DECODERS = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress}


class Broken(Exception):
    """The bytes end in the middle, or are no HTTP."""


@dataclass(frozen=True)
class Message:
    """A request or an answer. `body` is without the framing of chunks, `raw` is everything."""

    headers: tuple[tuple[str, str], ...]
    body: bytes
    raw: bytes

    def header(self, name: str) -> str:
        """A header's value, or nothing."""
        return next((value for known, value in self.headers if known.lower() == name.lower()), "")

    @property
    def content(self) -> bytes:
        """The body, uncompressed."""
        coding = self.header("content-encoding")
        return _DECODERS[coding](self.body)


@dataclass(frozen=True)
class Request(Message):
    """A request; `path` is its target with the query."""

    method: str
    path: str


@dataclass(frozen=True)
class Response(Message):
    """An answer."""

    status: int


class Exchange(NamedTuple):
    """A request with its answer, which is None if the connection broke before it was complete."""

    request: Request
    response: Response | None


class _Kept:
    """A source that keeps the bytes it has given."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.raw = bytearray()

    def line(self) -> bytes:
        line = self._source.readline(65536)
        self.raw += line
        return line

    def take(self, size: int) -> bytes:
        data = self._source.read(size)
        self.raw += data
        if len(data) < size:
            raise Broken
        return data

    def rest(self) -> bytes:
        data = self._source.read()
        self.raw += data
        return data


def read_request(source: BinaryIO) -> Request | None:
    """The next request, or None at the end; Broken."""
    kept = _Kept(source)
    start = kept.line()
    if not start:
        return None
    method, path, _ = _words(start)
    headers = _headers(kept)
    body = _body(kept, headers, endless=False)
    return Request(headers, body, bytes(kept.raw), method, path)


def read_response(source: BinaryIO, method: str) -> Response | None:
    """The answer to a request of `method`, or None at the end; Broken."""
    kept = _Kept(source)
    start = kept.line()
    if not start:
        return None
    status = int(_words(start)[1])
    headers = _headers(kept)
    bodiless = method == "HEAD" or status in BODILESS
    body = b"" if bodiless else _body(kept, headers, endless=True)
    return Response(headers, body, bytes(kept.raw), status)


def exchanges(line: RecordedConnection) -> Iterator[Exchange]:
    """Everything that was asked and answered over a recorded line."""
    sent, received = io.BytesIO(bytes(line.sent)), io.BytesIO(bytes(line.received))
    while True:
        try:
            request = read_request(sent)
        except Broken:
            return
        if request is None:
            return
        try:
            response = read_response(received, request.method)
        except Broken:
            response = None
        yield Exchange(request, response)


def _words(start: bytes) -> list[str]:
    words = start.decode("latin-1").rstrip("\r\n").split(" ", 2)
    if len(words) != 3 or not start.endswith(b"\n"):
        raise Broken(start)
    return words


def _headers(kept: _Kept) -> tuple[tuple[str, str], ...]:
    headers = []
    while (line := kept.line()) not in {b"\r\n", b"\n"}:
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not line.endswith(b"\n"):
            raise Broken(line)
        headers.append((name, value.strip()))
    return tuple(headers)


def _body(kept: _Kept, headers: tuple[tuple[str, str], ...], *, endless: bool) -> bytes:
    known = {name.lower(): value for name, value in headers}
    if "chunked" in known.get("transfer-encoding", ""):
        return b"".join(_chunks(kept))
    if "content-length" in known:
        return kept.take(int(known["content-length"]))
    return kept.rest() if endless else b""


def _chunks(kept: _Kept) -> Iterator[bytes]:
    while True:
        line = kept.line()
        if not line.endswith(b"\n"):
            raise Broken
        size = int(line.partition(b";")[0], 16)
        if size:
            yield kept.take(size)
        if kept.line() != b"\r\n":  # of the chunk, or after the last one: no program here sends trailers
            raise Broken
        if not size:
            return
