"""Fetching a file: each chunk is opened before a byte of it is written (PROTOCOL 16.6)."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

from crypto.attachment import CHUNK, Attachment, Chunks, attachment_hash, attachment_keys, chunk_hash
from crypto.claims import CHUNK_LENGTH
from crypto.encoding import b64
from crypto.errors import DrempelError
from intake.client.connection import Connection, ConnectionProblem

HANDED = 4 * CHUNK_LENGTH
"""Bytes that are opened at a time, while as many come in."""


class Receiving:
    """Opens the chunks of one file as they come, and writes it. Use it in one thread at a time.

    What is written is the file only once `finish` has returned.
    """

    def __init__(self, attachment: Attachment, organisation: bytes, target: BinaryIO) -> None:
        self.done = 0
        """Chunks that are opened and written."""
        self._attachment = attachment
        self._chunks = Chunks(organisation, attachment_keys(attachment.secret), attachment.chunks)
        self._target = target
        self._begun: list[bytes] = []
        self._missing = CHUNK_LENGTH
        self._hashes: list[bytes] = []
        self._content = hashlib.sha256()

    def again(self) -> None:
        """What comes next is chunk `done`, from its beginning."""
        self._begun, self._missing = [], CHUNK_LENGTH

    def take(self, pieces: list[bytes]) -> None:
        """The next bytes; DrempelError `attachment-damaged`."""
        for piece in pieces:
            at = 0
            while len(piece) - at >= self._missing:
                self._begun.append(piece[at : at + self._missing])
                at += self._missing
                self._take_chunk(b"".join(self._begun))
                self.again()
            if at < len(piece):
                self._begun.append(piece[at:])
                self._missing -= len(piece) - at

    def _take_chunk(self, sealed: bytes) -> None:
        plain = self._chunks.open(self.done, sealed)
        length = min(CHUNK, max(0, self._attachment.size - self.done * CHUNK))
        if plain[length:].strip(b"\x00"):
            raise DrempelError("attachment-damaged")
        self._hashes.append(chunk_hash(sealed))
        self._content.update(plain[:length])
        self._write(plain[:length])
        self.done += 1

    def _write(self, plain: bytes) -> None:
        """All of it: on a disk that is nearly full, a file without a buffer takes a part and says nothing."""
        left = memoryview(plain)
        while left:
            left = left[self._target.write(left) :]

    def finish(self) -> str:
        """The SHA-256 of the whole file in hexadecimal; DrempelError `attachment-damaged` if it is not whole."""
        whole = not self._begun and self.done == self._attachment.chunks
        if not whole or not hmac.compare_digest(attachment_hash(self._hashes), self._attachment.hash):
            raise DrempelError("attachment-damaged")
        return self._content.hexdigest()


async def download(
    connection: Connection,
    organisation: bytes,
    attachment: Attachment,
    target: BinaryIO,
    progress: Callable[[int], None] = lambda _: None,
) -> str:
    """Write a file to `target`; gives its SHA-256 in hexadecimal. `progress` is told the bytes written so far.

    A line that breaks is taken up where it broke. DrempelError `attachment-damaged`, or a ConnectionProblem: what was
    written until then is not the file.
    """
    keys = attachment_keys(attachment.secret)
    receiving, trying = Receiving(attachment, organisation, target), connection.trying()
    with ThreadPoolExecutor(1) as thread:
        while True:
            before = receiving.done
            try:
                path = f"blobs/{b64(keys.blob)}/chunks/{before}"
                await _receive(connection, path, keys.token, receiving, thread, progress)
                return receiving.finish()
            except ConnectionProblem as problem:
                if receiving.done == attachment.chunks:
                    return receiving.finish()
                if receiving.done and problem.code == "blob-unknown":
                    # It has fewer chunks than it must have, or went while it was read.
                    raise DrempelError("attachment-damaged") from None
                if receiving.done > before:
                    trying = connection.trying()
                await trying.again(problem)
            receiving.again()


async def _receive(
    connection: Connection,
    path: str,
    token: bytes,
    receiving: Receiving,
    thread: ThreadPoolExecutor,
    progress: Callable[[int], None],
) -> None:
    """Take one answer. While what came is opened in the thread, the next comes in, and no more than that."""
    loop = asyncio.get_running_loop()
    pieces: list[bytes] = []
    length = 0
    opening: asyncio.Future[None] | None = None
    try:
        async with connection.stream(path, token) as coming:
            async for piece in coming:
                pieces.append(piece)
                length += len(piece)
                if length >= HANDED:
                    if opening is not None:
                        await opening
                        progress(receiving.done * CHUNK)
                    opening = loop.run_in_executor(thread, receiving.take, pieces)
                    pieces, length = [], 0
    finally:
        # Also when the line broke: what came whole need not come again.
        if opening is not None:
            await opening
        await loop.run_in_executor(thread, receiving.take, pieces)
    progress(receiving.done * CHUNK)
