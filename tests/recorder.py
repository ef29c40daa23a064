"""A line between a client and a server that keeps every byte of both directions."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Line:
    """One connection: what the client sent and what it got."""

    sent: bytearray = field(default_factory=bytearray)
    received: bytearray = field(default_factory=bytearray)


class Recorder:
    """Listens on a free port and passes everything on to the server of `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.lines: list[Line] = []
        self._threads: list[threading.Thread] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def address(self, url: str) -> str:
        """`url`, by way of this line."""
        host, port = urlsplit(self.url).hostname, urlsplit(self.url).port
        return url.replace(f"{host}:{port}", f"127.0.0.1:{self._listening.getsockname()[1]}")

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:  # closed: the recording is over
                return
            where = urlsplit(self.url)
            server = socket.create_connection((where.hostname or "", where.port or 0))
            line = Line()
            self.lines.append(line)
            for source, target, kept in ((client, server, line.sent), (server, client, line.received)):
                thread = threading.Thread(target=_pass_on, args=(source, target, kept))
                self._threads.append(thread)
                thread.start()

    def take(self) -> list[Line]:
        """What was recorded since the last time, once it is complete: its clients have ended."""
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()
        taken, self.lines, self._threads = self.lines, [], []
        return taken

    def close(self) -> None:
        """End it."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._accepting.join(60)


def _pass_on(source: socket.socket, target: socket.socket, kept: bytearray) -> None:
    try:
        while data := source.recv(65536):
            kept += data
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:  # the other side has gone: so does this one
        pass
    finally:
        source.close()


@contextmanager
def recording(url: str) -> Iterator[Recorder]:
    """A recorder before the server of `url`."""
    recorder = Recorder(url)
    try:
        yield recorder
    finally:
        recorder.close()
