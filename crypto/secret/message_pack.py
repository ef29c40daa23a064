"""Packs inner messages: signs them for their place, and pads them (PROTOCOL 7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crypto.public import signatures
from crypto.public.encoding import (
    hash_labelled,
    write_object,
)
from crypto.public.errors import DrempelError, EnvelopeError
from crypto.public.limits import LONGEST_META, MOST_CLAIMS, SUITE, TEXT_LIMIT
from crypto.public.mailbox import CreationRecord

SIGNATURE_LENGTH = 64
_NO_KEYS = bytes(32)


def check_text(text: str) -> str:
    """The text unchanged, if it can be sent; DrempelError `text-empty` or `text-too-long` if not."""
    if not text.strip():
        raise DrempelError("text-empty")
    if len(text.encode("utf-8")) > TEXT_LIMIT:
        raise DrempelError("text-too-long")
    return text


@dataclass(frozen=True)
class SignedContext:
    """The place that a message is signed for, and valid in. Ids and hashes as in PROTOCOL 7.2."""

    organisation: bytes
    mailbox: bytes
    envelope: bytes
    commitment: bytes
    keys: bytes = _NO_KEYS

    def to_bytes(self) -> bytes:
        """The bytes that are signed but not sent."""
        head = bytes([SUITE]) + self.organisation + self.mailbox
        return head + self.envelope + self.commitment + self.keys


def keys_hash(key_block: bytes) -> bytes:
    """`K` of PROTOCOL 7.2, which binds an opening's signature to its key block."""
    return hash_labelled("keys", key_block)


def pack_message(
    meta: dict[str, Any], text: str, place: SignedContext, signing_seed: bytes, sizes: Sequence[int]
) -> bytes:
    """Pack, sign and pad a message; EnvelopeError `text-too-long` if no size of `sizes` (bytes, ascending) fits.

    `text-not-utf8` if the text has a lone surrogate, which is half a character; `attachments-too-many` if the files do
    not fit.
    """
    head, body = write_object(meta), _utf8(text)
    files = len(meta.get("attachments") or ())
    if len(head) > LONGEST_META or files > MOST_CLAIMS:
        raise EnvelopeError("attachments-too-many")
    if len(body) > TEXT_LIMIT:
        raise EnvelopeError("text-too-long")
    signed = len(head).to_bytes(2, "big") + head + body
    signature = signatures.sign(signing_seed, signatures.MESSAGE, place.to_bytes() + signed)
    length = len(signed) + SIGNATURE_LENGTH
    size = next((size for size in sizes if 4 + length <= size), 0)
    if not size:
        raise EnvelopeError("attachments-too-many" if files else "text-too-long")
    return (length.to_bytes(4, "big") + signed + signature).ljust(size, b"\x00")


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        # The codec's own error would carry the whole text.
        raise EnvelopeError("text-not-utf8") from None


def opening_context(
    creation: CreationRecord, envelope: bytes, commitment: bytes, block: bytes
) -> SignedContext:
    """The context of an opening's message, with the hash of its key block."""
    return SignedContext(creation.organisation, creation.mailbox, envelope, commitment, keys_hash(block))
