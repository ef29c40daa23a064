"""The load: keep-alive clients that send requests made beforehand, in a process of their own.

    python -m tests.bench.load PORT SLUG ORGANISATION CLIENTS REQUESTS

A raw protocol on uvloop, and no HTTP client: one of those takes longer over a request than the server does, and
would measure itself. The processor time that this process used is printed too, so that one can see that it
was not the limit.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import cast

import uvloop

from tests.bench.reports import report_requests

LONGEST_SECONDS = 60.0
STORED = b"HTTP/1.1 204 "
HEAD_END = b"\r\n\r\n"


@dataclass
class Load:
    """What came of a load. `seconds` runs from the first byte sent to the last answer; `processor` is ours."""

    clients: int
    answered: int = 0
    failed: int = 0
    seconds: float = 0.0
    processor: float = 0.0
    p95_ms: float = 0.0


class Client(asyncio.Protocol):
    """One client: sends the next request as soon as the answer to the last is there."""

    transport: asyncio.Transport

    def __init__(self, supply: Iterator[bytes], load: Load, waits: list[float]) -> None:
        self._supply, self._load, self._waits = supply, load, waits
        self._received = b""
        self._sent = 0.0
        self._awaits_answer = False
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Nothing is sent before all clients are connected."""
        self.transport = cast("asyncio.Transport", transport)

    def send(self) -> None:
        """Send the next request, or end when there is none."""
        request = next(self._supply, None)
        if request is None:
            self.transport.close()
            return
        self._awaits_answer = True
        self._sent = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """An answer, or a part of it. A 204 ends with its head; anything else ends this client."""
        self._received += data
        if not self._received.endswith(HEAD_END):
            return
        if not self._received.startswith(STORED):
            self.transport.close()
            return
        self._waits.append(time.perf_counter() - self._sent)
        self._received, self._awaits_answer = b"", False
        self._load.answered += 1
        self.send()

    def connection_lost(self, _problem: Exception | None) -> None:
        """The end, wished for or not: a request without its 204 has failed."""
        self._load.failed += self._awaits_answer
        if not self.ended.done():
            self.ended.set_result(None)


async def run_load(
    port: int, clients: int, requests: list[bytes], all_waits: list[float] | None = None
) -> Load:
    """Send all requests over as many connections. Those that nobody was left to send have failed, too.

    `all_waits` gets the seconds that each answer took.
    """
    load, waits, supply = Load(clients), list[float](), iter(requests)
    loop = asyncio.get_running_loop()
    made: list[Client] = []
    for _ in range(clients):
        _, client = await loop.create_connection(lambda: Client(supply, load, waits), "127.0.0.1", port)
        made.append(client)
    start, used = time.perf_counter(), time.process_time()
    for client in made:
        client.send()
    await asyncio.wait([client.ended for client in made], timeout=LONGEST_SECONDS)
    load.seconds, load.processor = time.perf_counter() - start, time.process_time() - used
    for client in made:
        client.transport.abort()
    load.failed = len(requests) - load.answered
    waits.sort()
    if all_waits is not None:
        all_waits += waits
    load.p95_ms = 1000 * waits[len(waits) * 95 // 100] if waits else 0.0
    return load


def main() -> None:
    """Make the requests, send them, print what came of it."""
    port, slug, organisation, clients, number = sys.argv[1:]
    requests = report_requests(slug, bytes.fromhex(organisation), int(number))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        load = runner.run(run_load(int(port), int(clients), requests))
    print(json.dumps(asdict(load)))


if __name__ == "__main__":
    main()
