"""Builders for the tests of the protocol: a report, sealed well or by a forger."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crypto.public import signatures
from crypto.public.answers import StoredEnvelope
from crypto.public.directory import Directory
from crypto.public.directory_schema import REPORTER
from crypto.public.encoding import (
    day_text,
    write_object,
)
from crypto.public.envelope_format import KeyBlock, creation_of
from crypto.public.mailbox import CreationRecord, verifier
from crypto.secret.conversation import opening_authors
from crypto.secret.envelope_open import Opening, open_opening, open_with_secret, read_stub
from crypto.secret.envelope_seal import Draft, make_stub, seal_opening
from crypto.secret.hpke_open import PrivateKey
from crypto.secret.hpke_seal import seal_slot
from crypto.secret.message_pack import SignedContext, keys_hash
from crypto.secret.primitives import derive, seal
from tests.crypto.kit.organisation_builders import (
    ANNA,
    BERT,
    DIRECTORY,
    RECEIPT,
    TODAY,
    WEEK,
    Json,
    Person,
    keys_of,
    of,
    seeded,
)


@dataclass(frozen=True)
class Report:
    """A sealed opening, and everything that only its ends know."""

    draft: Draft
    data: bytes
    secret: bytes
    stub_key: bytes
    listed: Directory = DIRECTORY

    @property
    def creation(self) -> CreationRecord:
        return self.draft.creation

    @property
    def mailbox(self) -> bytes:
        return self.draft.creation.mailbox

    @property
    def envelope(self) -> bytes:
        return self.draft.envelope

    @property
    def stored(self) -> StoredEnvelope:
        return StoredEnvelope(self.envelope, TODAY, self.data)

    def opened_by(self, someone: Person, data: bytes | None = None, **place: Any) -> Opening:
        """Open it as a recipient; `place` moves it elsewhere first."""
        where = {"creation": self.creation, "envelope": self.envelope, **place}
        sealed = self.data if data is None else data
        authors = opening_authors(self.listed)
        return open_opening(sealed, where["creation"], where["envelope"], someone.week_keys, authors)

    def reopened(self, data: bytes | None = None) -> Opening:
        """Open it with the receipt, by way of the stub."""
        sealed = self.data if data is None else data
        stub = read_stub(sealed, self.creation, self.envelope, self.stub_key)
        authors = opening_authors(self.listed)
        return open_with_secret(sealed, self.creation, self.envelope, stub.secret, authors)


def opening_meta(listed: Directory = DIRECTORY, **changes: Any) -> Json:
    """The meta of a report to a channel."""
    made = {
        "kind": "report",
        "author": REPORTER,
        "day": day_text(TODAY),
        "directory": listed.quote.to_json(),
        "counter": 0,
        "parents": [],
        "to": ["anna", "bert"],
        "channel": "conduct",
        "report": "fraud",
        **changes,
    }
    return {name: value for name, value in made.items() if value is not ...}


def draft(
    text: str = "The tank leaks.",
    *,
    seed: int = 1,
    people: Sequence[Person] = (ANNA, BERT),
    slots: int = 4,
    week: int = WEEK,
    receipt: bytes = RECEIPT,
    listed: Directory = DIRECTORY,
    **meta: Any,
) -> Draft:
    """A report before it is sealed; `meta` changes its meta."""
    given = seeded(seed)
    keys = keys_of(receipt, listed.organisation)
    xwing = PrivateKey(keys.xwing_seed).public
    block = KeyBlock(keys.conversation, keys.read, keys.write, given(32), given(32), keys.signing_key, xwing)
    return Draft(
        creation=creation_of(block, listed.organisation, verifier("delete", keys.delete)),
        envelope=given(16),
        week=week,
        slots=slots,
        recipient_keys=[someone.week_keys(week)[0].public for someone in people],
        keys=block,
        meta=opening_meta(listed, to=[someone.id for someone in people], **meta),
        text=text,
        signing_seed=keys.signing_seed,
    )


def report(
    text: str = "The tank leaks.", *, rereadable: bool = True, seed: int = 1, **options: Any
) -> Report:
    """A sealed report. HPKE draws randomness of its own, so its bytes are not the same each time."""
    listed = options.get("listed", DIRECTORY)
    return sealed(draft(text, seed=seed, **options), rereadable=rereadable, seed=seed, listed=listed)


def sealed(made: Draft, *, rereadable: bool = True, seed: int = 1, listed: Directory = DIRECTORY) -> Report:
    """A draft, sealed by an honest client."""
    given, key = seeded(seed + 1000), keys_of(RECEIPT, made.creation.organisation).stub
    named = made.meta.get("channel", "conduct")
    stub = make_stub(listed.signers.hash, listed.quote, named, rereadable=rereadable, random=given)
    data, secret = seal_opening(made, given, stub_key=key, stub=stub)
    return Report(made, data, secret, key, listed)


def slot_info(draft: Draft, commitment: bytes, index: int) -> bytes:
    """PROTOCOL 6.3 step 3, written down a second time."""
    place = draft.creation.organisation + draft.creation.mailbox + draft.envelope
    week = draft.week.to_bytes(4, "big")
    return b"drempel/1/slot\x01" + place + week + commitment + bytes([index])


@dataclass(frozen=True)
class Forger:
    """Seals an opening step by step, with any step gone wrong. Slots are in the order of the keys, not shuffled."""

    draft: Draft
    secret: bytes = of("Z")
    salt: bytes = of("salt")
    commitment: bytes | None = None
    slot_secrets: Sequence[bytes] = ()
    block: bytes | None = None
    padded: bytes | None = None
    stub: bytes = bytes(142)
    stub_key: bytes = of("stub key")

    @property
    def committed(self) -> bytes:
        return self.commitment or derive(self.secret, self.salt, "opening/commit")

    def signed_content(
        self, meta: Json | None = None, text: bytes | None = None, seed: bytes | None = None
    ) -> bytes:
        """`u16 m || meta || text || signature` for this place (PROTOCOL 7.1, 7.2)."""
        head = write_object(self.draft.meta if meta is None else meta)
        body = self.draft.text.encode() if text is None else text
        creation = self.draft.creation
        place = SignedContext(
            creation.organisation,
            creation.mailbox,
            self.draft.envelope,
            self.committed,
            keys_hash(self.block or self.draft.keys.to_bytes()),
        )
        return signed_content(head, body, place.to_bytes(), seed or self.draft.signing_seed)

    def report(self) -> Report:
        """The forged opening."""
        draft, commitment = self.draft, self.committed
        head = bytes([1, 1, draft.slots]) + draft.week.to_bytes(4, "big")
        header = head + self.salt + commitment
        secrets = [*self.slot_secrets] or [self.secret] * len(draft.recipient_keys)
        nobody = PrivateKey(of("nobody")).public
        keys = [*draft.recipient_keys, *[nobody] * (draft.slots - len(draft.recipient_keys))]
        secrets += [of("filler")] * (len(keys) - len(secrets))
        slots = b"".join(
            seal_slot(key, slot_info(draft, commitment, index), secret)
            for index, (key, secret) in enumerate(zip(keys, secrets, strict=True))
        )
        place = draft.creation.to_bytes() + draft.envelope + header
        stub = seal(derive(self.stub_key, self.salt, "opening/stub"), place, self.stub)
        padded = padded_message(self.signed_content()) if self.padded is None else self.padded
        block = self.block or draft.keys.to_bytes()
        body = seal(derive(self.secret, self.salt, "opening/body"), place + slots + stub, block + padded)
        return Report(draft, header + slots + stub + body, self.secret, self.stub_key)


def signed_content(
    meta: bytes, text: bytes, place: bytes, seed: bytes, *, meta_length: int | None = None
) -> bytes:
    """`u16 m || meta || text || signature`, signed for a place."""
    length = len(meta) if meta_length is None else meta_length
    content = length.to_bytes(2, "big") + meta + text
    return content + signatures.sign(seed, signatures.MESSAGE, place + content)


def padded_message(content: bytes, *, size: int = 0, smallest: int = 8192, n: int | None = None) -> bytes:
    """A padded message around `content`; `size` and `n` overrule what is right."""
    fitting = smallest
    while fitting < 4 + len(content):
        fitting *= 2
    length = len(content) if n is None else n
    return (length.to_bytes(4, "big") + content).ljust(size or fitting, b"\x00")
