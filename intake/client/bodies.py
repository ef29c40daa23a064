"""Bodies of requests, and for how long a line may stand still while one is on its way."""

from collections.abc import AsyncIterator, Sequence

import httpx

from crypto.claims import CHUNK_LENGTH

CONNECT_SECONDS, STILL_SECONDS = 30.0, 60.0
SLOWEST = 2048
"""Bytes per second: a body that comes as fast as that is waited for, here as at the service."""
PIECE = 16 * 1024


class Body(httpx.AsyncByteStream):
    """A body in pieces, sent once and never joined.

    The patience of a write is each piece's own, so that a slow line that moves does not fail for how much there is. All
    goes in small pieces but several chunks, which are sent only where one took a few seconds.
    """

    def __init__(self, content: bytes | Sequence[bytes]) -> None:
        parts = [content] if isinstance(content, bytes) else content
        self.length = sum(len(part) for part in parts)
        """Bytes in all."""
        self._pieces = parts if len(parts) > 1 else _cut(parts)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        # httpx's answer and its request hold each other, and with them every body, until a collector comes by.
        pieces, self._pieces = self._pieces, ()
        for piece in pieces:
            yield piece


def _cut(parts: Sequence[bytes]) -> Sequence[bytes]:
    return [part[at : at + PIECE] for part in parts for at in range(0, len(part), PIECE)]


def timeout_for(length: int) -> httpx.Timeout:
    """The patience with a line that has taken a body of so many bytes, each part of it by itself.

    A body may wait in a buffer of this machine, of a proxy or of Tor, where nobody sees it move: up to a chunk of it is
    given the time for that beside the wait for the answer.
    """
    waiting = length / SLOWEST if length <= CHUNK_LENGTH else 0.0
    return httpx.Timeout(STILL_SECONDS, connect=CONNECT_SECONDS, read=STILL_SECONDS + waiting)
