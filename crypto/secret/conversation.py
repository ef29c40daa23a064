"""Reads a conversation, a graph of envelopes: its authors, order, gaps and heads (PROTOCOL 7.4, 8)."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from crypto.public.answers import StoredEnvelope
from crypto.public.directory import Directory
from crypto.public.directory_schema import REPORTER
from crypto.public.encoding import LARGEST_NUMBER
from crypto.public.envelope_format import KeyBlock, envelope_hash
from crypto.public.errors import EnvelopeError
from crypto.public.limits import MOST_PARENTS
from crypto.secret.message_unpack import CONVERSATION_KINDS, OPENING_KINDS, Message

_KNOWN_KINDS = (*OPENING_KINDS, *CONVERSATION_KINDS)
_RECIPIENTS_ONLY = ("case", "grant", "decoy")
_NOTICE_OF_LAYER = {"author": "forged", "signature": "forged"}


@dataclass(frozen=True)
class Notice:
    """A notice for the reader (PROTOCOL 15.3), with the envelope's id (16 bytes) if it is about one."""

    code: str
    envelope: bytes | None = None


@dataclass(frozen=True)
class Entry:
    """A message that could be opened, with the id (16 bytes) and hash (32 bytes) of its envelope."""

    envelope: bytes
    hash: bytes
    message: Message


def opening_authors(directory: Directory) -> Callable[[Message, KeyBlock], list[bytes]]:
    """A function that gives the author's keys for an opening (PROTOCOL 7.4)."""

    def keys(message: Message, block: KeyBlock) -> list[bytes]:
        channel = message.meta["channel"]
        return conversation_authors(directory, message.kind, channel, block.signing_key)(message)

    return keys


def conversation_authors(
    directory: Directory, kind: str, channel: str, signing_key: bytes
) -> Callable[[Message], list[bytes]]:
    """A function that gives the author's keys in a mailbox with an opening of that kind (PROTOCOL 7.4)."""

    def keys(message: Message) -> list[bytes]:
        if message.author == REPORTER:
            return [] if kind in _RECIPIENTS_ONLY else [signing_key]
        return directory.author_keys(message.author, channel, message.directory.version)

    return keys


@dataclass(frozen=True)
class Thread:
    """A conversation as it was read: messages in order, notices, heads by hash with their counters."""

    entries: tuple[Entry, ...]
    notices: tuple[Notice, ...]
    heads: Mapping[bytes, int]

    def parents(self) -> tuple[list[bytes], int]:
        """The parents and the counter of the next message (PROTOCOL 8.2); there must be heads."""
        chosen = sorted(self.heads, key=lambda head: (-self.heads[head], head))[:MOST_PARENTS]
        # One author's largest possible counter must not keep the others from writing.
        return chosen, min(1 + self.heads[chosen[0]], LARGEST_NUMBER)


def _notice_of(problem: EnvelopeError, envelope: bytes) -> Notice:
    if problem.code == "envelope-suite":
        return Notice("newer-version", envelope)
    return Notice(_NOTICE_OF_LAYER.get(problem.layer, "damaged"), envelope)


def _heads(counters: Mapping[bytes, int], entries: Iterable[Entry]) -> dict[bytes, int]:
    named = {parent for entry in entries for parent in entry.message.parents}
    return {hash_: counter for hash_, counter in counters.items() if hash_ not in named}


def _graph_notices(
    entries: Iterable[Entry], present: Collection[bytes], counters: Mapping[bytes, int], directory: Directory
) -> list[Notice]:
    """Check each opened message against the graph (PROTOCOL 8.3 points 2 to 4); gives the notices."""
    found = []
    for entry in entries:
        message = entry.message
        known = [counters[parent] for parent in message.parents if parent in counters]
        if not all(parent in present for parent in message.parents):
            found.append(Notice("gap", entry.envelope))
        # A parent that does not open has a notice already, and its counter is unknown.
        elif len(known) == len(message.parents) > 0 and message.counter != 1 + max(known):
            found.append(Notice("order", entry.envelope))
        if not directory.knows(message.directory):
            found.append(Notice("directory-unknown", entry.envelope))
    return found


def read_thread(
    mailbox: bytes,
    envelopes: Iterable[StoredEnvelope],
    opening: bytes,
    open_one: Callable[[StoredEnvelope], Message | None],
    directory: Directory,
    noted_heads: Iterable[bytes] = (),
) -> Thread:
    """Read the thread in a mailbox's envelopes. An envelope that fails does not affect the others.

    `opening` is the id of the opening envelope; `open_one` gives the message of an envelope, None for an opening that
    this reader may not open (PROTOCOL 8.4), or raises EnvelopeError; `noted_heads` are hashes from an earlier visit.
    An envelope that comes twice is read once.
    """
    entries: list[Entry] = []
    notices: list[Notice] = []
    counters: dict[bytes, int] = {}
    present: set[bytes] = set()
    for item in envelopes:
        hash_ = envelope_hash(mailbox, item.id, item.data)
        if hash_ in present:
            continue
        present.add(hash_)
        try:
            message = open_one(item)
        except EnvelopeError as problem:
            notices.append(_notice_of(problem, item.id))
            if item.id == opening:
                counters[hash_] = 0
            continue
        counters[hash_] = message.counter if message else 0
        if message is not None:
            entries.append(Entry(item.id, hash_, message))
    notices += _graph_notices(entries, present, counters, directory)
    notices += [Notice("gap") for head in sorted(noted_heads) if head not in present]
    notices += [
        Notice("newer-version", item.envelope) for item in entries if item.message.kind not in _KNOWN_KINDS
    ]
    shown = [item for item in entries if item.message.kind in _KNOWN_KINDS]
    shown.sort(key=lambda item: (item.message.counter, item.message.day, item.hash))
    return Thread(tuple(shown), tuple(notices), _heads(counters, entries))
