"""An organisation, its people and their bytes, as far as the server can tell them from real ones.

What is sealed is random here: the server may check lengths and headers only.
"""

import os
from dataclasses import dataclass, field
from typing import Any

import httpx

from crypto.public import signatures
from crypto.public.directory import Quote, Signers
from crypto.public.encoding import b64, day_text, hash_labelled, parse_object, unb64, utc_day, week_of
from crypto.public.mailbox import CreationRecord, verifier
from crypto.public.statement import WEEKS
from crypto.secret.directory_sign import make_directory
from crypto.secret.statement_sign import make_statement
from intake.store import Organisation, Store
from tests.kit.protocol import CAPABILITIES

TODAY = 20_780
SLOTS = 2
RETENTION = 30


def opening_bytes(slots: int = SLOTS, size: int = 8192, week: int = week_of(TODAY)) -> bytes:
    """An opening envelope as far as its header and length go (PROTOCOL 6.2)."""
    head = bytes([1, 1, slots]) + week.to_bytes(4, "big")
    return head + os.urandom(64 + slots * 1168 + 158 + 1408 + size + 16)


def conversation_bytes(size: int = 4096) -> bytes:
    """A conversation envelope as far as its header and length go (PROTOCOL 6.9)."""
    return bytes([1, 2]) + os.urandom(64 + size + 16)


def keyring_bytes(size: int = 262_144, unlockers: int = 1) -> bytes:
    """A keyring as far as its header and length go (PROTOCOL 11.1)."""
    return bytes([1, 3, unlockers]) + os.urandom(81 * unlockers + 32 + size + 16)


@dataclass
class Clocks:
    """The clocks of the service: the UTC day, and the seconds of a clock that never goes back."""

    day: int = TODAY
    seconds: float = 0


def code(response: httpx.Response) -> object:
    """The code of a problem document, whose form is checked."""
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == response.status_code
    return response.json()["code"]


def shape(response: httpx.Response) -> tuple[object, ...]:
    """All that an observer sees of a response, its random bytes aside."""
    return response.status_code, response.headers.multi_items(), len(response.content)


@dataclass
class Box:
    """A mailbox and all the tokens for it."""

    organisation: bytes
    tokens: dict[str, bytes] = field(default_factory=lambda: {name: os.urandom(32) for name in CAPABILITIES})
    envelope: bytes = field(default_factory=lambda: os.urandom(16))
    opening: bytes = field(default_factory=opening_bytes)
    id: bytes = field(default_factory=lambda: os.urandom(32))

    @property
    def creation(self) -> bytes:
        """The creation record (PROTOCOL 5.3)."""
        verifiers = {name: verifier(name, token) for name, token in self.tokens.items()}
        return CreationRecord(self.organisation, self.id, **verifiers).to_bytes()

    @property
    def path(self) -> str:
        """Below the API's base."""
        return f"mailboxes/{b64(self.id)}"

    @property
    def opening_path(self) -> str:
        """The path that creates it."""
        return f"{self.path}/opening/{b64(self.envelope)}"

    def envelope_path(self, envelope: bytes | None = None) -> str:
        """The path of an envelope, with a new id if none is given."""
        return f"{self.path}/envelopes/{b64(envelope or os.urandom(16))}"

    def auth(self, name: str) -> dict[str, str]:
        """The header that carries a token."""
        return {"Authorization": f"Bearer {b64(self.tokens[name])}"}


class OpaqueOrganisation:
    """One organisation with its custodian, and one recipient `ada`."""

    def __init__(self, slug: str = "gemeente") -> None:
        self.slug = slug
        self.root_seed = os.urandom(32)
        self.signers = Signers(1, (signatures.public_key(self.root_seed),))
        self.organisation = self.signers.hash
        self.signing_seed, self.login_seed = os.urandom(32), os.urandom(32)
        self.history: list[bytes] = []
        self.first = self.directory(self.content())
        self.base = f"http://drempel.test/{slug}/api/1/"

    def content(self, **changes: Any) -> dict[str, Any]:
        """The content of the directory that comes after `history`."""
        text = {"nl": "Tekst"}
        recipient = {
            "id": "ada",
            "name": text,
            "role": text,
            "signing_key": b64(signatures.public_key(self.signing_seed)),
        }
        channel = {
            "id": "integrity",
            "name": text,
            "description": text,
            "kinds": [],
            "recipients": ["ada"],
            "informed": [],
            "routes": [],
        }
        return {
            "organisation": b64(self.organisation),
            "version": len(self.history) + 1,
            "history": [b64(item) for item in self.history],
            "issued": day_text(TODAY),
            "expires": day_text(TODAY + 300),
            "signers": self.signers.to_json(),
            "rotations": [],
            "slug": self.slug,
            "name": text,
            "languages": ["nl"],
            "slots": SLOTS,
            "kinds": [],
            "channels": [channel],
            "recipients": [recipient],
            "former": [],
            "policy": {"retention_days": RETENTION, "acknowledge_days": 7, "feedback_days": 90},
            **changes,
        }

    def directory(self, content: dict[str, Any], seed: bytes | None = None) -> bytes:
        """A directory, signed by the custodian if no other seed is given."""
        return make_directory(content, [seed or self.root_seed])

    def successor(self, **changes: Any) -> bytes:
        """The version after the one that was made last."""
        self.history.append(self.hash_of(self.first))
        return self.directory(self.content(**changes))

    def hash_of(self, directory: bytes) -> bytes:
        """PROTOCOL 9.3."""
        return hash_labelled("directory", unb64(parse_object(directory)["payload"]))

    async def settle_in(self, store: Store) -> None:
        """Found the organisation, as an operator does before the service starts."""
        organisation = Organisation(self.organisation, self.slug, RETENTION, SLOTS, 1)
        await store.add_organisation(organisation, self.first)
        await store.add_login(self.organisation, signatures.public_key(self.login_seed), "ada")

    def box(self, **changes: Any) -> Box:
        """A mailbox that does not exist yet."""
        return Box(self.organisation, **changes)

    def box_now(self, size: int = 8192) -> Box:
        """The same for a service with the clock of this machine, whenever that is."""
        return self.box(opening=opening_bytes(size=size, week=week_of(utc_day())))

    async def make_box(self, client: httpx.AsyncClient, **changes: Any) -> Box:
        """A mailbox that the server has."""
        box = self.box(**changes)
        response = await client.put(box.opening_path, content=box.creation + box.opening)
        assert response.status_code == 204, response.text
        return box

    def login(self, challenge: bytes, seed: bytes | None = None) -> dict[str, str]:
        """The body of `POST sign-in`."""
        seed = seed or self.login_seed
        signature = signatures.sign(seed, signatures.SIGN_IN, self.organisation + challenge)
        return {
            "login_key": b64(signatures.public_key(seed)),
            "challenge": b64(challenge),
            "signature": b64(signature),
        }

    async def sign_in(self, client: httpx.AsyncClient) -> dict[str, str]:
        """The header of a new session."""
        challenge = unb64((await client.post("sign-in/challenge")).json()["challenge"])
        response = await client.post("sign-in", json=self.login(challenge))
        assert response.status_code == 200, response.text
        return {"Authorization": f"Bearer {response.json()['token']}"}

    def statement(
        self, counter: int, first_week: int | None = None, quoted: Quote | None = None
    ) -> dict[str, Any]:
        """The body of `PUT inbox/statement`, with fresh keys."""
        keys = [os.urandom(1216) for _ in range(WEEKS)]
        week = week_of(TODAY) if first_week is None else first_week
        quote = quoted or Quote(1, self.hash_of(self.first))
        made = make_statement(self.organisation, "ada", counter, quote, week, keys, self.signing_seed)
        return {"statement": parse_object(made), "keys": [b64(key) for key in keys]}
