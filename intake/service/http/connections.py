"""Bounds the number of connections: when all places are taken, the one that has waited longest for a head gives way.

Refusing newcomers instead would let some hundred connections that send half a head lock everybody out. A connection
whose request is being read or answered never gives way: bodies and answers have bounds of their own (`budgets`).
"""

import resource
from collections.abc import Callable
from typing import Final, Protocol

# Descriptors that are not connections: the store, its readers, the log, the pages while they are read.
OTHER_FILES: Final = 64
LEAST: Final = 16


class Connection(Protocol):
    """A connection as its protocol sees it."""

    def is_waiting(self) -> bool:
        """Whether it has no whole head of a request that is still to be answered."""
        ...

    def give_way(self) -> None:
        """Close it at once."""
        ...


def places() -> int:
    """How many connections this process may have, by its limit on open files."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(LEAST, soft - OTHER_FILES)


class Connections:
    """All open connections of a service, those that began to wait for a head first before the others."""

    def __init__(self, count: Callable[[], int] = places) -> None:
        self._most = count()
        self._open: dict[Connection, None] = {}

    def add(self, newcomer: Connection) -> None:
        """Take a new connection in. If that is one too many, another is closed, or this one if all are busy."""
        if len(self._open) >= self._most:
            slowest = next((other for other in self._open if other.is_waiting()), newcomer)
            self._open.pop(slowest, None)
            slowest.give_way()
            if slowest is newcomer:
                return
        self._open[newcomer] = None

    def waits(self, connection: Connection) -> None:
        """Note that a connection waits for a head from now on."""
        if connection in self._open:
            self._open[connection] = self._open.pop(connection)

    def remove(self, connection: Connection) -> None:
        """Forget a connection that is closed."""
        self._open.pop(connection, None)
