"""The description of the API, OpenAPI 3.1, served at `/api/1/openapi.json`. Kept by hand; tests hold it to the code.

`described(...)` is one operation: what it takes, what it answers, and each code of PROTOCOL 15 it may answer with.
"""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crypto.claims import LONGEST_CLAIMS
from crypto.encoding import write_object
from crypto.errors import ERRORS
from crypto.wire import CONVERSATION_BODY_LIMIT, CREATION_LENGTH, OPENING_BODY_LIMIT
from intake.service.directory import DIRECTORY_LIMIT
from intake.service.openapi_blobs import blobs
from intake.service.openapi_parts import (
    BODY_CODES,
    BYTES,
    DSSE,
    JSON,
    SCHEMAS,
    SECURITY_SCHEMES,
    STORED,
    TOKEN,
    Json,
    body,
    described,
    found,
    header,
    path_parameters,
    reference,
)
from intake.service.recipients import KEYRING_LIMIT, STATEMENT_LIMIT
from intake.service.routing import API, resource
from intake.service.sign_in import SIGN_IN_LIMIT

PATH: Final = "/api/1/openapi.json"

_SESSION: Final[list[Json]] = [{"session": []}]
_ENVELOPE_CODES: Final = (*BODY_CODES, "not-found", "envelope-header", "envelope-suite", "conflict")
_DIRECTORY_CODES: Final = tuple(
    code for code, entry in ERRORS.items() if entry.layer == "directory" and entry.status
)
_ETAG: Final = header("ETag", "The keyring's version, in quotes.", '^"[0-9]+"$')


def _public() -> Json:
    return {
        API + "directory": {
            "get": described(
                "The signed directory, byte for byte as published",
                found(JSON, reference("Dsse")),
            ),
            "put": described(
                "Publish the next version of the directory. Its signatures say who may",
                STORED,
                (*BODY_CODES, *_DIRECTORY_CODES),
                requestBody=body(JSON, DIRECTORY_LIMIT, reference("Dsse")),
            ),
        },
        API + "keys": {
            "get": described(
                "All recipients' statements and keys of this week", found(JSON, reference("Keys"))
            ),
        },
    }


def _mailboxes() -> Json:
    return {
        API + "mailboxes/{mailbox}/opening/{envelope}": {
            "put": described(
                "Make a mailbox: creation record || claims || opening envelope",
                STORED,
                (*_ENVELOPE_CODES, "envelope-week", "attachments-incomplete"),
                requestBody=body(BYTES, OPENING_BODY_LIMIT + LONGEST_CLAIMS, {"minLength": CREATION_LENGTH}),
            ),
        },
        API + "mailboxes/{mailbox}/envelopes/{envelope}": {
            "put": described(
                "Add a conversation envelope, with the write token: claims || envelope",
                STORED,
                (*_ENVELOPE_CODES, "mailbox-unknown", "mailbox-full", "attachments-incomplete"),
                requestBody=body(BYTES, CONVERSATION_BODY_LIMIT + LONGEST_CLAIMS),
                security=TOKEN,
            ),
        },
        API + "mailboxes/{mailbox}": {
            "get": described(
                "All of a mailbox, with the read token; as many random bytes for anybody else",
                found(BYTES, {"minLength": 65536}),
                ("not-found", "server-busy"),
                security=[{}, *TOKEN],
            ),
            "delete": described(
                "Erase a mailbox, with the delete token",
                {"204": {"description": "Erased."}},
                ("not-found", "mailbox-unknown", "server-busy"),
                security=TOKEN,
            ),
        },
    }


def _sign_in() -> Json:
    return {
        API + "sign-in/challenge": {
            "post": described("What to sign", found(JSON, reference("Challenge"))),
        },
        API + "sign-in": {
            "post": described(
                "A session for the recipient whose login key signed the challenge",
                found(JSON, reference("Session")),
                (*BODY_CODES, "access-unknown", "sign-in-again"),
                requestBody=body(JSON, SIGN_IN_LIMIT, reference("SignIn")),
            ),
        },
    }


def _inbox() -> Json:
    since = {
        "name": "from",
        "in": "query",
        "description": "The first day to list; without it, all.",
        "schema": reference("Day"),
    }
    return {
        API + "inbox/mailboxes": {
            "get": described(
                "The ids of all mailboxes, 32 bytes each, in ascending order",
                found(BYTES, {}),
                ("sign-in-again",),
                security=_SESSION,
            ),
        },
        API + "inbox/days": {
            "get": described(
                "What lies on each day, and the server's day",
                found(JSON, reference("Days")),
                ("sign-in-again", "request-malformed"),
                security=_SESSION,
                parameters=[since],
            ),
        },
        API + "inbox/days/{day}": {
            "get": described(
                "All envelopes of one day, ended by a mark (PROTOCOL 12.5)",
                found(BYTES, {"minLength": 36}),
                ("sign-in-again", "not-found"),
                security=_SESSION,
            ),
        },
        API + "inbox/keyring": {"get": _get_keyring(), "put": _put_keyring()},
        API + "inbox/statement": {
            "put": described(
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
                security=_SESSION,
            ),
        },
    }


def _get_keyring() -> Json:
    answer = found(BYTES, {})
    answer["200"]["headers"] = _ETAG
    return described(
        "The recipient's own keyring",
        answer,
        ("sign-in-again", "not-found", "server-busy"),
        security=_SESSION,
    )


def _put_keyring() -> Json:
    conditions = [
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
    return described(
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
        security=_SESSION,
        parameters=conditions,
    )


def _pages() -> Json:
    page = found("text/html", {})
    return {
        PATH: {
            "get": described("This document", found(JSON, {"type": "object"}), of_organisation=False),
        },
        "/static/{path}": {
            "get": described("A file of the pages", found("*/*", {}), ("not-found",), of_organisation=False),
        },
        "/{slug}/inbox": {"get": described("The recipients' page", page)},
        "/{slug}/": {"get": described("The reporters' page", page)},
        "/{slug}": {"get": described("The reporters' page", page)},
    }


def document() -> Json:
    """The whole document."""
    paths: dict[str, Any] = {**_public(), **_mailboxes(), **blobs(), **_sign_in(), **_inbox(), **_pages()}
    for path, item in paths.items():
        if parameters := path_parameters(path):
            item["parameters"] = parameters
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Drempel",
            "version": "1",
            "summary": "Anonymous whistleblower intake: the server is blind.",
            "description": "Envelopes, tokens and documents are those of crypto/PROTOCOL.md. " + DSSE,
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        },
        "paths": paths,
        "components": {"schemas": SCHEMAS, "securitySchemes": SECURITY_SCHEMES},
    }


def document_route() -> Route:
    """Serves the document, made once."""
    content = write_object(document())

    async def get(_request: Request) -> Response:
        return Response(content, media_type=JSON)

    return resource(PATH, GET=get)
