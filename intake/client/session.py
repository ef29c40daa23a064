"""A recipient's session: sign in, open the keyring, keep both up to date (PROTOCOL 11.5, 12.7)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from crypto import signatures
from crypto.codes import AccessKeys, access_keys
from crypto.encoding import Random, b64, is_id, parse_object, unb64, week_of
from crypto.errors import DrempelError, KeyringError
from crypto.keyring import Keyring, merge, open_keyring, parse_keyring, seal_keyring, unlock_root_key
from crypto.statement import make_statement
from intake.client.connection import Connection, ConnectionProblem
from intake.client.organisation import Organisation

MOST_TRIES = 8


@dataclass
class Session:
    """A recipient who is signed in. `version` is that of the keyring on the server, whose content is `stored`."""

    connection: Connection
    organisation: Organisation
    keys: AccessKeys = field(repr=False)
    recipient: str = ""
    token: str = field(default="", repr=False)
    keyring: Keyring = field(default=None, repr=False)  # type: ignore[assignment]
    stored: Keyring = field(default=None, repr=False)  # type: ignore[assignment]
    version: str = ""
    root_key: bytes = field(default=b"", repr=False)
    unlockers: tuple[bytes, ...] = field(default=(), repr=False)
    full: bool = False
    """Whether the keyring has grown beyond its largest size, so that it stays on the server as it was."""

    async def sign_in(self) -> None:
        """Prove who this is without saying it; DrempelError `access-unknown` if the code belongs to nobody here."""
        answer = await self.connection.json("POST", "sign-in/challenge")
        try:
            challenge = unb64(answer.get("challenge"))
        except ValueError:
            raise ConnectionProblem("answer-damaged") from None
        signed = self.organisation.directory.organisation + challenge
        signature = signatures.sign(self.keys.login_seed, signatures.SIGN_IN, signed)
        body = {
            "login_key": b64(self.keys.login_key),
            "challenge": b64(challenge),
            "signature": b64(signature),
        }
        granted = await self.connection.json("POST", "sign-in", **json_body(body))
        token, recipient = granted.get("token"), granted.get("recipient")
        if not isinstance(token, str) or not isinstance(recipient, str) or not is_id(recipient):
            raise ConnectionProblem("answer-damaged")
        if not token.isascii() or not token.isprintable():
            # It goes into a header.
            raise ConnectionProblem("answer-damaged")
        if self.recipient not in ("", recipient):
            # One code is one person's; another name would make a colleague's words look like one's own.
            raise ConnectionProblem("answer-damaged")
        self.token, self.recipient = token, recipient

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request of this session; signs in again, once, when it has ended meanwhile."""
        try:
            return await self.connection.request(method, path, token=self.token, **options)
        except ConnectionProblem as problem:
            if problem.code != "sign-in-again":
                raise
        await self.sign_in()
        return await self.connection.request(method, path, token=self.token, **options)

    async def _read(self) -> Keyring:
        """The keyring on the server, opened; notes its version."""
        response = await self.request("GET", "inbox/keyring")
        sealed = parse_keyring(response.content)
        organisation = self.organisation.directory.organisation
        self.root_key = unlock_root_key(sealed, self.keys.unlocker, organisation, self.recipient)
        self.unlockers, self.version = sealed.unlockers, response.headers.get("ETag", "")
        if not self.version:
            raise ConnectionProblem("answer-damaged")
        return open_keyring(sealed, self.root_key, organisation, self.recipient)

    async def load(self) -> None:
        """Read the keyring, and hold the directory against what it notes."""
        self.keyring = self.stored = await self._read()
        if self.keyring.directory is not None:
            self.organisation.directory.check_seen([self.keyring.directory])

    async def save(self, random: Random) -> None:
        """Write the keyring if it changed; when another device was faster, merge with what it wrote."""
        for _ in range(MOST_TRIES):
            if self.keyring == self.stored:
                return
            directory = self.organisation.directory.organisation
            try:
                data = seal_keyring(self.keyring, self.root_key, self.unlockers, directory, random)
            except KeyringError:
                # Anybody can send that many reports: it must not keep the others from being read.
                self.full = True
                return
            headers = {"If-Match": self.version}
            response = await self.request(
                "PUT", "inbox/keyring", body=data, headers=headers, expected=(204, 412)
            )
            if response.status_code != 412:
                self.stored, self.version = self.keyring, response.headers.get("ETag", "")
                return
            # Also the way out when an earlier try arrived and its answer was lost: the merge changes nothing then.
            self.stored = await self._read()
            self.keyring = merge(self.keyring, self.stored)
        raise DrempelError("keyring-changed")


def json_body(value: Mapping[str, object]) -> dict[str, Any]:
    """Options of a request whose body is JSON."""
    return {"body": json.dumps(value).encode("ascii"), "headers": {"Content-Type": "application/json"}}


async def open_session(connection: Connection, organisation: Organisation, secret: bytes) -> Session:
    """Sign in with an access code (its 14 secret bytes) and open the keyring; DrempelError says why not."""
    session = Session(connection, organisation, access_keys(secret, organisation.directory.organisation))
    await session.sign_in()
    await session.load()
    return session


async def renew_statement(session: Session) -> None:
    """Announce the keys of last week, this one and the coming ones when that is due (PROTOCOL 10.6). The keyring notes
    it, unsaved.

    If another device is faster, its statement stands, and the next sign-in looks again.
    """
    organisation, keyring = session.organisation, session.keyring
    week, directory = week_of(organisation.day), organisation.directory
    if keyring.stated is not None and keyring.stated >= (week, directory.version):
        return
    served = organisation.statements.get(session.recipient)
    counter = 1 + max(keyring.counter, served.counter if served else 0)
    first_week = max(week - 1, keyring.ratchet.week)
    keys = keyring.ratchet.announced(first_week)
    statement = make_statement(
        directory.organisation,
        session.recipient,
        counter,
        directory.quote,
        first_week,
        keys,
        keyring.signing_seed,
    )
    body = {"statement": parse_object(statement), "keys": [b64(key) for key in keys]}
    try:
        await session.request("PUT", "inbox/statement", **json_body(body))
    except ConnectionProblem as problem:
        if problem.code == "conflict":
            return
        raise
    session.keyring = keyring.stating(counter, (week, directory.version), directory.quote)
