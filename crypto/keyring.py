"""The keyring: a recipient's sealed key store on the server (PROTOCOL 11). The service must not import this."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crypto import wire
from crypto.directory import Quote, read_quote
from crypto.encoding import (
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
from crypto.errors import KeyringError
from crypto.ratchet import Ratchet
from crypto.sealing import DoesNotOpen, derive, seal, unseal

SIZES = tuple(262_144 << n for n in range(8))
ACCESS_CODE = 1
UNLOCKER_LENGTH = 81
KEY_NAMES = ("secret", "conversation", "read", "write", "close", "replace", "signing")


@dataclass(frozen=True)
class Conversation:
    """The keys (32 bytes each) of an open conversation and what is known of it (PROTOCOL 11.2)."""

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
        """As it stands in the keyring."""
        known = {
            "kind": self.kind,
            "opening": b64(self.opening),
            "channel": self.channel,
            "report": self.report,
        }
        counted = {"day": day_text(self.day), "messages": self.messages}
        keys = {name: b64(getattr(self, name)) for name in KEY_NAMES}
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
        opening=unb64(value["opening"], wire.ENVELOPE_ID_LENGTH),
        channel=value["channel"],
        report=value["report"],
        day=day_number(value["day"]),
        messages=value["messages"],
        heads=_hashes(value["heads"]),
        **{name: unb64(value[name], 32) for name in KEY_NAMES},
    )


@dataclass(frozen=True)
class Keyring:
    """All that a recipient keeps. `conversations` by mailbox id (32 bytes); `synced` a day number or None."""

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
        """The keyring with that conversation put in, unless it was closed."""
        if mailbox in self.closed:
            return self
        return replace(self, conversations={**self.conversations, mailbox: conversation})

    def stating(self, counter: int, stated: tuple[int, int], directory: Quote) -> "Keyring":
        """The keyring after a statement with that counter, of that week and directory version."""
        return replace(self, counter=counter, stated=stated, directory=directory)

    def without(self, mailbox: bytes) -> "Keyring":
        """The keyring without that conversation's keys, for good: its tombstone survives merging."""
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
    """The keyring in its JSON (PROTOCOL 11.2); ValueError if it is none."""
    try:
        return _from_json(value)
    except (KeyError, TypeError, AttributeError):
        raise ValueError("not a keyring") from None


@dataclass(frozen=True)
class SealedKeyring:
    """A keyring as it lies on the server: its unlockers (81 bytes each), salt and sealed body."""

    unlockers: tuple[bytes, ...]
    salt: bytes
    body: bytes

    @property
    def header(self) -> bytes:
        """All before the body."""
        head = bytes([wire.SUITE, wire.KEYRING, len(self.unlockers)])
        return head + b"".join(self.unlockers) + self.salt


def _place(organisation: bytes, recipient: str) -> bytes:
    name = recipient.encode("ascii")
    return bytes([wire.SUITE, wire.KEYRING]) + organisation + bytes([len(name)]) + name


def parse_keyring(data: bytes) -> SealedKeyring:
    """The parts of a sealed keyring; KeyringError `keyring-format` or `keyring-suite`."""
    if data[:1] and data[0] != wire.SUITE:
        raise KeyringError("keyring-suite")
    if len(data) < 3 or data[1] != wire.KEYRING or not data[2]:
        raise KeyringError("keyring-format")
    salt_at = 3 + data[2] * UNLOCKER_LENGTH
    if len(data) - salt_at - 32 - wire.TAG_LENGTH not in SIZES:
        raise KeyringError("keyring-format")
    unlockers = tuple(data[at : at + UNLOCKER_LENGTH] for at in range(3, salt_at, UNLOCKER_LENGTH))
    return SealedKeyring(unlockers, data[salt_at : salt_at + 32], data[salt_at + 32 :])


def wrap_root_key(
    root_key: bytes, unlocker: bytes, organisation: bytes, recipient: str, random: Random
) -> bytes:
    """An unlocker of type access code (81 bytes) for a keyring's root key (32 bytes)."""
    salt, type_ = random(32), bytes([ACCESS_CODE])
    key = derive(unlocker, salt, "keyring/unlock")
    return type_ + salt + seal(key, _place(organisation, recipient) + type_, root_key)


def unlock_root_key(sealed: SealedKeyring, unlocker: bytes, organisation: bytes, recipient: str) -> bytes:
    """The root key (32 bytes), by whichever unlocker opens; KeyringError `keyring-locked`."""
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
    """The sealed keyring: a fresh salt, hence a fresh key, each time. KeyringError `keyring-format` if too large."""
    content = write_object(keyring.to_json())
    size = next((size for size in SIZES if 4 + len(content) <= size), 0)
    if not size:
        raise KeyringError("keyring-format", "It is too large.")
    sealed = SealedKeyring(tuple(unlockers), random(32), b"")
    key = derive(root_key, sealed.salt, "keyring/body")
    padded = (len(content).to_bytes(4, "big") + content).ljust(size, b"\x00")
    associated = _place(organisation, keyring.recipient) + sealed.header
    return sealed.header + seal(key, associated, padded)


def open_keyring(sealed: SealedKeyring, root_key: bytes, organisation: bytes, recipient: str) -> Keyring:
    """The keyring under its root key; KeyringError `keyring-damaged`."""
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
    # Two devices can hold different openings of one mailbox only if the server showed them such. Either will do, as
    # long as all devices choose the same: to refuse would let a server stop a keyring from ever being written again.
    kept = min(
        one, other, key=lambda known: write_object(replace(known, messages=0, heads=frozenset()).to_json())
    )
    return replace(kept, messages=max(one.messages, other.messages), heads=one.heads | other.heads)


def _later_ratchet(one: Ratchet, other: Ratchet) -> Ratchet:
    if one.week == other.week and one.chain != other.chain:
        raise KeyringError("keyring-damaged")
    return max(one, other, key=lambda ratchet: ratchet.week)


def merge(one: Keyring, other: Keyring) -> Keyring:
    """Both keyrings of one recipient in one (PROTOCOL 11.3); KeyringError `keyring-damaged` if they are of two."""
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
    # What was stated goes with the counter it was stated under.
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
