"""How long the service takes to answer those who know a mailbox and those who only guess, side by side.

One connection, kept open, one request after another, in an order drawn anew for each cycle. What a stranger sees
of a mailbox must not tell whether it is there.
"""

import os
import random
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from crypto.public.encoding import b64
from tests.bench.reports import conversation_envelope, creation, mailbox_path, opening, request
from tests.bench.servers import found_in, server

HEAD_END = b"\r\n\r\n"
# The last of these is what the others are held against.
READS = ("read, known", "read, wrong token", "read, unknown")
WRITES = ("write, wrong token", "write, unknown")
DELETES = ("delete, wrong token", "delete, unknown")


class TimedConnection:
    """A connection on which one request follows another."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def exchange(self, data: bytes) -> tuple[int, float]:
        """Send a request; its status, and the seconds until the last byte of the answer was here."""
        start = time.perf_counter()
        self._socket.sendall(data)
        received = self._socket.recv(1 << 17)
        while HEAD_END not in received:
            received += self._more()
        head, _, body = received.partition(HEAD_END)
        missing = _length(head) - len(body)
        while missing > 0:
            missing -= len(self._more())
        return int(head[9:12]), time.perf_counter() - start

    def _more(self) -> bytes:
        data = self._socket.recv(1 << 17)
        if not data:
            raise ConnectionError("the service hung up")
        return data


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


class Visitor:
    """Makes the requests: somebody with a mailbox, and somebody without."""

    def __init__(self, slug: str, organisation: bytes) -> None:
        self.tokens = {name: os.urandom(32) for name in ("read", "write", "delete")}
        mailbox = os.urandom(32)
        self._slug, self._known = slug, mailbox_path(slug, mailbox)
        body = creation(organisation, mailbox, self.tokens) + opening()
        self.opening = request("PUT", f"{self._known}/opening/{b64(os.urandom(16))}", body)

    def make(self, kind: str) -> bytes:
        """The next request of a kind; ids and tokens that are guessed are guessed anew."""
        verb, how = kind.split(", ")
        path = mailbox_path(self._slug, os.urandom(32)) if how == "unknown" else self._known
        token = self.tokens[verb] if how == "known" else os.urandom(32)
        if verb == "read":
            return request("GET", path, token=token)
        if verb == "delete":
            return request("DELETE", path, token=token)
        return request("PUT", f"{path}/envelopes/{b64(os.urandom(16))}", conversation_envelope(), token)


def side_by_side(
    line: TimedConnection, visitor: Visitor, kinds: Sequence[str], status: int, cycles: int
) -> dict[str, Any]:
    """Median and 95th percentile of each kind in milliseconds, and its median as a multiple of the last kind's."""
    order = random.Random(cycles)
    seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
    for cycle in range(-cycles // 10, cycles):
        for kind in order.sample(kinds, len(kinds)):
            answered, taken = line.exchange(visitor.make(kind))
            assert answered == status
            if cycle >= 0:  # those before warm up
                seconds[kind].append(taken)
    base = median(seconds[kinds[-1]])
    return {
        kind: {
            "median_ms": 1000 * median(values),
            "p95_ms": 1000 * sorted(values)[len(values) * 95 // 100],
            "ratio": median(values) / base,
        }
        for kind, values in seconds.items()
    }


def measure(folder: Path, cycles: int) -> dict[str, Any]:
    """All kinds. Nothing that is measured here changes anything on the server."""
    place = folder / "answers"
    organisation = found_in(place)
    visitor = Visitor(organisation.content["slug"], organisation.id)
    with server("service", place) as running:
        line = TimedConnection(running.port)
        try:
            assert line.exchange(visitor.opening)[0] == 204
            kinds = {
                **side_by_side(line, visitor, READS, 200, cycles),
                **side_by_side(line, visitor, WRITES, 404, cycles),
                **side_by_side(line, visitor, DELETES, 404, cycles),
            }
        finally:
            line.close()
    return {"cycles": cycles, "kinds": kinds}
