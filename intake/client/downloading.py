"""Fetching a file: each chunk is opened before a byte of it is written (PROTOCOL 16.6)."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import BinaryIO

from crypto.attachment import CHUNK, Attachment, Chunks, attachment_hash, attachment_keys, chunk_hash
from crypto.claims import CHUNK_LENGTH
from crypto.encoding import b64
from crypto.errors import DrempelError
from intake.client.connection import Connection, ConnectionProblem

HANDED = 4 * CHUNK_LENGTH
"""Bytes that are opened at a time, while as many come in."""


class Writing:
    """Writes a file in a thread of its own, while what comes next is opened, and no more than that."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._content = hashlib.sha256()
        self._thread = ThreadPoolExecutor(1)
        self._begun: Future[None] | None = None

    def take(self, pieces: list[bytes]) -> None:
        """The next bytes. OSError if those before could not be written."""
        self.wait()
        self._begun = self._thread.submit(self._write, pieces)

    def wait(self) -> None:
        """Until all that was taken is written. OSError if it could not be."""
        if self._begun is not None:
            self._begun.result()

    def finish(self) -> str:
        """The SHA-256 of all that is written, in hexadecimal. OSError if not all is."""
        self.wait()
        return self._content.hexdigest()

    def close(self) -> None:
        """Touch the file no more."""
        self._thread.shutdown()

    def _write(self, pieces: list[bytes]) -> None:
        """All of it: on a disk that is nearly full, a file without a buffer takes a part and says nothing."""
        for piece in pieces:
            self._content.update(piece)
            left = memoryview(piece)
            while left:
                left = left[self._target.write(left) :]


class Receiving:
    """Opens the chunks of one file as they come, and has it written. Use it in one thread at a time, and close it.

    What is written is the file only once `finish` has returned.
    """

    def __init__(self, attachment: Attachment, organisation: bytes, target: BinaryIO) -> None:
        self.done = 0
        """Chunks that are opened, and will be written."""
        self._attachment = attachment
        self._chunks = Chunks(organisation, attachment_keys(attachment.secret), attachment.chunks)
        self._writing = Writing(target)
        self._opened: list[bytes] = []
        self._begun: list[bytes] = []
        self._missing = CHUNK_LENGTH
        self._hashes: list[bytes] = []

    def again(self) -> None:
        """What comes next is chunk `done`, from its beginning."""
        self._begun, self._missing = [], CHUNK_LENGTH

    def take(self, pieces: list[bytes]) -> None:
        """The next bytes; DrempelError `attachment-damaged`, OSError."""
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
        opened, self._opened = self._opened, []
        self._writing.take(opened)

    def _take_chunk(self, sealed: bytes) -> None:
        plain = self._chunks.open(self.done, sealed)
        length = min(CHUNK, max(0, self._attachment.size - self.done * CHUNK))
        if plain[length:].strip(b"\x00"):
            raise DrempelError("attachment-damaged")
        self._hashes.append(chunk_hash(sealed))
        self._opened.append(plain[:length])
        self.done += 1

    def finish(self) -> str:
        """The SHA-256 of the whole file in hexadecimal; DrempelError `attachment-damaged` if not, OSError."""
        whole = not self._begun and self.done == self._attachment.chunks
        if not whole or not hmac.compare_digest(attachment_hash(self._hashes), self._attachment.hash):
            raise DrempelError("attachment-damaged")
        return self._writing.finish()

    def close(self) -> None:
        """Touch the file no more."""
        self._writing.close()


async def download(
    connection: Connection,
    organisation: bytes,
    attachment: Attachment,
    target: BinaryIO,
    progress: Callable[[int], None] = lambda _: None,
) -> str:
    """Write a file to `target`; gives its SHA-256 in hexadecimal. `progress` is told the bytes written so far.

    A line that breaks is taken up where it broke. DrempelError `attachment-damaged`, or a ConnectionProblem, which says
    nothing of the file: what was written until then is not the file.
    """
    keys, trying = attachment_keys(attachment.secret), connection.trying_file()
    loop = asyncio.get_running_loop()
    with closing(Receiving(attachment, organisation, target)) as receiving, ThreadPoolExecutor(1) as thread:
        while True:
            before = receiving.done
            try:
                path = f"blobs/{b64(keys.blob)}/chunks/{before}"
                await _receive(connection, path, keys.token, receiving, thread, progress)
                break
            except ConnectionProblem as problem:
                if problem.passing and receiving.done == attachment.chunks:
                    break
                if receiving.done and problem.code == "blob-unknown":
                    # It has fewer chunks than it must have, or went while it was read.
                    raise DrempelError("attachment-damaged") from None
                if receiving.done > before:
                    trying.arrived()
                await trying.again(problem)
            receiving.again()
        return await loop.run_in_executor(thread, receiving.finish)


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
    length = total = 0
    opening: asyncio.Future[None] | None = None
    try:
        async with connection.stream(path, token) as coming:
            async for piece in coming:
                pieces.append(piece)
                length += len(piece)
                total += len(piece)
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
    if total == 0 or total % CHUNK_LENGTH:
        # A service gives whole chunks, and one at least: that was somebody else.
        raise ConnectionProblem("answer-damaged")
    progress(receiving.done * CHUNK)
