"""uvicorn's HTTP protocol with limits on time and memory, and with our headers on the answer to malformed requests.

Neither uvicorn nor its parser bounds a request's head: one connection could fill the memory in seconds.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from intake.service.http.budgets import CAME_WHOLE
from intake.service.http.connections import Connections
from intake.service.http.headers import HEADERS
from intake.service.http.problems import problem
from intake.service.settings import Settings

# Bytes of a head. Thousands of connections may hold as much at once, and no budget counts them.
HEAD_BYTES = 16 * 1024
# Bytes that a request may have beside its body: its head, the framing of chunks, trailers.
BESIDE_BYTES = 64 * 1024
# Requests that may wait on one connection for the answers to earlier ones. Browsers don't pipeline requests.
PIPELINED = 8


def _malformed() -> bytes:
    response = problem("request-malformed")
    head = [*response.raw_headers, (b"connection", b"close"), *HEADERS]
    lines = b"".join(b"%b: %b\r\n" % pair for pair in head)
    return b"HTTP/1.1 400 Bad Request\r\n" + lines + b"\r\n" + bytes(response.body)


MALFORMED = _malformed()


class BoundedProtocol(HttpToolsProtocol):
    """One connection. It is closed when a head does not arrive whole in time, or when the client stops reading."""

    settings = Settings()
    others = Connections()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_due: asyncio.TimerHandle | None = None
        self._stall_due: asyncio.TimerHandle | None = None
        self._beside_body = 0
        self._in_body = False
        self._rest_since = 0.0
        self._rest_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time-out for the first request; uvicorn itself would wait for ever."""
        super().connection_made(transport)
        self._await_head()
        self.others.add(self)

    def is_waiting(self) -> bool:
        """Whether it has no whole head of a request that is still to be answered.

        The rest of a body that was answered before is waited for, too, but nobody needs it.
        """
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is None or cycle.response_complete

    def give_way(self) -> None:
        """Close it at once: another connection needs its place."""
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take bytes of a head, or of a body, whose own time-out is in `budgets`."""
        # It is None before the first request, although uvicorn declares otherwise.
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is None or cycle.response_complete:
            if self._in_body:
                self._await_rest(len(data))
            else:
                self._await_head()
        self._beside_body += len(data)
        super().data_received(data)
        most = BESIDE_BYTES if self._in_body else HEAD_BYTES
        if self._beside_body > most and not self.transport.is_closing():
            self._refuse_excess()

    def on_message_begin(self) -> None:
        """Start counting the bytes of a request."""
        self._beside_body = 0
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """Don't count the body here: `budgets` does."""
        self._beside_body = max(0, self._beside_body - len(body))
        super().on_body(body)

    def on_headers_complete(self) -> None:
        """End the time-out of the head."""
        self._stop_head()
        self._in_body, self._rest_bytes = True, 0
        if len(self.pipeline) >= PIPELINED:
            self.transport.abort()
            raise ValueError("more requests at once than anybody sends")  # ends the parsing; it is not shown
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that the body is whole; wait for the next head, if it was answered before."""
        self._in_body = False
        self.scope["extensions"] = {CAME_WHOLE: {}}
        super().on_message_complete()
        if self._rest_bytes:
            self._stop_head()
            self._await_head()

    def on_response_complete(self) -> None:
        """Wait for the next head."""
        super().on_response_complete()
        self.others.waits(self)

    def pause_writing(self) -> None:
        """Watch a client that reads more slowly than the service writes: it may be slow, but must not stop."""
        super().pause_writing()
        self._stop_stall()
        self._watch(self.transport.get_write_buffer_size() + 1)

    def resume_writing(self) -> None:
        """Stop watching the client: it reads."""
        self._stop_stall()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all timers: the client has disconnected."""
        self.others.remove(self)
        self._stop_head()
        self._stop_stall()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - theirs names what was wrong
        """Answer malformed HTTP with a problem document, like every other error."""
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
        """Give a client time for the rest of a body that was answered already, at the rate for any body.

        Some clients read the answer only after that.
        """
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
