"""A pool of connections for reading, so that a read waits neither for the writer nor for one long read."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from typing import TypeVar

from intake.store.errors import StoreUnavailable
from intake.store.sqlite.connection import Connection, unavailable

T = TypeVar("T")


class Readers:
    """A pool of open connections. Each read is one statement, and so one snapshot."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        """Takes open connections, and closes them in the end."""
        self._connections = connections
        self._free: asyncio.Queue[Connection] = asyncio.Queue()
        for connection in connections:
            self._free.put_nowait(connection)
        self._closed = False

    async def read(self, operation: Callable[[sqlite3.Connection], T]) -> T:
        """Run `operation` on a connection of the pool, waiting for one. Raises `StoreUnavailable`."""
        if self._closed:
            raise StoreUnavailable("It is closed.")
        connection = await self._free.get()
        try:
            return await connection.run(operation)
        except sqlite3.Error as error:
            raise unavailable(error) from None
        finally:
            self._free.put_nowait(connection)

    async def close(self) -> None:
        """Close each connection after its current read. May be called again."""
        self._closed = True
        for connection in self._connections:
            await connection.close()
