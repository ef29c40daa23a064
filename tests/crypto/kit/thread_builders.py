"""Builders for the tests of the protocol: a mailbox with its envelopes, and a keyring."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crypto.public.answers import StoredEnvelope
from crypto.public.encoding import (
    b64,
    day_text,
)
from crypto.public.envelope_format import envelope_hash
from crypto.secret.conversation import Thread, conversation_authors, opening_authors, read_thread
from crypto.secret.envelope_open import open_conversation, open_with_secret
from crypto.secret.envelope_seal import ConversationPlace, seal_conversation
from crypto.secret.keyring import Conversation, Keyring
from crypto.secret.message_unpack import Message
from tests.crypto.kit.organisation_builders import (
    ANNA,
    DIRECTORY,
    TODAY,
    WEEK,
    Person,
    of,
    seeded,
)
from tests.crypto.kit.report_builders import Report


@dataclass
class Mailbox:
    """A conversation on a server, told by its ends."""

    report: Report
    envelopes: list[StoredEnvelope] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.envelopes.append(self.report.stored)

    @property
    def id(self) -> bytes:
        return self.report.mailbox

    @property
    def key(self) -> bytes:
        return self.report.draft.keys.conversation

    def hash(self, item: StoredEnvelope) -> bytes:
        return envelope_hash(self.id, item.id, item.data)

    def place(self, envelope: bytes) -> ConversationPlace:
        return ConversationPlace(self.report.creation.organisation, self.id, envelope)

    @property
    def authors(self) -> Callable[[Message], list[bytes]]:
        draft = self.report.draft
        return conversation_authors(self.report.listed, draft.meta["kind"], "conduct", draft.keys.signing_key)

    def open_one(self, item: StoredEnvelope) -> Message | None:
        """Open one envelope as a recipient."""
        if item.id == self.report.envelope:
            authors = opening_authors(self.report.listed)
            data, secret = item.data, self.report.secret
            return open_with_secret(data, self.report.creation, item.id, secret, authors).message
        return open_conversation(item.data, self.place(item.id), self.key, self.authors)

    def thread(self, noted: Sequence[bytes] = (), only: Sequence[StoredEnvelope] | None = None) -> Thread:
        """Read the thread as a recipient; `only` the envelopes that the server shows."""
        shown = self.envelopes if only is None else only
        return read_thread(self.id, shown, self.report.envelope, self.open_one, self.report.listed, noted)

    def says(
        self,
        author: Person | str,
        text: str,
        *,
        after: Thread | None = None,
        day: int = TODAY,
        seed: bytes | None = None,
        **meta: Any,
    ) -> StoredEnvelope:
        """A message of someone who has read `after`, or else everything; it is put on the server."""
        item = self.unsent(author, text, after=after, day=day, seed=seed, **meta)
        self.envelopes.append(item)
        return item

    def unsent(
        self,
        author: Person | str,
        text: str,
        *,
        after: Thread | None = None,
        day: int = TODAY,
        seed: bytes | None = None,
        **meta: Any,
    ) -> StoredEnvelope:
        """The same, but the server has not got it."""
        parents, counter = (after or self.thread()).parents()
        name = author if isinstance(author, str) else author.id
        own = self.report.draft.signing_seed if isinstance(author, str) else author.signing_seed
        made = {
            "kind": "message",
            "author": name,
            "day": day_text(day),
            "directory": self.report.listed.quote.to_json(),
            "counter": counter,
            "parents": [b64(parent) for parent in parents],
            **meta,
        }
        given = seeded(int.from_bytes(f"{name} {text} {counter}".encode(), "big"))
        envelope = given(16)
        data = seal_conversation(self.place(envelope), self.key, made, text, seed or own, given)
        return StoredEnvelope(envelope, day, data)


def conversation(name: str = "a conversation", **changes: Any) -> Conversation:
    """A keyring's entry for an open conversation."""
    made = Conversation(
        kind="report",
        opening=of(f"{name}: opening", 16),
        secret=of(f"{name}: secret"),
        conversation=of(f"{name}: conversation"),
        read=of(f"{name}: read"),
        write=of(f"{name}: write"),
        close=of(f"{name}: close"),
        replace=of(f"{name}: replace"),
        signing=of(f"{name}: signing"),
        channel="conduct",
        report="fraud",
        day=TODAY,
        messages=2,
        heads=frozenset([of(f"{name}: head")]),
    )
    return replace(made, **changes)


def keyring(someone: Person = ANNA, **changes: Any) -> Keyring:
    """A recipient's keyring with two open conversations and a closed one."""
    made = Keyring(
        recipient=someone.id,
        signing_seed=someone.signing_seed,
        ratchet=someone.ratchet,
        conversations={
            of("mailbox 1"): conversation("one"),
            of("mailbox 2"): conversation("two", report=None),
        },
        closed=frozenset([of("mailbox 0")]),
        synced=TODAY,
        counter=3,
        stated=(WEEK, 1),
        directory=DIRECTORY.quote,
    )
    return replace(made, **changes)
