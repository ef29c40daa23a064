"""Request bodies, and the time-outs that fit their length."""

from collections.abc import AsyncIterator, Sequence

import httpx

from crypto.public.blobs import CHUNK_LENGTH

CONNECT_SECONDS, STILL_SECONDS = 30.0, 60.0
SLOWEST = 2048
"""Bytes per second: a body at this rate does not time out, here or at the service."""
PIECE = 16 * 1024


class Body(httpx.AsyncByteStream):
    """A request body in pieces, which can be sent once and is never joined.

    The time-out of a write counts for each piece by itself, so that a slow but steady connection does not fail for the
    length of the body. A single part is cut into small pieces; several chunks are sent as they are, since they go
    together only where one took a few seconds.
    """

    def __init__(self, content: bytes | Sequence[bytes]) -> None:
        parts = [content] if isinstance(content, bytes) else content
        self.length = sum(len(part) for part in parts)
        """The body's length in bytes."""
        self._pieces = parts if len(parts) > 1 else _cut(parts)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        # httpx's response and request refer to each other, and would keep every body until a garbage collection.
        pieces, self._pieces = self._pieces, ()
        for piece in pieces:
            yield piece


def _cut(parts: Sequence[bytes]) -> Sequence[bytes]:
    return [part[at : at + PIECE] for part in parts for at in range(0, len(part), PIECE)]


def timeout_for(length: int) -> httpx.Timeout:
    """The time-outs of a request with a body of that many bytes.

    A body may wait in a buffer of this machine, of a proxy or of Tor, where the client can't see it move. So the wait
    for the answer is longer by the time that a body of up to one chunk takes on a slow connection.
    """
    waiting = length / SLOWEST if length <= CHUNK_LENGTH else 0.0
    return httpx.Timeout(STILL_SECONDS, connect=CONNECT_SECONDS, read=STILL_SECONDS + waiting)
