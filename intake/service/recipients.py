"""What a recipient keeps here of their own: the sealed keyring, and the statement of coming keys (PROTOCOL 10, 11)."""

import re
from collections.abc import Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crypto.encoding import b64, parse_object, unb64, week_of, write_object
from crypto.errors import DrempelError, KeyringError
from crypto.signatures import read_dsse
from crypto.statement import PUBLIC_KEY_LENGTH, WEEKS, accept_statement
from crypto.wire import KEYRING, SUITE, TAG_LENGTH
from intake.service.directory import published
from intake.service.limits import Bodies, BoundedAnswer, Budget
from intake.service.routing import API, no_content, resource
from intake.service.sign_in import SignInRoutes
from intake.store import Store, VersionMismatch

KEYRING_LIMIT: Final = 34 * 1024 * 1024
STATEMENT_LIMIT: Final = 128 * 1024
UNLOCKER_LENGTH: Final = 81
SALT_LENGTH: Final = 32
KEYRING_SIZES: Final = tuple(256 * 1024 << n for n in range(8))

_VERSION = re.compile(r'"([1-9][0-9]{0,15})"')


class RecipientRoutes:
    """`GET` and `PUT inbox/keyring`, `PUT inbox/statement` (PROTOCOL 12.2)."""

    def __init__(
        self,
        store: Store,
        sign_in: SignInRoutes,
        bodies: Bodies,
        answers: Budget,
        today: Callable[[], int],
    ) -> None:
        self._store = store
        self._sign_in = sign_in
        self._bodies = bodies
        self._answers = answers
        self._today = today

    def routes(self) -> list[Route]:
        """The routes of this module."""
        return [
            resource(API + "inbox/keyring", GET=self.keyring, PUT=self.put_keyring),
            resource(API + "inbox/statement", PUT=self.put_statement),
        ]

    async def keyring(self, request: Request) -> Response:
        """The recipient's own keyring, with its version."""
        organisation, recipient = await self._sign_in.session(request)
        stored = await self._store.keyring(organisation.id, recipient)
        if stored is None:
            raise DrempelError("not-found")
        answer = BoundedAnswer(stored[1], self._answers)
        answer.headers["etag"] = _etag(stored[0])
        return answer

    async def put_keyring(self, request: Request) -> Response:
        """Replace the keyring, if it is still the one that the client has read."""
        organisation, recipient = await self._sign_in.session(request)
        expected = _expected_version(request)
        data = await self._bodies.read(request, KEYRING_LIMIT)
        check_keyring(data)
        try:
            version = await self._store.put_keyring(organisation.id, recipient, expected, data)
        except VersionMismatch:
            # A retry of what was stored before its answer was lost is answered as the first was.
            stored = await self._store.keyring(organisation.id, recipient)
            if stored != (expected + 1, data):
                raise
            version = expected + 1
        return no_content(etag=_etag(version))

    async def put_statement(self, request: Request) -> Response:
        """Announce the keys of 26 weeks. It is checked here, since reporters would be the ones to notice."""
        organisation, recipient = await self._sign_in.session(request)
        value, keys = _parse_statement(await self._bodies.read(request, STATEMENT_LIMIT))
        directory = await self._store.directory(organisation.id)
        if directory is None:
            raise DrempelError("organisation-unknown")
        current = published(directory)
        statement = accept_statement(value, current, recipient)
        # By quoting a version that there is not, one recipient could make everybody refuse the directory.
        current.check_seen([statement.directory])
        weeks = range(statement.first_week, statement.first_week + WEEKS)
        week_keys = {week: statement.check_key(week, key) for week, key in zip(weeks, keys, strict=True)}
        # Last week's stay a little: a client's day may be two days behind.
        before = week_of(self._today()) - 1
        await self._store.put_statement(
            organisation.id, recipient, statement.counter, _compact(value), week_keys, before
        )
        return no_content()


def check_keyring(data: bytes) -> None:
    """Header and length of PROTOCOL 11.1. Raises `keyring-format`, `keyring-suite`."""
    if len(data) < 3:
        raise KeyringError("keyring-format")
    if data[0] != SUITE:
        raise KeyringError("keyring-suite")
    body = len(data) - 3 - UNLOCKER_LENGTH * data[2] - SALT_LENGTH
    if data[1] != KEYRING or data[2] == 0 or body - TAG_LENGTH not in KEYRING_SIZES:
        raise KeyringError("keyring-format")


def _parse_statement(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    try:
        body = parse_object(data)
        value, keys = body.get("statement"), body.get("keys")
        if not isinstance(value, dict) or not isinstance(keys, list) or len(keys) != WEEKS:
            raise ValueError("not a statement with its keys")
        return value, [unb64(key, PUBLIC_KEY_LENGTH) for key in keys]
    except ValueError:
        raise DrempelError("request-malformed") from None


def _compact(value: dict[str, Any]) -> bytes:
    """The DSSE envelope without anything that PROTOCOL 2.7 does not name. What is signed, its payload, is untouched."""
    dsse = read_dsse(value)
    signed = [{"keyid": b64(key), "sig": b64(signature)} for key, signature in dsse.signatures]
    return write_object({"payloadType": dsse.type, "payload": b64(dsse.payload), "signatures": signed})


def _etag(version: int) -> str:
    return f'"{version}"'


def _expected_version(request: Request) -> int:
    """The version to replace, 0 for none. Raises `precondition-required`, `request-malformed`."""
    match, none_match = request.headers.get("if-match"), request.headers.get("if-none-match")
    if match is None and none_match is None:
        raise DrempelError("precondition-required")
    if match is None:
        if none_match != "*":
            raise DrempelError("request-malformed")
        return 0
    version = _VERSION.fullmatch(match)
    if version is None or none_match is not None:
        raise DrempelError("request-malformed")
    return int(version[1])
