"""Builders for the tests of the protocol: an organisation, a report, a thread, and forgeries of each."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final

from nacl.signing import SigningKey

from crypto import hpke, signatures, wire
from crypto.codes import ReporterKeys, reporter_keys
from crypto.conversation import Thread, conversation_authors, opening_authors, read_thread
from crypto.directory import Directory, Signers, accept_directory, make_directory
from crypto.encoding import Random, b64, day_number, day_text, parse_object, unb64, week_of, write_object
from crypto.envelope import (
    ConversationPlace,
    Draft,
    KeyBlock,
    Opening,
    make_stub,
    open_conversation,
    open_opening,
    open_with_secret,
    read_stub,
    seal_conversation,
    seal_opening,
)
from crypto.keyring import Conversation, Keyring
from crypto.message import REPORTER, Message, Place, keys_hash
from crypto.ratchet import Ratchet, WeekKeys
from crypto.sealing import derive, seal
from crypto.statement import Statement, accept_statement, make_statement
from crypto.wire import CreationRecord, StoredEnvelope, envelope_hash

TODAY: Final = day_number("2026-03-04")
WEEK: Final = week_of(TODAY)
RECEIPT: Final = bytes(range(14))

Json = dict[str, Any]


def seeded(seed: int) -> Random:
    """Randomness that is the same each time."""
    return random.Random(seed).randbytes


def of(name: str, length: int = 32) -> bytes:
    """Bytes that go by a name."""
    return seeded(int.from_bytes(name.encode(), "big"))(length)


def flipped(data: bytes, bit: int) -> bytes:
    """`data` with one bit changed."""
    changed = bytearray(data)
    changed[bit // 8] ^= 0x80 >> bit % 8
    return bytes(changed)


ROOT: Final = of("the custodian's root seed")
ROOT_KEY: Final = signatures.public_key(ROOT)


@dataclass(frozen=True)
class Person:
    """A recipient with what only they hold. `ratchet` stands at the first week of the tests."""

    id: str
    signing_seed: bytes
    ratchet: Ratchet

    @property
    def signing_key(self) -> bytes:
        return signatures.public_key(self.signing_seed)

    def week_keys(self, week: int) -> list[hpke.PrivateKey]:
        return _week_keys(self.ratchet)(week)

    def listed(self) -> Json:
        name = {"en": self.id.capitalize()}
        return {
            "id": self.id,
            "name": name,
            "role": {"en": "Confidant"},
            "signing_key": b64(self.signing_key),
        }

    def former(self, channels: Sequence[str], until: int) -> Json:
        key = b64(self.signing_key)
        return {"id": self.id, "signing_key": key, "channels": list(channels), "until": until}

    def states(
        self, directory: Directory, *, first_week: int = WEEK, counter: int = 1, **changes: Any
    ) -> Json:
        """This recipient's statement as it travels; `changes` go into its payload before it is signed."""
        keys = _announced(self.ratchet, first_week)
        made = make_statement(
            directory.organisation, self.id, counter, directory.quote, first_week, keys, self.signing_seed
        )
        return resigned(parse_object(made), [self.signing_seed], **changes)

    def stated(self, directory: Directory) -> Statement:
        return accept_statement(self.states(directory), directory, self.id)


@cache
def _week_keys(ratchet: Ratchet) -> WeekKeys:
    return WeekKeys(ratchet, WEEK + 60)


@cache
def _announced(ratchet: Ratchet, first_week: int) -> tuple[bytes, ...]:
    return tuple(ratchet.announced(first_week))


def person(id_: str) -> Person:
    """A recipient who is always the same for one name."""
    return Person(id_, of(f"{id_}'s seed"), Ratchet(WEEK - 10, of(f"{id_}'s chain")))


ANNA, BERT, CARLA = person("anna"), person("bert"), person("carla")


def resigned(dsse: Json, seeds: Sequence[bytes], *, type_: str | None = None, **changes: Any) -> Json:
    """A DSSE envelope with another payload or type, signed again; a member set to `...` is left out."""
    type_ = type_ or dsse["payloadType"]
    content = {**parse_object(unb64(dsse["payload"])), **changes}
    body = write_object({name: value for name, value in content.items() if value is not ...})
    signed = [
        {"keyid": b64(signatures.public_key(seed)), "sig": b64(raw_signature(seed, type_, body))}
        for seed in seeds
    ]
    return {"payloadType": type_, "payload": b64(body), "signatures": signed}


def raw_signature(seed: bytes, type_: str, body: bytes) -> bytes:
    """A signature of a type that need not be in the registry."""
    return SigningKey(seed).sign(signatures.pae(type_, body)).signature


def channel(id_: str, people: Sequence[Person], **changes: Any) -> Json:
    """A channel of a directory."""
    return {
        "id": id_,
        "name": {"en": id_.capitalize()},
        "description": {"en": f"For {id_}"},
        "kinds": ["fraud", "other"],
        "recipients": [someone.id for someone in people],
        "informed": [{"en": "The works council"}],
        "routes": [{"name": {"en": "The ombudsman"}, "url": "https://ombudsman.example"}],
        **changes,
    }


def content(**changes: Any) -> Json:
    """A directory's content: two channels, three recipients, one custodian; `...` leaves a member out."""
    signers = Signers(1, (ROOT_KEY,))
    made = {
        "organisation": b64(signers.hash),
        "version": 1,
        "history": [],
        "issued": day_text(TODAY - 10),
        "expires": day_text(TODAY + 300),
        "signers": signers.to_json(),
        "rotations": [],
        "slug": "example",
        "name": {"en": "Example", "nl": "Voorbeeld"},
        "languages": ["en", "nl"],
        "slots": 4,
        "kinds": [{"id": "fraud", "name": {"en": "Fraud"}}, {"id": "other", "name": {"en": "Other"}}],
        "channels": [channel("conduct", [ANNA, BERT]), channel("safety", [BERT, CARLA])],
        "recipients": [someone.listed() for someone in (ANNA, BERT, CARLA)],
        "former": [],
        "policy": {"retention_days": 365, "acknowledge_days": 7, "feedback_days": 90},
        **changes,
    }
    return {name: value for name, value in made.items() if value is not ...}


def directory(*, today: int = TODAY, **changes: Any) -> Directory:
    """An accepted directory."""
    return accept_directory(make_directory(content(**changes), [ROOT]), today)


def successor(before: Directory, **changes: Any) -> Directory:
    """The next version of a directory."""
    history = [*before.content["history"], b64(before.hash)]
    return directory(**{**before.content, "version": before.version + 1, "history": history, **changes})


DIRECTORY: Final = directory()
ORGANISATION: Final = DIRECTORY.organisation


@cache
def keys_of(secret: bytes, organisation: bytes = ORGANISATION) -> ReporterKeys:
    """A receipt's keys; slow on purpose, hence kept."""
    return reporter_keys(secret, organisation)


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
        """What a recipient reads; `place` moves it elsewhere first."""
        where = {"creation": self.creation, "envelope": self.envelope, **place}
        sealed = self.data if data is None else data
        authors = opening_authors(self.listed)
        return open_opening(sealed, where["creation"], where["envelope"], someone.week_keys, authors)

    def reopened(self, data: bytes | None = None) -> Opening:
        """What the receipt reads, by way of the stub."""
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
    xwing = hpke.PrivateKey(keys.xwing_seed).public
    block = KeyBlock(keys.conversation, keys.read, keys.write, given(32), given(32), keys.signing_key, xwing)
    return Draft(
        creation=block.creation(listed.organisation, wire.verifier("delete", keys.delete)),
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
        place = Place(
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
        nobody = hpke.PrivateKey(of("nobody")).public
        keys = [*draft.recipient_keys, *[nobody] * (draft.slots - len(draft.recipient_keys))]
        secrets += [of("filler")] * (len(keys) - len(secrets))
        slots = b"".join(
            hpke.seal(key, slot_info(draft, commitment, index), secret)
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
        """How a recipient reads one envelope."""
        if item.id == self.report.envelope:
            authors = opening_authors(self.report.listed)
            data, secret = item.data, self.report.secret
            return open_with_secret(data, self.report.creation, item.id, secret, authors).message
        return open_conversation(item.data, self.place(item.id), self.key, self.authors)

    def thread(self, noted: Sequence[bytes] = (), only: Sequence[StoredEnvelope] | None = None) -> Thread:
        """What a recipient reads of it; `only` what the server chose to show."""
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
    """What a keyring holds of an open conversation."""
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
