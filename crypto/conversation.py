"""A conversation is a graph of envelopes: its order, its gaps, its heads (PROTOCOL 8)."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from crypto.directory import Directory
from crypto.encoding import LARGEST_NUMBER
from crypto.envelope import KeyBlock
from crypto.errors import EnvelopeError
from crypto.message import CONVERSATION_KINDS, MOST_PARENTS, OPENING_KINDS, REPORTER, Message
from crypto.wire import StoredEnvelope, envelope_hash

KNOWN_KINDS = (*OPENING_KINDS, *CONVERSATION_KINDS)
RECIPIENTS_ONLY = ("case", "grant", "decoy")
NOTICE_OF_LAYER = {"author": "forged", "signature": "forged"}


@dataclass(frozen=True)
class Notice:
    """Something a reader must be told (PROTOCOL 15.3), with the envelope's id (16 bytes) if it is about one."""

    code: str
    envelope: bytes | None = None


@dataclass(frozen=True)
class Entry:
    """A message that opened: the id (16 bytes) and hash (32 bytes) of its envelope, and what it says."""

    envelope: bytes
    hash: bytes
    message: Message


def opening_authors(directory: Directory) -> Callable[[Message, KeyBlock], list[bytes]]:
    """The author's keys for an opening (PROTOCOL 7.4)."""

    def keys(message: Message, block: KeyBlock) -> list[bytes]:
        channel = message.meta["channel"]
        return conversation_authors(directory, message.kind, channel, block.signing_key)(message)

    return keys


def conversation_authors(
    directory: Directory, kind: str, channel: str, signing_key: bytes
) -> Callable[[Message], list[bytes]]:
    """The author's keys in a mailbox that an opening of that kind began (PROTOCOL 7.4)."""

    def keys(message: Message) -> list[bytes]:
        if message.author == REPORTER:
            return [] if kind in RECIPIENTS_ONLY else [signing_key]
        return directory.author_keys(message.author, channel, message.directory.version)

    return keys


@dataclass(frozen=True)
class Thread:
    """What a reader gets of a conversation: messages in order, notices, heads by hash with their counters."""

    entries: tuple[Entry, ...]
    notices: tuple[Notice, ...]
    heads: Mapping[bytes, int]

    def parents(self) -> tuple[list[bytes], int]:
        """The parents and the counter of the next message (PROTOCOL 8.2); there must be heads."""
        chosen = sorted(self.heads, key=lambda head: (-self.heads[head], head))[:MOST_PARENTS]
        # One author's counter at the very end must not keep all others from writing on.
        return chosen, min(1 + self.heads[chosen[0]], LARGEST_NUMBER)


def _notice_of(problem: EnvelopeError, envelope: bytes) -> Notice:
    if problem.code == "envelope-suite":
        return Notice("newer-version", envelope)
    return Notice(NOTICE_OF_LAYER.get(problem.layer, "damaged"), envelope)


def _heads(counters: Mapping[bytes, int], entries: Iterable[Entry]) -> dict[bytes, int]:
    named = {parent for entry in entries for parent in entry.message.parents}
    return {hash_: counter for hash_, counter in counters.items() if hash_ not in named}


def _graph_notices(
    entries: Iterable[Entry], present: Collection[bytes], counters: Mapping[bytes, int], directory: Directory
) -> list[Notice]:
    """PROTOCOL 8.3 points 2 to 4, for each message that opened."""
    found = []
    for entry in entries:
        message = entry.message
        known = [counters[parent] for parent in message.parents if parent in counters]
        if not all(parent in present for parent in message.parents):
            found.append(Notice("gap", entry.envelope))
        # A parent that is there but does not open has been told of already, and its counter is not known.
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
    """The thread in a mailbox's envelopes. One envelope that fails never costs another.

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
        Notice("newer-version", item.envelope) for item in entries if item.message.kind not in KNOWN_KINDS
    ]
    shown = [item for item in entries if item.message.kind in KNOWN_KINDS]
    shown.sort(key=lambda item: (item.message.counter, item.message.day, item.hash))
    return Thread(tuple(shown), tuple(notices), _heads(counters, entries))
