"""The keyring: a recipient's sealed key store on the server (PROTOCOL 11)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crypto.public.directory import Quote, read_quote
from crypto.public.encoding import (
    Random,
    b64,
    day_number,
    day_text,
    is_id,
    is_number,
    parse_object,
    unb64,
    write_object,
)
from crypto.public.envelope_format import KEYRING
from crypto.public.errors import KeyringError
from crypto.public.keyring_format import (
    ACCESS_CODE,
    KEYRING_SIZES,
    SealedKeyring,
)
from crypto.public.limits import ENVELOPE_ID_LENGTH, SUITE
from crypto.secret.primitives import DoesNotOpen, derive, seal, unseal
from crypto.secret.ratchet import Ratchet

_KEY_NAMES = ("secret", "conversation", "read", "write", "close", "replace", "signing")


@dataclass(frozen=True)
class Conversation:
    """The keys (32 bytes each) and properties of an open conversation (PROTOCOL 11.2)."""

    kind: str
    opening: bytes
    secret: bytes
    conversation: bytes
    read: bytes
    write: bytes
    close: bytes
    replace: bytes
    signing: bytes
    channel: str
    report: str | None
    day: int
    messages: int
    heads: frozenset[bytes]

    def to_json(self) -> dict[str, Any]:
        """The JSON form in the keyring."""
        known = {
            "kind": self.kind,
            "opening": b64(self.opening),
            "channel": self.channel,
            "report": self.report,
        }
        counted = {"day": day_text(self.day), "messages": self.messages}
        keys = {name: b64(getattr(self, name)) for name in _KEY_NAMES}
        return {**known, **keys, **counted, "heads": sorted(b64(head) for head in self.heads)}


def _hashes(value: object) -> frozenset[bytes]:
    if not isinstance(value, list):
        raise ValueError("not a list")
    return frozenset(unb64(item, 32) for item in value)


def _read_conversation(value: dict[str, Any]) -> Conversation:
    if not is_id(value["channel"]) or not is_id(value["kind"]) or not is_number(value["messages"]):
        raise ValueError("not a conversation")
    if value["report"] is not None and not is_id(value["report"]):
        raise ValueError("not a conversation")
    return Conversation(
        kind=value["kind"],
        opening=unb64(value["opening"], ENVELOPE_ID_LENGTH),
        channel=value["channel"],
        report=value["report"],
        day=day_number(value["day"]),
        messages=value["messages"],
        heads=_hashes(value["heads"]),
        **{name: unb64(value[name], 32) for name in _KEY_NAMES},
    )


@dataclass(frozen=True)
class Keyring:
    """A recipient's keys and state. `conversations` by mailbox id (32 bytes); `synced` a day number or None."""

    recipient: str
    signing_seed: bytes
    ratchet: Ratchet
    conversations: dict[bytes, Conversation] = field(default_factory=dict)
    closed: frozenset[bytes] = frozenset()
    synced: int | None = None
    counter: int = 0
    stated: tuple[int, int] | None = None
    directory: Quote | None = None

    def to_json(self) -> dict[str, Any]:
        """The JSON of PROTOCOL 11.2."""
        stated = self.stated and {"week": self.stated[0], "version": self.stated[1]}
        return {
            "recipient": self.recipient,
            "signing_seed": b64(self.signing_seed),
            "ratchet": {"week": self.ratchet.week, "chain": b64(self.ratchet.chain)},
            "conversations": {
                b64(id_): self.conversations[id_].to_json() for id_ in sorted(self.conversations)
            },
            "closed": sorted(b64(id_) for id_ in self.closed),
            "synced": None if self.synced is None else day_text(self.synced),
            "counter": self.counter,
            "stated": stated,
            "directory": self.directory.to_json() if self.directory else None,
        }

    def with_conversation(self, mailbox: bytes, conversation: Conversation) -> "Keyring":
        """The keyring with that conversation added, unless it was closed."""
        if mailbox in self.closed:
            return self
        return replace(self, conversations={**self.conversations, mailbox: conversation})

    def stating(self, counter: int, stated: tuple[int, int], directory: Quote) -> "Keyring":
        """The keyring after a statement with that counter, of that week and directory version."""
        return replace(self, counter=counter, stated=stated, directory=directory)

    def without(self, mailbox: bytes) -> "Keyring":
        """The keyring without that conversation's keys. Its tombstone keeps a merge from bringing them back."""
        left = {id_: kept for id_, kept in self.conversations.items() if id_ != mailbox}
        return replace(self, conversations=left, closed=self.closed | {mailbox})


def _read_pair(value: object) -> tuple[int, int] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or not is_number(value["week"]) or not is_number(value["version"]):
        raise ValueError("not a pair of week and version")
    return value["week"], value["version"]


def _from_json(value: dict[str, Any]) -> Keyring:
    ratchet = value["ratchet"]
    if not is_id(value["recipient"]) or not is_number(ratchet["week"], 0, 2**32 - 1):
        raise ValueError("not a keyring")
    if not is_number(value["counter"], 0, 2**32 - 1):
        raise ValueError("not a keyring")
    return Keyring(
        recipient=value["recipient"],
        signing_seed=unb64(value["signing_seed"], 32),
        ratchet=Ratchet(ratchet["week"], unb64(ratchet["chain"], 32)),
        conversations={
            unb64(id_, 32): _read_conversation(item) for id_, item in value["conversations"].items()
        },
        closed=_hashes(value["closed"]),
        synced=None if value["synced"] is None else day_number(value["synced"]),
        counter=value["counter"],
        stated=_read_pair(value["stated"]),
        directory=None if value["directory"] is None else read_quote(value["directory"]),
    )


def read_keyring(value: dict[str, Any]) -> Keyring:
    """Read a keyring from its JSON (PROTOCOL 11.2); ValueError if it is malformed."""
    try:
        return _from_json(value)
    except (KeyError, TypeError, AttributeError):
        raise ValueError("not a keyring") from None


def _place(organisation: bytes, recipient: str) -> bytes:
    name = recipient.encode("ascii")
    return bytes([SUITE, KEYRING]) + organisation + bytes([len(name)]) + name


def wrap_root_key(
    root_key: bytes, unlocker: bytes, organisation: bytes, recipient: str, random: Random
) -> bytes:
    """Make an unlocker of type access code (81 bytes) for a keyring's root key (32 bytes)."""
    salt, type_ = random(32), bytes([ACCESS_CODE])
    key = derive(unlocker, salt, "keyring/unlock")
    return type_ + salt + seal(key, _place(organisation, recipient) + type_, root_key)


def unlock_root_key(sealed: SealedKeyring, unlocker: bytes, organisation: bytes, recipient: str) -> bytes:
    """The root key (32 bytes), from the first unlocker that opens; KeyringError `keyring-locked`."""
    for wrapped in sealed.unlockers:
        key = derive(unlocker, wrapped[1:33], "keyring/unlock")
        try:
            return unseal(key, _place(organisation, recipient) + wrapped[:1], wrapped[33:])
        except DoesNotOpen:
            continue
    raise KeyringError("keyring-locked")


def seal_keyring(
    keyring: Keyring, root_key: bytes, unlockers: Sequence[bytes], organisation: bytes, random: Random
) -> bytes:
    """Seal a keyring with a fresh salt, hence under a fresh key. KeyringError `keyring-format` if it is too large."""
    content = write_object(keyring.to_json())
    size = next((size for size in KEYRING_SIZES if 4 + len(content) <= size), 0)
    if not size:
        raise KeyringError("keyring-format", "It is too large.")
    sealed = SealedKeyring(tuple(unlockers), random(32), b"")
    key = derive(root_key, sealed.salt, "keyring/body")
    padded = (len(content).to_bytes(4, "big") + content).ljust(size, b"\x00")
    associated = _place(organisation, keyring.recipient) + sealed.header
    return sealed.header + seal(key, associated, padded)


def open_keyring(sealed: SealedKeyring, root_key: bytes, organisation: bytes, recipient: str) -> Keyring:
    """Open a keyring with its root key; KeyringError `keyring-damaged`."""
    key = derive(root_key, sealed.salt, "keyring/body")
    try:
        padded = unseal(key, _place(organisation, recipient) + sealed.header, sealed.body)
        length = int.from_bytes(padded[:4], "big")
        if length > len(padded) - 4 or any(padded[4 + length :]):
            raise ValueError("padding")
        keyring = read_keyring(parse_object(padded[4 : 4 + length]))
    except (DoesNotOpen, ValueError):
        raise KeyringError("keyring-damaged") from None
    if keyring.recipient != recipient:
        raise KeyringError("keyring-damaged")
    return keyring


def _merge_conversations(one: Conversation, other: Conversation) -> Conversation:
    # Two devices hold different openings of one mailbox only if the server sent them different ones. Either is right,
    # as long as all devices choose the same: a refusal would let a server block all later writes of a keyring.
    kept = min(
        one, other, key=lambda known: write_object(replace(known, messages=0, heads=frozenset()).to_json())
    )
    return replace(kept, messages=max(one.messages, other.messages), heads=one.heads | other.heads)


def _later_ratchet(one: Ratchet, other: Ratchet) -> Ratchet:
    if one.week == other.week and one.chain != other.chain:
        raise KeyringError("keyring-damaged")
    return max(one, other, key=lambda ratchet: ratchet.week)


def merge_keyrings(one: Keyring, other: Keyring) -> Keyring:
    """Merge two keyrings of one recipient (PROTOCOL 11.3); KeyringError `keyring-damaged` if they are of two."""
    if (one.recipient, one.signing_seed) != (other.recipient, other.signing_seed):
        raise KeyringError("keyring-damaged")
    closed = one.closed | other.closed
    conversations = {**one.conversations, **other.conversations}
    for mailbox in one.conversations.keys() & other.conversations.keys():
        conversations[mailbox] = _merge_conversations(
            one.conversations[mailbox], other.conversations[mailbox]
        )
    synced = [day for day in (one.synced, other.synced) if day is not None]
    quotes = [quote for quote in (one.directory, other.directory) if quote is not None]
    # `stated` belongs to the counter of its statement.
    newest = max(one, other, key=lambda keyring: (keyring.counter, keyring.stated or (-1, -1)))
    return Keyring(
        recipient=one.recipient,
        signing_seed=one.signing_seed,
        ratchet=_later_ratchet(one.ratchet, other.ratchet),
        conversations={id_: kept for id_, kept in conversations.items() if id_ not in closed},
        closed=closed,
        synced=max(synced, default=None),
        counter=newest.counter,
        stated=newest.stated,
        directory=min(quotes, key=lambda quote: (-quote.version, quote.hash), default=None),
    )
