"""The vectors' operations on files: those of PROTOCOL 16 in `tests/vectors/README.md`, in Python."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from crypto.public.blobs import build_claims
from crypto.public.encoding import b64, unb64
from crypto.public.errors import DrempelError, EnvelopeError
from crypto.public.filename import safe_name
from crypto.secret.attachment import (
    Attachment,
    Chunks,
    attachment_hash,
    attachment_keys,
    chunk_count,
    chunk_hash,
    claims_of,
    read_attachments,
    without_padding,
)

Json = dict[str, Any]


def _sha256(data: bytes) -> str:
    return b64(hashlib.sha256(data).digest())


def _attachments_of(found: object) -> tuple[Attachment, ...]:
    try:
        return read_attachments(found)
    except ValueError:
        raise EnvelopeError("envelope-message") from None


def file_of(organisation: bytes, attachment: Attachment, sealed: Sequence[bytes]) -> bytes:
    """The file in these chunks; DrempelError `attachment-damaged`."""
    chunks = Chunks(organisation, attachment_keys(attachment.secret), attachment.chunks)
    pieces = [
        without_padding(number, chunks.open(number, data), attachment.size)
        for number, data in enumerate(sealed)
    ]
    if len(sealed) != attachment.chunks or attachment_hash(map(chunk_hash, sealed)) != attachment.hash:
        raise DrempelError("attachment-damaged")
    return b"".join(pieces)


def _keys(given: Json) -> Json:
    keys = attachment_keys(unb64(given["secret"], 32))
    return {"key": b64(keys.key), "token": b64(keys.token), "blob": b64(keys.blob)}


def _seal_chunk(given: Json) -> Json:
    keys = attachment_keys(unb64(given["secret"], 32))
    chunks = Chunks(unb64(given["organisation"], 32), keys, given["count"])
    sealed = chunks.seal(given["number"], unb64(given["plaintext"]))
    return {"length": len(sealed), "sha256": _sha256(sealed), "tag": b64(sealed[-16:])}


def _open_attachment(given: Json) -> Json:
    (attachment,) = _attachments_of([given["attachment"]])
    sealed = [unb64(chunk) for chunk in given["chunks"]]
    found = file_of(unb64(given["organisation"], 32), attachment, sealed)
    return {"length": len(found), "sha256": _sha256(found)}


def _read_attachments(given: Json) -> Json:
    read = _attachments_of(given["attachments"])
    claims = build_claims(claims_of(read))
    return {"attachments": [attachment.to_json() for attachment in read], "claims": b64(claims)}


def _names_in_one(names: list[str]) -> list[str]:
    taken: dict[str, int] = {}
    return [safe_name(name, taken) for name in names]


ATTACHMENT_OPERATIONS: dict[str, Callable[[Json], Json]] = {
    "attachment-keys": _keys,
    "chunk-counts": lambda given: {"counts": [chunk_count(length) for length in given["lengths"]]},
    "seal-chunk": _seal_chunk,
    "open-attachment": _open_attachment,
    "read-attachments": _read_attachments,
    "safe-names": lambda given: {"folders": [_names_in_one(names) for names in given["folders"]]},
}
