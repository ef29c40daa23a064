"""Inner messages: padded, signed, bound to their place (PROTOCOL 7)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from crypto import signatures, wire
from crypto.attachment import Attachment, read_attachments
from crypto.claims import MOST_CLAIMS
from crypto.directory import Quote, read_quote
from crypto.encoding import day_number, hash_labelled, is_id, is_number, parse_object, unb64, write_object
from crypto.errors import DrempelError, EnvelopeError

TEXT_LIMIT = 1_044_480
SIGNATURE_LENGTH = 64
LONGEST_META = 0xFFFF
MOST_PARENTS = 8
REPORTER = "reporter"
OPENING_KINDS = ("report", "case", "grant", "decoy")
CONVERSATION_KINDS = ("message",)
NO_KEYS = bytes(32)

AuthorKeys = Callable[["Message"], Sequence[bytes]]
"""From a message to the keys of the author it names; none if that author does not belong here."""


def check_text(text: str) -> str:
    """What a person wrote, if it can be sent; DrempelError `text-empty` or `text-too-long` if not."""
    if not text.strip():
        raise DrempelError("text-empty")
    if len(text.encode("utf-8")) > TEXT_LIMIT:
        raise DrempelError("text-too-long")
    return text


@dataclass(frozen=True)
class Place:
    """Where a message belongs; it is signed for this place only. Ids and hashes as in PROTOCOL 7.2."""

    organisation: bytes
    mailbox: bytes
    envelope: bytes
    commitment: bytes
    keys: bytes = NO_KEYS

    def to_bytes(self) -> bytes:
        """The context that is signed but does not travel."""
        head = bytes([wire.SUITE]) + self.organisation + self.mailbox
        return head + self.envelope + self.commitment + self.keys


def keys_hash(key_block: bytes) -> bytes:
    """`K` of PROTOCOL 7.2, which binds an opening's signature to its key block."""
    return hash_labelled("keys", key_block)


@dataclass(frozen=True)
class Message:
    """An inner message: what its meta says, and its text. `meta` holds all members, known or not."""

    kind: str
    author: str
    day: int
    directory: Quote
    counter: int
    parents: tuple[bytes, ...]
    meta: dict[str, Any]
    text: str
    attachments: tuple[Attachment, ...] = ()


def pack(meta: dict[str, Any], text: str, place: Place, signing_seed: bytes, sizes: Sequence[int]) -> bytes:
    """The padded message; EnvelopeError `text-too-long` if no size of `sizes` (bytes, ascending) fits.

    `text-not-utf8` if the text holds half of a character, as surrogates that escaped from somewhere are;
    `attachments-too-many` if it is the files that do not fit.
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
        # The codec's own error carries the whole text with it.
        raise EnvelopeError("text-not-utf8") from None


def _unpad(padded: bytes, sizes: Sequence[int]) -> bytes:
    length = int.from_bytes(padded[:4], "big")
    # The smallest size that fits, and zeros: otherwise the padding could carry a mark.
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


def unpack(padded: bytes, place: Place, author_keys: AuthorKeys, *, opening: bool) -> Message:
    """The message in a padded one, if its author signed it for this place; EnvelopeError names the layer."""
    signed = _unpad(padded, wire.OPENING_SIZES if opening else wire.CONVERSATION_SIZES)
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
