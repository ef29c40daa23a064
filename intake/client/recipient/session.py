"""A recipient's session: sign in, open the keyring, keep both up to date (PROTOCOL 11.5, 12.7)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from crypto.public import signatures
from crypto.public.encoding import Random, b64, is_id, parse_object, unb64, week_of
from crypto.public.errors import DrempelError, KeyringError
from crypto.public.keyring_format import parse_keyring
from crypto.secret.codes import AccessKeys, access_keys
from crypto.secret.keyring import Keyring, merge_keyrings, open_keyring, seal_keyring, unlock_root_key
from crypto.secret.statement_sign import make_statement
from intake.client.connection import Connection, ConnectionProblem
from intake.client.organisation import Organisation

MOST_TRIES = 8


@dataclass
class SignedIn:
    """A recipient's sign-in, which is renewed when it has ended."""

    connection: Connection
    organisation: Organisation
    keys: AccessKeys = field(repr=False)
    recipient: str
    token: str = field(repr=False)

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request with the session's token; if the session has ended, sign in again, once."""
        try:
            return await self.connection.request(method, path, token=self.token, **options)
        except ConnectionProblem as problem:
            if problem.code != "sign-in-again":
                raise
        recipient, token = await _sign_in(self.connection, self.organisation, self.keys)
        if recipient != self.recipient:
            # One code is one person's; another name would make a colleague's words look like one's own.
            raise ConnectionProblem("answer-damaged")
        self.token = token
        return await self.connection.request(method, path, token=token, **options)


@dataclass
class Session(SignedIn):
    """A recipient who is signed in. `version` is that of the keyring on the server, whose content is `stored`."""

    keyring: Keyring = field(repr=False)
    stored: Keyring = field(repr=False)
    version: str
    root_key: bytes = field(repr=False)
    unlockers: tuple[bytes, ...] = field(repr=False)
    full: bool = False
    """Whether the keyring has grown beyond its largest size, so that it stays on the server as it was."""

    async def save(self, random: Random) -> None:
        """Write the keyring if it changed; when another device was faster, merge with what it wrote."""
        for _ in range(MOST_TRIES):
            if self.keyring == self.stored:
                return
            directory = self.organisation.directory.organisation
            try:
                data = seal_keyring(self.keyring, self.root_key, self.unlockers, directory, random)
            except KeyringError:
                # Any reporter can send that many reports: this must not keep the others from being read.
                self.full = True
                return
            headers = {"If-Match": self.version}
            response = await self.request(
                "PUT", "inbox/keyring", body=data, headers=headers, expected=(204, 412)
            )
            if response.status_code != 412:
                self.stored, self.version = self.keyring, response.headers.get("ETag", "")
                return
            # Also right when an earlier try was stored and its answer was lost: merging changes nothing then.
            found = await _read_keyring(self)
            self.root_key, self.unlockers, self.version = found.root_key, found.unlockers, found.version
            self.stored = found.keyring
            self.keyring = merge_keyrings(self.keyring, self.stored)
        raise DrempelError("keyring-changed")


async def _sign_in(connection: Connection, organisation: Organisation, keys: AccessKeys) -> tuple[str, str]:
    """The id of the recipient whose code this is, and a token; DrempelError `access-unknown` if there is none.

    The client proves who this is without saying it.
    """
    answer = await connection.json("POST", "sign-in/challenge")
    try:
        challenge = unb64(answer.get("challenge"))
    except ValueError:
        raise ConnectionProblem("answer-damaged") from None
    signed = organisation.directory.organisation + challenge
    signature = signatures.sign(keys.login_seed, signatures.SIGN_IN, signed)
    body = {"login_key": b64(keys.login_key), "challenge": b64(challenge), "signature": b64(signature)}
    granted = await connection.json("POST", "sign-in", **json_body(body))
    token, recipient = granted.get("token"), granted.get("recipient")
    if not isinstance(token, str) or not isinstance(recipient, str) or not is_id(recipient):
        raise ConnectionProblem("answer-damaged")
    if not token.isascii() or not token.isprintable():
        # It goes into a header.
        raise ConnectionProblem("answer-damaged")
    return recipient, token


@dataclass(frozen=True, repr=False)
class _StoredKeyring:
    """The keyring on the server, opened, with its version and what it is sealed again with."""

    keyring: Keyring
    version: str
    root_key: bytes
    unlockers: tuple[bytes, ...]


async def _read_keyring(session: SignedIn) -> _StoredKeyring:
    response = await session.request("GET", "inbox/keyring")
    sealed = parse_keyring(response.content)
    organisation = session.organisation.directory.organisation
    root_key = unlock_root_key(sealed, session.keys.unlocker, organisation, session.recipient)
    version = response.headers.get("ETag", "")
    if not version:
        raise ConnectionProblem("answer-damaged")
    keyring = open_keyring(sealed, root_key, organisation, session.recipient)
    return _StoredKeyring(keyring, version, root_key, sealed.unlockers)


def json_body(value: Mapping[str, object]) -> dict[str, Any]:
    """Options of a request whose body is JSON."""
    return {"body": json.dumps(value).encode("ascii"), "headers": {"Content-Type": "application/json"}}


async def open_session(connection: Connection, organisation: Organisation, secret: bytes) -> Session:
    """A session with an access code (its 14 secret bytes), its keyring opened; DrempelError says why not.

    The directory is held against the one that the keyring notes.
    """
    keys = access_keys(secret, organisation.directory.organisation)
    recipient, token = await _sign_in(connection, organisation, keys)
    signed_in = SignedIn(connection, organisation, keys, recipient, token)
    found = await _read_keyring(signed_in)
    if found.keyring.directory is not None:
        organisation.directory.check_seen([found.keyring.directory])
    return Session(
        connection,
        organisation,
        keys,
        recipient,
        signed_in.token,  # which may have been renewed
        keyring=found.keyring,
        stored=found.keyring,
        version=found.version,
        root_key=found.root_key,
        unlockers=found.unlockers,
    )


async def renew_statement(session: Session) -> None:
    """Announce the keys of last week, this week and the coming ones when that is due (PROTOCOL 10.6).

    The keyring notes it, but is not saved here. If another device is faster, its statement stands, and the next
    sign-in checks again.
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
