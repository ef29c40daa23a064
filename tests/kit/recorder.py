"""A TCP relay that records every byte of both directions."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class RecordedConnection:
    """The bytes of one connection: sent and received by the client."""

    sent: bytearray = field(default_factory=bytearray)
    received: bytearray = field(default_factory=bytearray)


class Recorder:
    """Listens on a free port and relays all bytes to the server of `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.connections: list[RecordedConnection] = []
        self._threads: list[threading.Thread] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def address(self, url: str) -> str:
        """`url` by way of this relay."""
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
            connection = RecordedConnection()
            self.connections.append(connection)
            for source, target, kept in (
                (client, server, connection.sent),
                (server, client, connection.received),
            ):
                thread = threading.Thread(target=_pass_on, args=(source, target, kept))
                self._threads.append(thread)
                thread.start()

    def take(self) -> list[RecordedConnection]:
        """The connections since the last call, once they are complete: their clients have ended."""
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()
        taken, self.connections, self._threads = self.connections, [], []
        return taken

    def close(self) -> None:
        """Stop listening."""
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
