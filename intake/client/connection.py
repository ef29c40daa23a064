"""Requests to a service: repeated while that can help, and with nothing in them that tells who asks."""

import asyncio
import random
import socket
import ssl
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Any, Self

import httpcore
import httpx

from crypto.encoding import b64, parse_object
from crypto.errors import ERRORS, DrempelError
from intake.client.address import Address
from intake.client.bodies import Body, timeout_for

PATIENCE = 30.0
# Whoever sends gigabytes over a bad line does not want to come back for every half minute of silence.
FILE_PATIENCE = 600.0
LONGEST_ANSWER = 64 * 1024 * 1024
PASSING = (429, 500, 502, 503, 504, 507)
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
# A page that somebody between answers with, as a captive portal does, is a 200: nothing is stored then.
WRITES, STORED, READ = ("PUT", "DELETE"), (204,), (200,)
BYTES = "application/octet-stream"
# What comes in comes in pieces of 256 KiB. Taken by the 64 KiB that are the default, the rest is copied each time: it
# made up a fourth of what a download costs.
httpcore.AsyncHTTP11Connection.READ_NUM_BYTES = 256 * 1024


Sink = Callable[[bytes], None]
"""Takes the pieces of an answer, in their order."""


class ConnectionProblem(DrempelError):
    """The server could not be reached or could not do it, or what it answered makes no sense.

    `passing`: whether the same request may be answered otherwise in a while.
    """

    def __init__(self, code: str, detail: str = "", *, passing: bool = False) -> None:
        super().__init__(code, detail)
        self.passing = passing


class Trying:
    """Something that is tried again while its failure may pass, after pauses that grow. Several may share one."""

    def __init__(self, patience: float, waiting: Callable[[str], None]) -> None:
        """`patience`: seconds from the first failure on since something arrived, for a line that goes dead in silence
        lets the first try wait longer than that; `waiting` is told in a word why it is trying again."""
        self._patience = patience
        self._waiting = waiting
        self.arrived()

    def arrived(self) -> None:
        """Something of it has arrived: the line is there, and patience begins anew with the next failure."""
        self._end: float | None = None
        self._pause = FIRST_PAUSE

    async def again(self, problem: ConnectionProblem) -> None:
        """Wait for the next try; raises the problem instead if it does not pass, or patience has come to its end."""
        now = time.monotonic()
        if self._end is None:
            self._end = now + self._patience
        if not problem.passing or now + self._pause > self._end:
            raise problem
        self._waiting(str(problem))
        await asyncio.sleep(self._pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads clients, guards nothing
        self._pause = min(2 * self._pause, LONGEST_PAUSE)


def _proxy() -> str | None:
    """The proxy of the environment, so that whoever routes everything over Tor is not bypassed."""
    proxies = urllib.request.getproxies()
    found = proxies.get("all") or proxies.get("https") or proxies.get("http")
    return found.replace("socks://", "socks5://") if found else None


class Connection:
    """An organisation's API. Use as an asynchronous context manager."""

    def __init__(
        self,
        address: Address,
        *,
        patience: float | None = None,
        waiting: Callable[[str], None] = lambda _: None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`patience`: seconds to go on trying, by default `PATIENCE`, and `FILE_PATIENCE` for files and what is
        sent with them; `waiting` is told in a word why it is trying again."""
        self.address = address
        self._patience = PATIENCE if patience is None else patience
        self._file_patience = FILE_PATIENCE if patience is None else patience
        self._waiting = waiting
        self._client = httpx.AsyncClient(
            transport=transport,
            trust_env=False,
            proxy=None if address.is_local or transport else _proxy(),
            verify=ssl.create_default_context() if address.base.startswith("https") else False,
        )
        # httpx adds what it likes to any headers it is given, its name and version among them.
        for name in ("User-Agent", "Accept", "Connection"):
            del self._client.headers[name]
        # A compressed length would tell something of the content.
        self._client.headers["Accept-Encoding"] = "identity"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    def trying_file(self) -> Trying:
        """For chunks of a file, which take more than one request, or not the same one each time."""
        return Trying(self._file_patience, self._waiting)

    @contextmanager
    def carrying_files(self) -> Iterator[None]:
        """Within it every request has the patience of files: after hours of sending, the message that names them is
        worth as much of it."""
        before, self._patience = self._patience, self._file_patience
        try:
            yield
        finally:
            self._patience = before

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
        """The answer, of at most `longest` bytes; DrempelError says what is wrong. `sent` is as for `attempt`.

        `expected` are the statuses of an answer that is none of an error: 204 of a write, else 200.

        With `begin` an expected answer is not kept: what `begin` gives takes each piece as it comes. It is called again
        for each try, and what the tries before gave is to be forgotten.

        Repeats the very same bytes while the failure may pass.
        Every write of the API may be repeated: the same bytes again change nothing.
        """
        trying = Trying(self._patience, self._waiting)
        while True:
            try:
                return await self.attempt(
                    method, path, expected=expected, longest=longest, begin=begin, **sent
                )
            except ConnectionProblem as problem:
                await trying.again(problem)

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
        """Like `request`, but only once. A `body` may come in pieces."""
        if expected is None:
            expected = STORED if method in WRITES else READ
        try:
            request = self._built(method, path, token, body, headers)
            response = await self._once(request, longest, expected, begin)
        except (httpx.TransportError, httpx.InvalidURL) as failure:
            raise _unreachable(failure) from None
        if response.status_code not in expected:
            raise _problem(response)
        return response

    @asynccontextmanager
    async def stream(self, path: str, token: bytes) -> AsyncIterator[AsyncIterator[bytes]]:
        """The pieces of the bytes that answer one GET as they come, however many there are.

        ConnectionProblem as of `attempt`; `answer-damaged` also if the answer does not say that it is bytes.
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
        except (httpx.TransportError, httpx.InvalidURL) as failure:
            raise _unreachable(failure) from None

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

    async def json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """The JSON object of an answer; ConnectionProblem `answer-damaged` if it holds none."""
        response = await self.request(method, path, **options)
        return read_json(response.content)


async def _take_all(response: httpx.Response, longest: int, take: Sink) -> None:
    length = 0
    async for piece in response.aiter_raw():
        length += len(piece)
        if length > longest:
            raise ConnectionProblem("answer-damaged", "It is too long.")
        take(piece)


def _unreachable(failure: BaseException) -> ConnectionProblem:
    return ConnectionProblem("server-unreachable", _reason(failure), passing=True)


def _reason(failure: BaseException | None) -> str:
    """What a person can do something about, if the cause is of that sort."""
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
    """The JSON object in an answer; ConnectionProblem `answer-damaged` if it holds none."""
    try:
        return parse_object(content)
    except ValueError:
        raise ConnectionProblem("answer-damaged") from None


def _kept(response: httpx.Response) -> dict[str, str]:
    """The one header that means something here. Another could make httpx decompress without end, or fail."""
    etag = response.headers.get("ETag", "")
    return {"ETag": etag} if etag.isascii() and etag.isprintable() else {}


def _problem(response: httpx.Response) -> DrempelError:
    """What an answer other than the expected means: the service's own word for it, if it is one of its words."""
    try:
        code = parse_object(response.content).get("code")
    except ValueError:
        code = None
    passing = response.status_code in PASSING
    if isinstance(code, str) and code in ERRORS and ERRORS[code].status == response.status_code:
        return ConnectionProblem(code, passing=passing)
    if response.status_code == 429:
        return ConnectionProblem("server-busy", passing=passing)
    if response.status_code >= 500:
        return ConnectionProblem("server-unavailable", passing=passing)
    # Something else than a Drempel service answers there, or one of another version.
    return ConnectionProblem("organisation-unknown" if response.status_code == 404 else "answer-damaged")
