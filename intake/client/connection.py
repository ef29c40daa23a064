"""Requests to a service. They are retried while that can help, and nothing in them identifies the client."""

import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Any, Self

import httpcore
import httpx
from socksio.exceptions import SOCKSError

from crypto.public.encoding import b64, parse_object
from crypto.public.errors import ERRORS, DrempelError
from intake.client.address import Address
from intake.client.proxy import read_proxy
from intake.client.request_body import Body, timeout_for
from intake.client.retry import ConnectionProblem as ConnectionProblem
from intake.client.retry import Retry

RETRY_SECONDS = 30.0
# A sender of gigabytes over a bad connection does not want to come back for every half minute of silence.
FILE_RETRY_SECONDS = 600.0
LONGEST_ANSWER = 64 * 1024 * 1024
TRANSIENT = (429, 500, 502, 503, 504, 507)
# A page from in between, such as a captive portal's, is a 200: nothing has been stored then.
WRITES, STORED, READ = ("PUT", "DELETE"), (204,), (200,)
BYTES = "application/octet-stream"
# What httpx raises where there is no answer. The last comes from a SOCKS proxy that does not speak SOCKS.
NO_ANSWER = (httpx.TransportError, httpx.InvalidURL, SOCKSError)
# Read 256 KiB at a time. At the default of 64 KiB, the rest of what has arrived is copied at each read: a fourth of
# the cost of a download.
httpcore.AsyncHTTP11Connection.READ_NUM_BYTES = 256 * 1024


Sink = Callable[[bytes], None]
"""A function that takes the pieces of an answer, in order."""


class Connection:
    """An organisation's API. Use as an asynchronous context manager."""

    def __init__(
        self,
        address: Address,
        *,
        retry_for: float | None = None,
        on_retry: Callable[[str], None] = lambda _: None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`retry_for`: seconds to retry for, by default `RETRY_SECONDS`, and `FILE_RETRY_SECONDS` for files and what
        is sent with them; `on_retry` gets the problem's text before each pause.

        ValueError, with a sentence for a person, if the environment names a proxy that can't be used.
        """
        self.address = address
        self._retry_for = RETRY_SECONDS if retry_for is None else retry_for
        self._file_retry_for = FILE_RETRY_SECONDS if retry_for is None else retry_for
        self._on_retry = on_retry
        self._proxy = None if address.is_local or transport else read_proxy(os.environ)
        self._client = httpx.AsyncClient(
            transport=transport,
            trust_env=False,
            proxy=self._proxy.url if self._proxy else None,
            verify=ssl.create_default_context() if address.base.startswith("https") else False,
        )
        # httpx adds headers of its own to those it is given, with its name and version among them.
        for name in ("User-Agent", "Accept", "Connection"):
            del self._client.headers[name]
        # The length of a compressed answer would leak something of its content.
        self._client.headers["Accept-Encoding"] = "identity"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    def retry_files(self) -> Retry:
        """A Retry for chunks of a file, which take more than one request, or not the same one each time."""
        return Retry(self._file_retry_for, self._on_retry)

    @contextmanager
    def carrying_files(self) -> Iterator[None]:
        """Within it every request is retried for as long as chunks of files are: after hours of sending, the message
        that names them is worth as much."""
        before, self._retry_for = self._retry_for, self._file_retry_for
        try:
            yield
        finally:
            self._retry_for = before

    async def request(
        self,
        method: str,
        path: str,
        *,
        expected: tuple[int, ...] | None = None,
        longest: int = LONGEST_ANSWER,
        begin: Callable[[], Sink] | None = None,
        **sent: Any,
    ) -> httpx.Response:
        """Send a request until it is answered; gives the answer, of at most `longest` bytes.

        The very same bytes are sent again while the failure is transient. Every write of the API may be repeated: the
        same bytes again change nothing. DrempelError says what is wrong in the end. `sent` is as for `attempt`.

        `expected` are the statuses of success: by default 204 for a write, else 200.

        With `begin` an expected answer is not kept: the sink that `begin` returns gets each piece as it arrives.
        `begin` is called again for each try, and what earlier tries gave is to be forgotten.
        """
        retry = Retry(self._retry_for, self._on_retry)
        while True:
            try:
                return await self.attempt(
                    method, path, expected=expected, longest=longest, begin=begin, **sent
                )
            except ConnectionProblem as problem:
                await retry.pause(problem)

    async def attempt(
        self,
        method: str,
        path: str,
        *,
        token: bytes | str | None = None,
        body: bytes | Sequence[bytes] | None = None,
        headers: dict[str, str] | None = None,
        expected: tuple[int, ...] | None = None,
        longest: int = LONGEST_ANSWER,
        begin: Callable[[], Sink] | None = None,
    ) -> httpx.Response:
        """Send a request once, without retries. A `body` may consist of several pieces."""
        if expected is None:
            expected = STORED if method in WRITES else READ
        try:
            request = self._built(method, path, token, body, headers)
            response = await self._once(request, longest, expected, begin)
        except NO_ANSWER as failure:
            raise self._unreachable(failure) from None
        if response.status_code not in expected:
            raise _problem(response)
        return response

    @asynccontextmanager
    async def stream(self, path: str, token: bytes) -> AsyncIterator[AsyncIterator[bytes]]:
        """The pieces of a binary answer to one GET, as they arrive and without a limit.

        ConnectionProblem as of `attempt`; `answer-damaged` also if the answer's media type is another.
        """
        try:
            response = await self._client.send(self._built("GET", path, token), stream=True)
            try:
                if response.status_code not in READ:
                    pieces: list[bytes] = []
                    await _take_all(response, LONGEST_ANSWER, pieces.append)
                    raise _problem(httpx.Response(response.status_code, content=b"".join(pieces)))
                media, _, _ = response.headers.get("Content-Type", "").partition(";")
                if media.strip().lower() != BYTES:
                    raise ConnectionProblem("answer-damaged")
                yield response.aiter_raw()
            finally:
                await response.aclose()
        except NO_ANSWER as failure:
            raise self._unreachable(failure) from None

    def _built(
        self,
        method: str,
        path: str,
        token: bytes | str | None = None,
        body: bytes | Sequence[bytes] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Request:
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = "Bearer " + (b64(token) if isinstance(token, bytes) else token)
        content = None if body is None else Body(body)
        if content is not None:
            sent = {"Content-Type": BYTES, **sent, "Content-Length": str(content.length)}
        timeout = timeout_for(content.length if content else 0)
        url = self.address.api + path
        return self._client.build_request(method, url, content=content, headers=sent, timeout=timeout)

    async def _once(
        self,
        request: httpx.Request,
        longest: int,
        expected: tuple[int, ...],
        begin: Callable[[], Sink] | None,
    ) -> httpx.Response:
        response = await self._client.send(request, stream=True)
        try:
            pieces: list[bytes] = []
            take = begin() if begin and response.status_code in expected else pieces.append
            await _take_all(response, longest, take)
        finally:
            await response.aclose()
        return httpx.Response(response.status_code, headers=_kept(response), content=b"".join(pieces))

    def _unreachable(self, failure: BaseException) -> ConnectionProblem:
        by_way = f"It was tried by way of the proxy in {self._proxy.place}." if self._proxy else ""
        return ConnectionProblem("server-unreachable", _reason(failure) or by_way, is_transient=True)

    async def json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """The JSON object of an answer; ConnectionProblem `answer-damaged` if it is anything else."""
        response = await self.request(method, path, **options)
        return read_json(response.content)


async def _take_all(response: httpx.Response, longest: int, take: Sink) -> None:
    length = 0
    async for piece in response.aiter_raw():
        length += len(piece)
        if length > longest:
            raise ConnectionProblem("answer-damaged", "It is too long.")
        take(piece)


def _reason(failure: BaseException | None) -> str:
    """A sentence about the cause of a failure, if it is one that a person can act on."""
    while failure is not None:
        if isinstance(failure, ssl.SSLCertVerificationError):
            return "Its certificate is not one for this address: somebody may be in between."
        if isinstance(failure, ssl.SSLError):
            return "It does not speak https there."
        if isinstance(failure, socket.gaierror):
            return "There is no host of that name."
        failure = failure.__cause__ or failure.__context__
    return ""


def read_json(content: bytes) -> dict[str, Any]:
    """The JSON object in an answer; ConnectionProblem `answer-damaged` if it is anything else."""
    try:
        return parse_object(content)
    except ValueError:
        raise ConnectionProblem("answer-damaged") from None


def _kept(response: httpx.Response) -> dict[str, str]:
    """The one header that the client reads. Others could make httpx decompress without end, or fail."""
    etag = response.headers.get("ETag", "")
    return {"ETag": etag} if etag.isascii() and etag.isprintable() else {}


def _problem(response: httpx.Response) -> DrempelError:
    """The error for an unexpected answer: the service's own code if it names one that fits its status."""
    try:
        code = parse_object(response.content).get("code")
    except ValueError:
        code = None
    is_transient = response.status_code in TRANSIENT
    if isinstance(code, str) and code in ERRORS and ERRORS[code].status == response.status_code:
        return ConnectionProblem(code, is_transient=is_transient)
    if response.status_code == 429:
        return ConnectionProblem("server-busy", is_transient=is_transient)
    if response.status_code >= 500:
        return ConnectionProblem("server-unavailable", is_transient=is_transient)
    if response.status_code == 413:
        # The service would have answered with a code of its own.
        return ConnectionProblem("proxy-limit")
    # Another program than a Drempel service answers there, or a service of another version.
    return ConnectionProblem("organisation-unknown" if response.status_code == 404 else "answer-damaged")
