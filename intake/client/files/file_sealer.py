"""Reads a file and seals it, chunk by chunk and in order, in a thread."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import BinaryIO

from crypto.public.errors import DrempelError
from crypto.secret.attachment import (
    CHUNK,
    Attachment,
    Chunks,
    attachment_hash,
    attachment_keys,
    chunk_count,
    chunk_hash,
)
from intake.client.files.chosen_file import ChosenFile, shown, stamp_of, unreadable

# Stored chunks in one batch, which are sealed again only for their hashes: progress is reported after each batch.
MOST_SKIPPED = 64


@dataclass(frozen=True)
class Batch:
    """Sealed chunks from number `first` on, and how many before them were skipped because the server has them."""

    skipped: int
    first: int
    chunks: list[bytes]


class FileSealer:
    """Seals one file for one blob. Use it in one thread at a time, and close it."""

    def __init__(
        self, file: ChosenFile, organisation: bytes, secret: bytes, stored: Collection[int] = frozenset()
    ) -> None:
        """`stored` are the numbers of the chunks that need not be sent. DrempelError `attachment-changed`."""
        self.count = chunk_count(file.size)
        self._file = file
        self._secret = secret
        self._stored = stored
        self._chunks = Chunks(organisation, attachment_keys(secret), self.count)
        self._reader: BinaryIO = file.open()
        self._hashes: list[bytes] = []

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    def next(self, most: int) -> Batch | None:
        """Seal the next chunks that are to be sent, at most that many; None after the last.

        DrempelError `attachment-changed` or `attachment-unreadable`: nothing of the blob may be used then.
        """
        skipped, first, chunks = 0, len(self._hashes), list[bytes]()
        while len(self._hashes) < self.count and len(chunks) < most and skipped < MOST_SKIPPED:
            number = len(self._hashes)
            is_stored = number in self._stored
            if is_stored and chunks:
                break
            sealed = self._seal(number)
            if is_stored:
                skipped, first = skipped + 1, number + 1
            else:
                chunks.append(sealed)
        return Batch(skipped, first, chunks) if skipped or chunks else None

    def attachment(self) -> Attachment:
        """The attachment that a message names, once the whole file has been sealed."""
        hash_ = attachment_hash(self._hashes)
        return Attachment(self._file.name, self._file.type, self._file.size, self._secret, hash_)

    def _seal(self, number: int) -> bytes:
        plain = self._read(min(CHUNK, max(0, self._file.size - number * CHUNK)))
        # Checked before each chunk is sealed: an earlier command may have sent this chunk as it was before a change,
        # under the same key and nonce, and an attacker who has both ciphertexts learns how the two differ.
        if stamp_of(self._reader) != self._file.stamp:
            raise DrempelError("attachment-changed", shown(self._file.name))
        sealed = self._chunks.seal(number, plain)
        self._hashes.append(chunk_hash(sealed))
        return sealed

    def _read(self, length: int) -> bytes:
        """Read the next `length` bytes of the file; `attachment-changed` if it has become shorter."""
        pieces = []
        while length:
            try:
                piece = self._reader.read(length)
            except OSError as problem:
                raise unreadable(self._file.name, problem.strerror or "it does not read") from None
            if not piece:
                raise DrempelError("attachment-changed", shown(self._file.name))
            pieces.append(piece)
            length -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
