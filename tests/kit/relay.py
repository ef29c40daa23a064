"""A TCP relay that can be held at a byte, moved to another server, and opened again."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from tests.kit.serving import LONGEST, until


class Relay:
    """Listens on a free port. Lets `limit` bytes through to the server of `url`, then holds; None: never."""

    def __init__(self, url: str, limit: int | None = None) -> None:
        self.url = url
        self.sent = 0
        """Bytes that were relayed to the server."""
        self.received = 0
        """Bytes that were relayed to clients."""
        self._limit = limit
        self._most: int | None = None
        self._open = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._start(self._accept)

    def address(self, url: str) -> str:
        """`url` by way of this relay."""
        port = self._listening.getsockname()[1]
        return url.replace(urlsplit(url).netloc, f"127.0.0.1:{port}")

    def wait_until_held(self) -> None:
        """Wait until a limit is reached, so that a transfer is held midway."""
        until(lambda: not (self._goes_up() and self._goes_down()), "nothing came that far")

    def _goes_up(self) -> bool:
        return self._limit is None or self.sent < self._limit

    def _goes_down(self) -> bool:
        return self._most is None or self.received < self._most

    def hold_answers(self, most: int) -> None:
        """Relay so many bytes to clients, then hold."""
        with self._open:
            self._most = most

    def open(self, limit: int | None = None) -> None:
        """Relay all bytes again, or so many in all."""
        with self._open:
            self._limit, self._most = limit, None
            self._open.notify_all()

    def cut(self) -> None:
        """Break all connections."""
        for end in self._sockets:
            _break(end)

    def _start(self, work: object, *given: object) -> None:
        thread = threading.Thread(target=work, args=given, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:  # closed
                return
            where = urlsplit(self.url)
            try:
                server = socket.create_connection((where.hostname or "", where.port or 0))
            except OSError:  # the server is down: so is this line
                client.close()
                continue
            self._sockets += [client, server]
            self._start(self._up, client, server)
            self._start(self._down, server, client)

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        try:
            while data := client.recv(65536):
                with self._open:
                    self._open.wait_for(self._goes_up, LONGEST)
                    self.sent += len(data)
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)
        except OSError:  # one side has gone: so does the other, which may wait for an answer
            _break(server)
        finally:
            client.close()

    def _down(self, server: socket.socket, client: socket.socket) -> None:
        try:
            while data := server.recv(65536):
                with self._open:
                    self._open.wait_for(self._goes_down, LONGEST)
                    self.received += len(data)
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)
        except OSError:  # as above
            _break(client)
        finally:
            server.close()

    def close(self) -> None:
        """Stop listening, and break all connections."""
        self.open()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()
        for thread in self._threads:
            thread.join(LONGEST)
            assert not thread.is_alive()


def _break(end: socket.socket) -> None:
    with suppress(OSError):  # it has ended already
        # A sender learns of it once this end is closed. Otherwise Linux would let a sender before a full window wait
        # for a minute, if all bytes had been read by then.
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RDWR)


@contextmanager
def relay_to(url: str, limit: int | None = None) -> Iterator[Relay]:
    """A relay before the server of `url`."""
    relay = Relay(url, limit)
    try:
        yield relay
    finally:
        relay.close()
