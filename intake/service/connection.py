"""uvicorn's protocol with patience and memory that end, and with our headers on the one answer no application gives.

Neither uvicorn nor its parser bounds a request's head: one connection could fill the memory in seconds.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from intake.service.headers import HEADERS
from intake.service.problems import problem
from intake.service.settings import Settings

# What a request may have beside its body: its head, the framing of chunks, trailers.
HEAD_BYTES = 64 * 1024
# Requests that may wait on one connection for the answers before theirs. Browsers send none before its turn.
PIPELINED = 8


def _malformed() -> bytes:
    response = problem("request-malformed")
    head = [*response.raw_headers, (b"connection", b"close"), *HEADERS]
    lines = b"".join(b"%b: %b\r\n" % pair for pair in head)
    return b"HTTP/1.1 400 Bad Request\r\n" + lines + b"\r\n" + bytes(response.body)


MALFORMED = _malformed()


class Connection(HttpToolsProtocol):
    """One connection. It is let go when its head does not come or does not end, or when nobody reads the answer."""

    settings = Settings()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_due: asyncio.TimerHandle | None = None
        self._stall_due: asyncio.TimerHandle | None = None
        self._beside_body = 0
        self._in_body = False
        self._rest_since = 0.0
        self._rest_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come; uvicorn itself would wait for its first byte for ever."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Something has come: a part of a head, or of a body, whose own clock is in `limits`."""
        # It is None before the first request, whatever uvicorn declares.
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is None or cycle.response_complete:
            if self._in_body:
                self._await_rest(len(data))
            else:
                self._await_head()
        self._beside_body += len(data)
        super().data_received(data)
        if self._beside_body > HEAD_BYTES and not self.transport.is_closing():
            self._refuse_excess()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._beside_body = 0
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """A part of the body, which is counted where it is read."""
        self._beside_body = max(0, self._beside_body - len(body))
        super().on_body(body)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._stop_head()
        self._in_body, self._rest_bytes = True, 0
        if len(self.pipeline) >= PIPELINED:
            self.transport.abort()
            raise ValueError("more requests at once than anybody sends")  # ends the parsing; nobody sees it
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is whole, and may have been answered before."""
        self._in_body = False
        super().on_message_complete()
        if self._rest_bytes:
            self._stop_head()
            self._await_head()

    def pause_writing(self) -> None:
        """The client reads more slowly than we write: that may take its time, but it must go on."""
        super().pause_writing()
        self._stop_stall()
        self._watch(self.transport.get_write_buffer_size() + 1)

    def resume_writing(self) -> None:
        """The client reads."""
        self._stop_stall()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._stop_head()
        self._stop_stall()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - theirs names what was wrong
        """What is no HTTP at all gets a problem document like everything else."""
        if self.transport.is_closing():
            return
        self.transport.write(MALFORMED)
        self.transport.close()

    def _refuse_excess(self) -> None:
        if self._head_due is not None:
            self.send_400_response("")
        else:  # an answer may be under way
            self.transport.abort()

    def _await_head(self) -> None:
        if self._head_due is None:
            self._head_due = self.loop.call_later(self.settings.head_seconds, self.transport.abort)

    def _await_rest(self, length: int) -> None:
        """Let a client send the rest of a body that was answered already, as slowly as any body: it reads the answer
        only then."""
        if not self._rest_bytes:
            self._rest_since = self.loop.time()
        self._rest_bytes += length
        self._stop_head()
        due = self._rest_since + self.settings.body_seconds + self._rest_bytes / self.settings.body_rate
        self._head_due = self.loop.call_at(due, self.transport.abort)

    def _stop_head(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _stop_stall(self) -> None:
        if self._stall_due is not None:
            self._stall_due.cancel()
            self._stall_due = None

    def _watch(self, before: int) -> None:
        waiting = self.transport.get_write_buffer_size()
        if waiting >= before:
            self.transport.abort()
        else:
            self._stall_due = self.loop.call_later(self.settings.stalled_seconds, self._watch, waiting)
