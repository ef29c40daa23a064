"""Seals and opens files in chunks (PROTOCOL 16)."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crypto.public.blobs import CHUNK as CHUNK
from crypto.public.blobs import CHUNK_LENGTH, Claim, blob_id
from crypto.public.blobs import chunk_count as chunk_count
from crypto.public.blobs import padme as padme
from crypto.public.encoding import b64, hash_labelled, is_number, unb64
from crypto.public.errors import DrempelError
from crypto.public.limits import LONGEST_FILE, LONGEST_NAME, LONGEST_TYPE, MOST_CLAIMS, SUITE
from crypto.secret.primitives import derive

SECRET_LENGTH = 32


@dataclass(frozen=True)
class AttachmentKeys:
    """The keys of an attachment's secret: the chunks' key, the blob's token and id, 32 bytes each."""

    key: bytes = field(repr=False)
    token: bytes = field(repr=False)
    blob: bytes


def attachment_keys(secret: bytes) -> AttachmentKeys:
    """Derive the keys of an attachment's secret (32 bytes)."""
    token = derive(secret, b"", "attachment/token")
    return AttachmentKeys(derive(secret, b"", "attachment/key"), token, blob_id(token))


class Chunks:
    """Seals and opens the chunks of one blob: `count` of them, for an organisation (its id, 32 bytes)."""

    def __init__(self, organisation: bytes, keys: AttachmentKeys, count: int) -> None:
        self.count = count
        self._cipher = AESGCM(keys.key)
        self._associated = bytes([SUITE]) + organisation + keys.blob + count.to_bytes(4, "big")

    def seal(self, number: int, plaintext: bytes) -> bytes:
        """Seal at most `CHUNK` bytes of the file as chunk `number`, which must never be sealed with other content."""
        if len(plaintext) > CHUNK or not 0 <= number < self.count:
            raise ValueError("no such chunk")
        padded = plaintext if len(plaintext) == CHUNK else plaintext.ljust(CHUNK, b"\x00")
        return self._cipher.encrypt(self._nonce(number), padded, self._associated)

    def open(self, number: int, sealed: bytes) -> bytes:
        """Open chunk `number`; gives `CHUNK` bytes, padding included. DrempelError `attachment-damaged`."""
        try:
            if len(sealed) != CHUNK_LENGTH or not 0 <= number < self.count:
                raise InvalidTag
            return self._cipher.decrypt(self._nonce(number), sealed, self._associated)
        except InvalidTag:
            raise DrempelError("attachment-damaged") from None

    def _nonce(self, number: int) -> bytes:
        return bytes(7) + number.to_bytes(4, "big") + bytes([number == self.count - 1])


def without_padding(number: int, plaintext: bytes, size: int) -> bytes:
    """The part of an opened chunk within a file of `size` bytes; `attachment-damaged` if the rest is not zeros."""
    end = min(max(size - number * CHUNK, 0), len(plaintext))
    if plaintext.count(0, end) != len(plaintext) - end:
        raise DrempelError("attachment-damaged")
    return plaintext[:end]


def chunk_hash(sealed: bytes) -> bytes:
    """The hash of a sealed chunk (32 bytes), from which that of the attachment is made."""
    return hashlib.sha256(sealed).digest()


def attachment_hash(chunk_hashes: Iterable[bytes]) -> bytes:
    """The hash of an attachment (32 bytes) from those of its chunks, in order (PROTOCOL 16.4)."""
    return hash_labelled("attachment", b"".join(chunk_hashes))


@dataclass(frozen=True)
class Attachment:
    """A file that a message names. The author chose `name` and `type`; `size` is its length in bytes before padding."""

    name: str
    type: str
    size: int
    secret: bytes = field(repr=False)
    hash: bytes

    @property
    def chunks(self) -> int:
        """The number of its chunks."""
        return chunk_count(self.size)

    def claim(self) -> Claim:
        """The claim with which the server assigns the blob to a mailbox."""
        return Claim(attachment_keys(self.secret).token, self.chunks)

    def to_json(self) -> dict[str, Any]:
        """The JSON form in the `attachments` of a message's meta."""
        keys = {"secret": b64(self.secret), "hash": b64(self.hash)}
        return {"name": self.name, "type": self.type, "bytes": self.size, **keys}


def read_attachments(found: object) -> tuple[Attachment, ...]:
    """Read the attachments in a message's meta (PROTOCOL 16.5), where None means none; ValueError if malformed."""
    if found is None:
        return ()
    if not isinstance(found, list) or not 1 <= len(found) <= MOST_CLAIMS:
        raise ValueError("attachments")
    read = tuple(_read_attachment(item) for item in found)
    if len({item.secret for item in read}) != len(read):
        raise ValueError("one blob twice")
    return read


def _read_attachment(item: object) -> Attachment:
    if not isinstance(item, dict):
        raise ValueError("attachment")
    name, type_, size = item.get("name"), item.get("type"), item.get("bytes")
    if not isinstance(name, str) or not 1 <= len(name.encode("utf-8")) <= LONGEST_NAME:
        raise ValueError("name")
    if not isinstance(type_, str) or not type_.isascii() or len(type_) > LONGEST_TYPE:
        raise ValueError("type")
    if not isinstance(size, int) or not is_number(size, 0, LONGEST_FILE):
        raise ValueError("length")
    return Attachment(name, type_, size, unb64(item.get("secret"), 32), unb64(item.get("hash"), 32))


def claims_of(attachments: Iterable[Attachment]) -> list[Claim]:
    """The claims of an envelope that names these attachments."""
    return [attachment.claim() for attachment in attachments]
