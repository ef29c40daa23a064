"""What clients were told, and whether the server keeps to it."""

import os
from dataclasses import dataclass, field

from crypto.public.answers import parse_mailbox_answer
from crypto.public.errors import WireError
from tests.service.kit.opaque_organisation import Box


@dataclass(eq=False)
class Kept:
    """A mailbox as its client knows it. `sent` are envelopes without an answer; both are by id."""

    box: Box
    confirmed: dict[bytes, bytes] = field(default_factory=dict)
    sent: dict[bytes, bytes] = field(default_factory=dict)
    deleting: bool = False
    gone: bool = False

    def confirm(self, envelope: bytes) -> None:
        """A 204 has come for it."""
        self.confirmed[envelope] = self.sent.pop(envelope)


@dataclass
class Found:
    """What became of requests whose answer a kill had swallowed."""

    stored: int = 0
    lost: int = 0


@dataclass
class Ledger:
    """All mailboxes; `touched` are those that something happened to since they were last compared."""

    kept: list[Kept] = field(default_factory=list)
    touched: dict[int, Kept] = field(default_factory=dict)
    unanswered: Found = field(default_factory=Found)

    def touch(self, kept: Kept) -> None:
        """Something is about to happen to it."""
        self.touched[id(kept)] = kept

    def compare(self, kept: Kept, answer: bytes) -> None:
        """Hold a mailbox's answer (PROTOCOL 12.4) against what its client was told."""
        stored = read(kept.box, answer)
        if stored is None:
            assert kept.gone or kept.deleting or not kept.confirmed, "a confirmed mailbox is missing"
        else:
            assert not kept.gone, "a deleted mailbox is back"
            assert kept.confirmed.items() <= stored.items(), "a confirmed envelope is missing or different"
            assert stored.items() <= (kept.confirmed | kept.sent).items(), "the server has what nobody sent"
        there = len(stored.keys() & kept.sent.keys()) if stored else 0
        self.unanswered.stored += there
        self.unanswered.lost += len(kept.sent) - there


def read(box: Box, answer: bytes) -> dict[bytes, bytes] | None:
    """The envelopes in an answer by id, each there once; None if the mailbox is not."""
    try:
        parsed = parse_mailbox_answer(answer, box.tokens["read"])
    except WireError as problem:
        if problem.code == "receipt-unknown":
            return None
        raise
    assert parsed.creation == box.creation
    ids = [envelope.id for envelope in parsed.envelopes]
    assert len(ids) == len(set(ids)), "an envelope is there twice"
    return {envelope.id: envelope.data for envelope in parsed.envelopes}


def new_envelope_id() -> bytes:
    """Of an envelope that nobody has sent yet."""
    return os.urandom(16)
