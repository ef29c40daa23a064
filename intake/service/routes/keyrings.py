"""A recipient's own data: the sealed keyring, and the statement of coming keys (PROTOCOL 10, 11)."""

import re
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from crypto.public.encoding import b64, parse_object, unb64, week_of, write_object
from crypto.public.errors import DrempelError
from crypto.public.keyring_format import parse_keyring
from crypto.public.limits import PUBLIC_KEY_LENGTH
from crypto.public.signatures import read_dsse
from crypto.public.statement import WEEKS, accept_statement
from intake.service.http.budgets import BoundedAnswer
from intake.service.http.routing import API, Routes, no_content, route
from intake.service.openapi.parts import (
    BODY_CODES,
    BYTES,
    JSON,
    SESSION,
    STORED,
    Json,
    body,
    described,
    found,
    header,
    reference,
)
from intake.service.routes.directory import published
from intake.service.routes.sign_in import session
from intake.store import VersionMismatch

KEYRING_LIMIT: Final = 34 * 1024 * 1024
STATEMENT_LIMIT: Final = 128 * 1024

_VERSION = re.compile(r'"([1-9][0-9]{0,15})"')

_ETAG: Final = header("ETag", "The keyring's version, in quotes.", '^"[0-9]+"$')
_CONDITIONS: Final[list[Json]] = [
    {
        "name": "If-Match",
        "in": "header",
        "description": "The version read.",
        "schema": {"type": "string", "pattern": '^"[1-9][0-9]{0,15}"$'},
    },
    {
        "name": "If-None-Match",
        "in": "header",
        "description": "For the first keyring.",
        "schema": {"const": "*"},
    },
]


class KeyringRoutes(Routes):
    """`GET` and `PUT inbox/keyring`, `PUT inbox/statement` (PROTOCOL 12.2)."""

    @route(
        "GET",
        API + "inbox/keyring",
        described(
            "The recipient's own keyring",
            {"200": {**found(BYTES, {})["200"], "headers": _ETAG}},
            ("sign-in-again", "not-found", "server-busy"),
            security=SESSION,
        ),
    )
    async def keyring(self, request: Request) -> Response:
        """The recipient's own keyring, with its version."""
        organisation, recipient = await session(self.context, request)
        stored = await self.context.store.keyring(organisation.id, recipient)
        if stored is None:
            raise DrempelError("not-found")
        answer = BoundedAnswer(stored[1], self.context.answers)
        answer.headers["etag"] = _etag(stored[0])
        return answer

    @route(
        "PUT",
        API + "inbox/keyring",
        described(
            "Replace the keyring, if it is still the one read",
            {"204": {"description": "Stored.", "headers": _ETAG}},
            (
                *BODY_CODES,
                "sign-in-again",
                "keyring-format",
                "keyring-suite",
                "keyring-changed",
                "precondition-required",
            ),
            requestBody=body(BYTES, KEYRING_LIMIT),
            security=SESSION,
            parameters=_CONDITIONS,
        ),
    )
    async def put_keyring(self, request: Request) -> Response:
        """Replace the keyring, if it is still the one that the client has read."""
        organisation, recipient = await session(self.context, request)
        expected = _expected_version(request)
        data = await self.context.bodies.read(request, KEYRING_LIMIT)
        parse_keyring(data)
        try:
            version = await self.context.store.put_keyring(organisation.id, recipient, expected, data)
        except VersionMismatch:
            # The first try was stored and its answer was lost: a retry gets the same answer.
            stored = await self.context.store.keyring(organisation.id, recipient)
            if stored != (expected + 1, data):
                raise
            version = expected + 1
        return no_content(etag=_etag(version))

    @route(
        "PUT",
        API + "inbox/statement",
        described(
            "Announce the keys of 26 weeks",
            STORED,
            (
                *BODY_CODES,
                "sign-in-again",
                "statement-format",
                "statement-signature",
                "statement-key",
                "directory-chain",
                "conflict",
            ),
            requestBody=body(JSON, STATEMENT_LIMIT, reference("StatementWithKeys")),
            security=SESSION,
        ),
    )
    async def put_statement(self, request: Request) -> Response:
        """Announce the keys of 26 weeks. The server checks them, since only reporters would notice an error."""
        organisation, recipient = await session(self.context, request)
        value, keys = _parse_statement(await self.context.bodies.read(request, STATEMENT_LIMIT))
        directory = await self.context.store.directory(organisation.id)
        if directory is None:
            raise DrempelError("organisation-unknown")
        current = published(directory)
        statement = accept_statement(value, current, recipient)
        # By quoting a version that does not exist, one recipient could make all clients refuse the directory.
        current.check_seen([statement.directory])
        weeks = range(statement.first_week, statement.first_week + WEEKS)
        week_keys = {week: statement.check_key(week, key) for week, key in zip(weeks, keys, strict=True)}
        # Last week's keys are kept: a client's day may be two days behind.
        before = week_of(self.context.days.believed()) - 1
        await self.context.store.put_statement(
            organisation.id, recipient, statement.counter, _compact(value), week_keys, before
        )
        return no_content()


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
    """The DSSE envelope without members that PROTOCOL 2.7 does not name. The signed payload is unchanged."""
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
