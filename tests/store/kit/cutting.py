"""A line to a database that is cut once, at a chosen request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

# Messages of the extended protocol: Parse, Bind, Describe, Execute, Close; and the one that asks for an answer.
EXTENDED = (b"P", b"B", b"D", b"E", b"C")
SYNC = b"S\0\0\0\4"
# The message that ends an answer: outside a transaction, what was asked for is committed.
READY = b"Z\0\0\0\5I"


class CutLine:
    """Relays requests, each as a whole, and answers."""

    def __init__(self, port: int) -> None:
        """To the server at this port."""
        self._server_port = port
        self.port = 0
        """The port to connect to."""
        self.requests = 0
        self._at = -1
        self._answered = self._dead = self._rows = False
        self._open: set[asyncio.StreamWriter] = set()

    def cut(self, at: int, *, answered: bool, dead: bool = False, rows: bool = False) -> None:
        """Count from here, and cut all connections at that request.

        `answered`: the server gets it and answers, but nobody hears it; with `rows`, all of the answer but its end.
        `dead`: no connection can be made after it.
        """
        self.requests, self._at = 0, at
        self._answered, self._dead, self._rows = answered, dead, rows

    def mend(self) -> None:
        """Relay everything again."""
        self._at = -1

    @property
    def is_cut(self) -> bool:
        """Whether the request has come."""
        return 0 <= self._at < self.requests

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection to its end."""
        if self.is_cut and self._dead:
            writer.transport.abort()
            return
        answers, requests = await asyncio.open_connection("127.0.0.1", self._server_port)
        ends = {writer, requests}
        self._open |= ends
        back = asyncio.create_task(self._answers(answers, writer))
        try:
            with suppress(OSError):
                while request := await _request(reader):
                    self.requests += 1
                    if self.requests - 1 == self._at:
                        if self._answered:
                            back.cancel()
                            await asyncio.wait([back])
                            requests.write(request)
                            if self._rows:
                                answer = await answers.readuntil(READY)
                                writer.write(answer.removesuffix(READY))
                                writer.close()
                                await writer.wait_closed()
                            else:
                                await answers.read(1)
                        for end in self._open:
                            end.transport.abort()
                        return
                    requests.write(request)
        finally:
            back.cancel()
            self._open -= ends
            for end in ends:
                end.transport.abort()

    async def _answers(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while answer := await answers.read(1 << 20):
                writer.write(answer)
        writer.transport.abort()


async def _request(reader: asyncio.StreamReader) -> bytes:
    """What a client sends before it waits for an answer: a message of the simple protocol, or all up to a Sync."""
    request = await reader.read(1 << 20)
    while request[:1] in EXTENDED and not request.endswith(SYNC):
        more = await reader.read(1 << 20)
        if not more:
            return b""
        request += more
    return request


@asynccontextmanager
async def cut_line(port: int) -> AsyncIterator[CutLine]:
    """A line to the server at a port of this machine."""
    line = CutLine(port)
    relaying: set[asyncio.Task[None]] = set()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(line.relay(reader, writer))
        relaying.add(task)
        task.add_done_callback(relaying.discard)

    server = await asyncio.start_server(accepted, "127.0.0.1", 0, limit=1 << 24)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        for task in relaying:
            task.cancel()
        await asyncio.gather(*relaying, return_exceptions=True)
