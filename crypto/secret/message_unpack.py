"""Unpacks inner messages: checks padding, form, author and signature (PROTOCOL 7)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from crypto.public import signatures
from crypto.public.directory import Quote, read_quote
from crypto.public.encoding import (
    day_number,
    is_id,
    is_number,
    parse_object,
    unb64,
)
from crypto.public.envelope_format import CONVERSATION_SIZES, OPENING_SIZES
from crypto.public.errors import EnvelopeError
from crypto.public.limits import MOST_PARENTS
from crypto.secret.attachment import Attachment, read_attachments
from crypto.secret.message_pack import (
    SIGNATURE_LENGTH,
    SignedContext,
)

OPENING_KINDS = ("report", "case", "grant", "decoy")
CONVERSATION_KINDS = ("message",)
AuthorKeys = Callable[["Message"], Sequence[bytes]]
"""A function from a message to its author's keys; it gives none if that author may not write here."""


@dataclass(frozen=True)
class Message:
    """An inner message: the members of its meta, and its text. `meta` holds all members, known or not."""

    kind: str
    author: str
    day: int
    directory: Quote
    counter: int
    parents: tuple[bytes, ...]
    meta: dict[str, Any]
    text: str
    attachments: tuple[Attachment, ...] = ()


def _unpad(padded: bytes, sizes: Sequence[int]) -> bytes:
    length = int.from_bytes(padded[:4], "big")
    # The size must be the smallest that fits, and the padding zeros: otherwise it could carry a mark.
    if not 2 + SIGNATURE_LENGTH <= length <= len(padded) - 4 or any(padded[4 + length :]):
        raise EnvelopeError("envelope-padding")
    if len(padded) != next(size for size in sizes if 4 + length <= size):
        raise EnvelopeError("envelope-padding")
    return padded[4 : 4 + length]


def _check_opening_meta(meta: dict[str, Any]) -> None:
    if not is_id(meta.get("channel")) or not isinstance(meta.get("to"), list):
        raise ValueError("channel or addressees")
    if not all(is_id(item) for item in meta["to"]) or not isinstance(meta.get("proofs", {}), dict):
        raise ValueError("addressees or proofs")
    if meta["kind"] == "report" and meta.get("report") is not None and not is_id(meta["report"]):
        raise ValueError("kind of report")
    if meta["kind"] == "case":
        unb64(meta["case"]["mailbox"], 32)
    if meta["kind"] == "grant":
        for name, length in (("mailbox", 32), ("envelope", 16), ("secret", 32), ("read", 32)):
            unb64(meta["grant"][name], length)


def _parse(content: bytes, opening: bool) -> Message:
    meta_end = 2 + int.from_bytes(content[:2], "big")
    if meta_end > len(content):
        raise ValueError("meta is longer than the message")
    meta = parse_object(content[2:meta_end])
    parents = meta.get("parents")
    if not isinstance(parents, list) or len(parents) > MOST_PARENTS or len(set(parents)) != len(parents):
        raise ValueError("parents")
    if not is_id(meta.get("kind")) or not is_id(meta.get("author")) or not is_number(meta.get("counter")):
        raise ValueError("kind, author or counter")
    if opening != (not parents) or opening != (meta["counter"] == 0):
        raise ValueError("an opening has no parents, and nothing else is without")
    if meta["kind"] in (CONVERSATION_KINDS if opening else OPENING_KINDS):
        raise ValueError("a kind that has its place elsewhere")
    if opening:
        _check_opening_meta(meta)
    return Message(
        kind=meta["kind"],
        author=meta["author"],
        day=day_number(meta.get("day")),
        directory=read_quote(meta.get("directory")),
        counter=meta["counter"],
        parents=tuple(unb64(parent, 32) for parent in parents),
        meta=meta,
        text=content[meta_end:].decode("utf-8"),
        attachments=read_attachments(meta.get("attachments")),
    )


def unpack_message(padded: bytes, place: SignedContext, author_keys: AuthorKeys, *, opening: bool) -> Message:
    """Unpack a padded message that its author signed for this place; EnvelopeError names the layer that fails."""
    signed = _unpad(padded, OPENING_SIZES if opening else CONVERSATION_SIZES)
    content, signature = signed[:-SIGNATURE_LENGTH], signed[-SIGNATURE_LENGTH:]
    try:
        message = _parse(content, opening)
    except (ValueError, KeyError, TypeError):
        raise EnvelopeError("envelope-message") from None
    keys = author_keys(message)
    if not keys:
        raise EnvelopeError("envelope-author")
    signed_bytes = place.to_bytes() + content
    if not any(signatures.verify(key, signatures.MESSAGE, signed_bytes, signature) for key in keys):
        raise EnvelopeError("envelope-signature")
    return message
