"""The vectors' operations: each one of `tests/vectors/README.md`, as `tests/js/kit/operations.js` has it."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final, cast

from crypto.public import signatures
from crypto.public.answers import DayItem, StoredEnvelope, parse_mailbox_answer
from crypto.public.directory import Directory, accept_directory, read_quote
from crypto.public.encoding import Random, b64, day_number, day_text, unb64
from crypto.public.envelope_format import KeyBlock, creation_of, parse_conversation, parse_opening
from crypto.public.errors import CodeError, DrempelError, KeyringError
from crypto.public.keyring_format import parse_keyring
from crypto.public.mailbox import CreationRecord, parse_creation
from crypto.public.statement import accept_statement
from crypto.secret.codes import access_keys, format_code, parse_code, reporter_keys, root_seed
from crypto.secret.conversation import Thread, conversation_authors, opening_authors, read_thread
from crypto.secret.envelope_open import Opening, open_conversation, open_opening, open_with_secret, read_stub
from crypto.secret.envelope_seal import ConversationPlace, Draft, make_stub, seal_conversation, seal_opening
from crypto.secret.hpke_open import PrivateKey
from crypto.secret.hpke_seal import is_public_key
from crypto.secret.keyring import Keyring, merge_keyrings, open_keyring, read_keyring, unlock_root_key
from crypto.secret.message_unpack import Message
from crypto.secret.primitives import DoesNotOpen, derive
from crypto.secret.ratchet import Ratchet
from intake.client.connection import Connection
from intake.client.organisation import Organisation, fetch_organisation
from intake.client.reporter.report import addressees, check_kind
from intake.client.reporter.visit import open_receipt, visit
from tests.crypto.kit.attachment_operations import ATTACHMENT_OPERATIONS
from tests.kit.protocol import parse_day_answer, parse_list

Json = dict[str, Any]

KEY_BLOCK: Final = ("conversation", "read", "write", "close", "replace", "signingKey", "xwingPublic")


def seeded(seed: str) -> Random:
    """Call number n, from 0, gives SHAKE256(seed || u32 n): the same bytes in both languages."""
    calls = iter(range(2**32))
    return lambda length: hashlib.shake_256(seed.encode() + next(calls).to_bytes(4, "big")).digest(length)


def sha256(data: bytes) -> str:
    return b64(hashlib.sha256(data).digest())


def directory_of(given: Json) -> Directory:
    return accept_directory(unb64(given["directory"]), day_number(given["today"]))


def message_json(message: Message) -> Json:
    return {
        "kind": message.kind,
        "author": message.author,
        "day": day_text(message.day),
        "counter": message.counter,
        "text": message.text,
        **({"attachments": [item.to_json() for item in message.attachments]} if message.attachments else {}),
    }


def opening_json(opening: Opening) -> Json:
    block = opening.keys
    values = (block.conversation, block.read, block.write, block.close, block.replace, block.signing_key)
    keys = dict(zip(KEY_BLOCK, map(b64, (*values, block.xwing_public)), strict=True))
    return {"secret": b64(opening.secret), "keys": keys, **message_json(opening.message)}


def thread_json(thread: Thread) -> Json:
    return {
        "messages": [
            {"envelope": b64(item.envelope), **message_json(item.message)} for item in thread.entries
        ],
        "notices": [
            {"code": notice.code, "envelope": None if notice.envelope is None else b64(notice.envelope)}
            for notice in thread.notices
        ],
    }


def _keys(given: Json) -> Json:
    secret = unb64(given["secret"], 14)
    if given["kind"] == "custodian":
        return {"root_seed": b64(root_seed(secret))}
    organisation = unb64(given["organisation"], 32)
    if given["kind"] == "access":
        access = access_keys(secret, organisation)
        return {"login_seed": b64(access.login_seed), "unlocker": b64(access.unlocker)}
    keys = reporter_keys(secret, organisation)
    return {
        **{name: b64(key) for name, key in vars(keys).items()},
        "signing_key": b64(keys.signing_key),
        "mailbox": b64(keys.mailbox),
    }


def _verify_signature(given: Json) -> Json:
    key, body, signature = (unb64(given[name]) for name in ("key", "body", "signature"))
    return {"valid": signatures.verify(key, given["type"], body, signature)}


def _open_slot(given: Json) -> Json:
    try:
        plaintext = PrivateKey(unb64(given["seed"], 32)).open(unb64(given["info"]), unb64(given["sealed"]))
    except DoesNotOpen:
        raise DrempelError("envelope-no-slot") from None
    return {"plaintext": b64(plaintext)}


def _ratchet(given: Json) -> Json:
    step = Ratchet(given["week"], unb64(given["chain"], 32)).at(given["at"])
    seed = derive(step.chain, b"", "ratchet/week")
    return {"chain": b64(step.chain), "seed": b64(seed), "public_sha256": sha256(step.key.public)}


def _forget(given: Json) -> Json:
    ratchet = Ratchet(given["week"], unb64(given["chain"], 32))
    kept = ratchet.forgotten(day_number(given["synced"]), day_number(given["today"]))
    return {"week": kept.week, "chain": b64(kept.chain)}


def _seal_opening(given: Json) -> Json:
    random = seeded(given["random"])
    block = KeyBlock(*(unb64(given["keys"][name]) for name in KEY_BLOCK))
    draft = Draft(
        creation=creation_of(block, unb64(given["organisation"], 32), unb64(given["delete_verifier"], 32)),
        envelope=unb64(given["envelope"], 16),
        week=given["week"],
        slots=given["slots"],
        recipient_keys=[unb64(key) for key in given["recipient_keys"]],
        keys=block,
        meta=given["meta"],
        text=given["text"],
        signing_seed=unb64(given["signing_seed"], 32),
    )
    noted = given.get("stub")
    if noted is None:
        data, secret = seal_opening(draft, random)
    else:
        stub = make_stub(
            unb64(noted["signers"], 32),
            read_quote(noted),
            noted["channel"],
            rereadable=noted["rereadable"],
            random=random,
        )
        data, secret = seal_opening(draft, random, stub_key=unb64(noted["key"], 32), stub=stub)
    return {"secret": b64(secret), "length": len(data), "sha256": sha256(data)}


def _sealed(given: Json) -> tuple[bytes, CreationRecord, bytes]:
    return (
        unb64(given["bytes"]),
        parse_creation(unb64(given["creation"])),
        unb64(given["envelope"], 16),
    )


def _open_opening(given: Json) -> Json:
    def week_keys(week: int) -> list[PrivateKey]:
        return [PrivateKey(unb64(seed, 32)) for seed in given["week_seeds"].get(str(week), [])]

    return opening_json(open_opening(*_sealed(given), week_keys, opening_authors(directory_of(given))))


def _open_with_secret(given: Json) -> Json:
    authors = opening_authors(directory_of(given))
    return opening_json(open_with_secret(*_sealed(given), unb64(given["secret"], 32), authors))


def _open_with_receipt(given: Json) -> Json:
    authors = opening_authors(directory_of(given))
    stub = read_stub(*_sealed(given), unb64(given["stub_key"], 32))
    noted = {
        "rereadable": stub.rereadable,
        "signers": b64(stub.signers),
        **stub.directory.to_json(),
        "channel": stub.channel,
    }
    if not stub.rereadable:
        return {"stub": noted, "message": None}
    return {
        "stub": noted,
        "message": message_json(open_with_secret(*_sealed(given), stub.secret, authors).message),
    }


def _place(given: Json) -> ConversationPlace:
    return ConversationPlace(
        unb64(given["organisation"], 32), unb64(given["mailbox"], 32), unb64(given["envelope"], 16)
    )


def _authors(given: Json) -> Callable[[Message], list[bytes]]:
    signing_key = unb64(given["signing_key"], 32)
    return conversation_authors(directory_of(given), given["kind"], given["channel"], signing_key)


def _seal_conversation(given: Json) -> Json:
    key, seed = unb64(given["key"], 32), unb64(given["signing_seed"], 32)
    data = seal_conversation(_place(given), key, given["meta"], given["text"], seed, seeded(given["random"]))
    return {"bytes": b64(data)}


def _open_conversation(given: Json) -> Json:
    data, key = unb64(given["bytes"]), unb64(given["key"], 32)
    return message_json(open_conversation(data, _place(given), key, _authors(given)))


def _read_conversation(given: Json) -> Json:
    directory, creation = directory_of(given), parse_creation(unb64(given["creation"]))
    opening, key, authors = unb64(given["opening"], 16), unb64(given["key"], 32), _authors(given)

    def open_one(item: StoredEnvelope) -> Message | None:
        if item.id != opening:
            place = ConversationPlace(creation.organisation, creation.mailbox, item.id)
            return open_conversation(item.data, place, key, authors)
        if given["secret"] is None:
            return None
        secret = unb64(given["secret"], 32)
        return open_with_secret(item.data, creation, item.id, secret, opening_authors(directory)).message

    items = [
        StoredEnvelope(unb64(item["id"], 16), day_number(item["day"]), unb64(item["bytes"]))
        for item in given["envelopes"]
    ]
    noted = [unb64(head, 32) for head in given.get("noted_heads", [])]
    thread = read_thread(creation.mailbox, items, opening, open_one, directory, noted)
    parents, counter = thread.parents() if thread.heads else ([], 0)
    return {
        **thread_json(thread),
        "next": {"parents": [b64(parent) for parent in parents], "counter": counter},
    }


@dataclass
class _Answers:
    """A connection to a server that has nothing but these answers."""

    content: bytes = b""
    listing: Json | None = None
    address: Any = None

    async def request(self, *_: object, **__: object) -> Any:
        return SimpleNamespace(content=self.content)

    async def json(self, *_: object) -> Any:
        return self.listing


def _read_visit(given: Json) -> Json:
    directory = directory_of(given)
    today = day_number(given["today"])
    connection = cast(Connection, _Answers(unb64(given["answer"])))
    organisation = Organisation(directory, today, 0, verified_by_link=False)
    found = asyncio.run(
        visit(connection, organisation, open_receipt(organisation, unb64(given["secret"], 14)))
    )
    return {"channel": found.channel, **thread_json(found.thread)}


def _accept_directory(given: Json) -> Json:
    pin = unb64(given["pin"], 32) if given.get("pin") else None
    seen = [read_quote(quote) for quote in given.get("seen") or []]
    found = accept_directory(unb64(given["bytes"]), day_number(given["today"]), pin=pin, seen=seen)
    hashes = sorted(b64(hash_) for hash_ in found.signer_hashes)
    return {"organisation": b64(found.organisation), **found.quote.to_json(), "signer_hashes": hashes}


def _accept_statement(given: Json) -> Json:
    found = accept_statement(given["statement"], directory_of(given), given["recipient"])
    numbers = {"counter": found.counter, "first_week": found.first_week}
    return {"recipient": found.recipient, **numbers, **found.directory.to_json()}


def _check_week_key(given: Json) -> Json:
    found = accept_statement(given["statement"], directory_of(given), given["recipient"])
    key = None if given["key"] is None else unb64(given["key"])
    return {"sha256": sha256(found.check_key(given["week"], key))}


def _addressees(given: Json) -> Json:
    address = SimpleNamespace(pin=None)
    connection = cast(Connection, _Answers(unb64(given["directory"]), given["keys"], address))
    organisation = asyncio.run(fetch_organisation(connection, today=day_number(given["today"])))
    check_kind(organisation, given["channel"], given["kind"])
    found = addressees(organisation, given["channel"], given.get("without") or ())
    return {"week": organisation.week, "recipients": found}


def _open_keyring(given: Json) -> Json:
    sealed, organisation = parse_keyring(unb64(given["bytes"])), unb64(given["organisation"], 32)
    root_key = unlock_root_key(sealed, unb64(given["unlocker"], 32), organisation, given["recipient"])
    return {"keyring": open_keyring(sealed, root_key, organisation, given["recipient"]).to_json()}


def _keyring(value: object) -> Keyring:
    try:
        if isinstance(value, dict):
            return read_keyring(value)
    except ValueError:
        pass
    raise KeyringError("keyring-damaged")


def _merge_keyrings(given: Json) -> Json:
    return {"keyring": merge_keyrings(_keyring(given["one"]), _keyring(given["other"])).to_json()}


def _item(envelope: StoredEnvelope) -> Json:
    data = envelope.data
    return {"id": b64(envelope.id), "day": envelope.day, "length": len(data), "sha256": sha256(data)}


def _day_item(item: DayItem) -> Json:
    creation = None if item.creation is None else b64(item.creation)
    return {"mailbox": b64(item.mailbox), "creation": creation, **_item(item.envelope)}


def _parse_wire(given: Json) -> Json:
    data, what = unb64(given["bytes"]), given["what"]
    if what == "creation":
        return {name: b64(value) for name, value in vars(parse_creation(data)).items()}
    if what == "opening":
        found = parse_opening(data)
        random = {"salt": b64(found.salt), "commitment": b64(found.commitment)}
        return {**random, "week": found.week, "slots": len(found.slots), "body": len(found.body)}
    if what == "conversation":
        parts = parse_conversation(data)
        return {"salt": b64(parts.salt), "commitment": b64(parts.commitment), "body": len(parts.body)}
    if what == "mailbox-answer":
        answer = parse_mailbox_answer(data, unb64(given["read"], 32))
        return {"creation": b64(answer.creation), "envelopes": [_item(item) for item in answer.envelopes]}
    if what == "list":
        items = parse_list(data, given["told"])
        return {"items": [{"mailbox": b64(mailbox), "told": b64(told)} for mailbox, told in items]}
    return {"items": [_day_item(item) for item in parse_day_answer(data)]}


OPERATIONS: dict[str, Callable[[Json], Json]] = {
    **ATTACHMENT_OPERATIONS,
    "format-code": lambda given: {"code": format_code(unb64(given["secret"], 14), given["kind"])},
    "parse-code": lambda given: {"secret": b64(parse_code(given["text"], given["kind"]))},
    "keys": _keys,
    "verify-signature": _verify_signature,
    "public-key": lambda given: {"valid": is_public_key(unb64(given["key"]))},
    "open-slot": _open_slot,
    "ratchet": _ratchet,
    "forget": _forget,
    "seal-opening": _seal_opening,
    "open-opening": _open_opening,
    "open-with-secret": _open_with_secret,
    "open-with-receipt": _open_with_receipt,
    "seal-conversation": _seal_conversation,
    "open-conversation": _open_conversation,
    "read-conversation": _read_conversation,
    "read-visit": _read_visit,
    "accept-directory": _accept_directory,
    "accept-statement": _accept_statement,
    "check-week-key": _check_week_key,
    "addressees": _addressees,
    "open-keyring": _open_keyring,
    "merge-keyrings": _merge_keyrings,
    "parse-wire": _parse_wire,
}


def perform(operation: str, given: Json) -> Json:
    """The outcome: layer `ok` and an output, or the layer and code of the one thing that failed."""
    try:
        return {"layer": "ok", "output": OPERATIONS[operation](given)}
    except CodeError as problem:
        named = {"group": problem.group, "kind": problem.kind, "correction": problem.correction}
        return {"layer": problem.layer, "code": problem.code, **named}
    except DrempelError as problem:
        return {"layer": problem.layer, "code": problem.code}
