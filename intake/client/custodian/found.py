"""Founds an organisation: its first directory, and every recipient's code, keyring and statement."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crypto.public.directory import Quote, Signers, accept_directory
from crypto.public.directory_schema import Content, Text
from crypto.public.encoding import Random, b64, day_text, week_of
from crypto.public.limits import SLOT_COUNTS
from crypto.public.signatures import public_key
from crypto.secret import codes
from crypto.secret.codes import access_keys, root_seed
from crypto.secret.directory_sign import make_directory
from crypto.secret.keyring import Keyring, seal_keyring, wrap_root_key
from crypto.secret.ratchet import Ratchet
from crypto.secret.statement_sign import make_statement


@dataclass(frozen=True)
class Plan:
    """A new organisation as the operator describes it; members as in PROTOCOL 9.1, recipients without keys.

    It has not been checked: `found` does that.
    """

    slug: str
    name: Text
    languages: list[str]
    kinds: list[dict[str, Any]]
    channels: list[dict[str, Any]]
    recipients: list[dict[str, Any]]
    policy: dict[str, int]
    valid_days: int = 365


@dataclass(frozen=True, repr=False)
class NewRecipient:
    """The server's share of a new recipient: login key (32 bytes), sealed keyring, statement and its keys by week."""

    id: str
    login_key: bytes
    keyring: bytes
    counter: int
    statement: bytes
    week_keys: Mapping[int, bytes]


@dataclass(frozen=True)
class Founded:
    """A new organisation; `id` has 32 bytes, `content` is that of its directory.

    `access_codes` are by recipient. The server never sees a code.
    """

    id: bytes
    content: Content
    directory: bytes
    custodian_code: str = field(repr=False)
    access_codes: dict[str, str] = field(repr=False)
    recipients: tuple[NewRecipient, ...]

    def to_json(self) -> dict[str, Any]:
        """The codes that are handed to custodian and recipients, once."""
        return {
            "organisation": self.content["slug"],
            "fingerprint": b64(self.id),
            "custodian_code": self.custodian_code,
            "channels": [
                {
                    "id": channel["id"],
                    "name": channel["name"],
                    "recipients": [
                        {"id": id_, "access_code": self.access_codes[id_]} for id_ in channel["recipients"]
                    ],
                }
                for channel in self.content["channels"]
            ],
        }


def _slots(plan: Plan) -> int:
    """The number of key slots, enough for any channel, so that all openings of the organisation look alike."""
    most = max((len(channel["recipients"]) for channel in plan.channels), default=0)
    return next((count for count in SLOT_COUNTS if count >= most), SLOT_COUNTS[-1])


def _content(plan: Plan, signers: Signers, signing_keys: Mapping[str, bytes], today: int) -> dict[str, Any]:
    recipients = [{**item, "signing_key": b64(signing_keys[item["id"]])} for item in plan.recipients]
    return {
        "organisation": b64(signers.hash),
        "version": 1,
        "history": [],
        "issued": day_text(today),
        "expires": day_text(today + plan.valid_days),
        "signers": signers.to_json(),
        "rotations": [],
        "slug": plan.slug,
        "name": plan.name,
        "languages": plan.languages,
        "slots": _slots(plan),
        "kinds": plan.kinds,
        "channels": plan.channels,
        "recipients": recipients,
        "former": [],
        "policy": plan.policy,
    }


def found(plan: Plan, today: int, random: Random) -> Founded:
    """Found an organisation by a plan; DirectoryError `directory-format` names the plan's fault."""
    code = codes.new_code("custodian", random)
    seed = root_seed(codes.parse_code(code, "custodian"))
    signers = Signers(1, (public_key(seed),))
    seeds = {item["id"]: random(32) for item in plan.recipients}
    keys = {id_: public_key(signing_seed) for id_, signing_seed in seeds.items()}
    document = make_directory(_content(plan, signers, keys, today), [seed])
    directory = accept_directory(document, today, pin=signers.hash)
    access_codes = {id_: codes.new_code("access", random) for id_ in seeds}
    recipients = tuple(
        _recipient(id_, access_codes[id_], signing_seed, directory.quote, signers.hash, today, random)
        for id_, signing_seed in seeds.items()
    )
    return Founded(signers.hash, directory.content, document, code, access_codes, recipients)


def _recipient(
    id_: str,
    code: str,
    signing_seed: bytes,
    quote: Quote,
    organisation: bytes,
    today: int,
    random: Random,
) -> NewRecipient:
    keys = access_keys(codes.parse_code(code, "access"), organisation)
    week = week_of(today)
    ratchet = Ratchet(week, random(32))
    announced = ratchet.announced(week)
    statement = make_statement(organisation, id_, 1, quote, week, announced, signing_seed)
    keyring = Keyring(id_, signing_seed, ratchet, counter=1, stated=(week, 1), directory=quote)
    root_key = random(32)
    unlocker = wrap_root_key(root_key, keys.unlocker, organisation, id_, random)
    sealed = seal_keyring(keyring, root_key, [unlocker], organisation, random)
    return NewRecipient(id_, keys.login_key, sealed, 1, statement, dict(enumerate(announced, start=week)))
