"""Builders for the tests of the protocol: people, their keys, and the directory of an organisation."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from nacl.signing import SigningKey

from crypto.public import signatures
from crypto.public.directory import Directory, Signers, accept_directory
from crypto.public.encoding import (
    Random,
    b64,
    day_number,
    day_text,
    parse_object,
    unb64,
    week_of,
    write_object,
)
from crypto.public.statement import Statement, accept_statement
from crypto.secret.codes import ReporterKeys, reporter_keys
from crypto.secret.directory_sign import make_directory
from crypto.secret.hpke_open import PrivateKey
from crypto.secret.ratchet import Ratchet, WeekKeys
from crypto.secret.statement_sign import make_statement

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

    def week_keys(self, week: int) -> list[PrivateKey]:
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
