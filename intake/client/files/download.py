"""Downloads a file. Each chunk is opened before a byte of it is written (PROTOCOL 16.6)."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import BinaryIO

from crypto.public.blobs import CHUNK_LENGTH
from crypto.public.encoding import b64
from crypto.public.errors import DrempelError
from crypto.secret.attachment import (
    CHUNK,
    Attachment,
    Chunks,
    attachment_hash,
    attachment_keys,
    chunk_hash,
    without_padding,
)
from intake.client.connection import Connection, ConnectionProblem

HANDED = 4 * CHUNK_LENGTH
"""Bytes that are opened at a time, while as many arrive."""


class FileWriter:
    """Writes a file in a thread of its own. One batch is written while the next is opened, so memory stays bounded."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._content = hashlib.sha256()
        self._thread = ThreadPoolExecutor(1)
        self._pending: Future[None] | None = None

    def take(self, pieces: list[bytes]) -> None:
        """Write the next bytes. OSError if those before could not be written."""
        self.wait()
        self._pending = self._thread.submit(self._write, pieces)

    def wait(self) -> None:
        """Wait until all bytes so far are written. OSError if they could not be."""
        if self._pending is not None:
            self._pending.result()

    def finish(self) -> str:
        """Wait, and give the SHA-256 of all bytes in hexadecimal. OSError if some could not be written."""
        self.wait()
        return self._content.hexdigest()

    def close(self) -> None:
        """Touch the file no more."""
        self._thread.shutdown()

    def _write(self, pieces: list[bytes]) -> None:
        """Write all bytes: on a nearly full disk, an unbuffered file takes a part of them without an error."""
        for piece in pieces:
            self._content.update(piece)
            left = memoryview(piece)
            while left:
                left = left[self._target.write(left) :]


class ChunkOpener:
    """Opens the chunks of one file as they arrive, and writes them. Use it in one thread at a time, and close it.

    Until `finish` has returned, what is written is not known to be the file.
    """

    def __init__(self, attachment: Attachment, organisation: bytes, target: BinaryIO) -> None:
        self.done = 0
        """The number of chunks that have been opened, and will be written."""
        self._attachment = attachment
        self._chunks = Chunks(organisation, attachment_keys(attachment.secret), attachment.chunks)
        self._writer = FileWriter(target)
        self._opened: list[bytes] = []
        self._partial: list[bytes] = []
        self._missing = CHUNK_LENGTH
        self._hashes: list[bytes] = []

    def restart_chunk(self) -> None:
        """Drop a partial chunk: the next bytes are chunk `done` from its beginning."""
        self._partial, self._missing = [], CHUNK_LENGTH

    def take(self, pieces: list[bytes]) -> None:
        """Open and write the next bytes; DrempelError `attachment-damaged`, OSError."""
        for piece in pieces:
            offset = 0
            while len(piece) - offset >= self._missing:
                self._partial.append(piece[offset : offset + self._missing])
                offset += self._missing
                self._take_chunk(b"".join(self._partial))
                self.restart_chunk()
            if offset < len(piece):
                self._partial.append(piece[offset:])
                self._missing -= len(piece) - offset
        opened, self._opened = self._opened, []
        self._writer.take(opened)

    def _take_chunk(self, sealed: bytes) -> None:
        plain = self._chunks.open(self.done, sealed)
        self._opened.append(without_padding(self.done, plain, self._attachment.size))
        self._hashes.append(chunk_hash(sealed))
        self.done += 1

    def finish(self) -> str:
        """Check that the file is whole; gives its SHA-256 (hexadecimal). DrempelError `attachment-damaged`, OSError."""
        whole = not self._partial and self.done == self._attachment.chunks
        if not whole or not hmac.compare_digest(attachment_hash(self._hashes), self._attachment.hash):
            raise DrempelError("attachment-damaged")
        return self._writer.finish()

    def close(self) -> None:
        """Touch the file no more."""
        self._writer.close()


async def download(
    connection: Connection,
    organisation: bytes,
    attachment: Attachment,
    target: BinaryIO,
    progress: Callable[[int], None] = lambda _: None,
) -> str:
    """Download a file to `target`; gives its SHA-256 in hexadecimal. `progress` gets the bytes written so far.

    If the connection breaks, the download resumes at the chunk it broke in. DrempelError `attachment-damaged`, or a
    ConnectionProblem, which says nothing about the file: after either, what was written is not the file.
    """
    keys, retry = attachment_keys(attachment.secret), connection.retry_files()
    loop = asyncio.get_running_loop()
    with closing(ChunkOpener(attachment, organisation, target)) as opener, ThreadPoolExecutor(1) as thread:
        while True:
            before = opener.done
            try:
                path = f"blobs/{b64(keys.blob)}/chunks/{before}"
                await _receive(connection, path, keys.token, opener, thread, progress)
                break
            except ConnectionProblem as problem:
                if problem.is_transient and opener.done == attachment.chunks:
                    break
                if opener.done and problem.code == "blob-unknown":
                    # The blob has fewer chunks than it must have, or was deleted while it was read.
                    raise DrempelError("attachment-damaged") from None
                if opener.done > before:
                    retry.progressed()
                await retry.pause(problem)
            opener.restart_chunk()
        return await loop.run_in_executor(thread, opener.finish)


async def _receive(
    connection: Connection,
    path: str,
    token: bytes,
    opener: ChunkOpener,
    thread: ThreadPoolExecutor,
    progress: Callable[[int], None],
) -> None:
    """Receive one answer. One batch is opened in the thread while the next arrives, so memory stays bounded."""
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
                        progress(opener.done * CHUNK)
                    opening = loop.run_in_executor(thread, opener.take, pieces)
                    pieces, length = [], 0
    finally:
        # Also when the connection broke: chunks that arrived whole need not be sent again.
        if opening is not None:
            await opening
        await loop.run_in_executor(thread, opener.take, pieces)
    if total == 0 or total % CHUNK_LENGTH:
        # A service sends whole chunks, and at least one: this answer is from in between.
        raise ConnectionProblem("answer-damaged")
    progress(opener.done * CHUNK)
