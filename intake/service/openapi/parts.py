"""Parts that the API's description uses repeatedly: schemas, parameters, answers."""

import re
from collections.abc import Iterable
from typing import Any, Final

from crypto.public.errors import ERRORS
from crypto.public.statement import WEEKS

Json = dict[str, Any]

JSON: Final = "application/json"
BYTES: Final = "application/octet-stream"
PROBLEM: Final = "application/problem+json"
DSSE: Final = "What is signed is a DSSE envelope, and is served as it came."

# From 1970 on.
_DAY: Final = r"^(19[7-9][0-9]|[2-9][0-9]{3})-[0-9]{2}-[0-9]{2}$"
# The last character of base64url without padding, when it stands for four or two bits.
_ONE, _TWO = "[A-Za-z0-9_-][AQgw]", "[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048]"
_ID: Final = r"^[a-z0-9-]{1,40}$"


def reference(name: str) -> Json:
    """A reference to a schema of `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def _b64(length: int | None = None) -> Json:
    """base64url without padding in its one spelling, of `length` bytes if that is given (PROTOCOL 1.2)."""
    if length is None:
        return {"type": "string", "pattern": f"^([A-Za-z0-9_-]{{4}})*({_ONE}|{_TWO})?$"}
    whole, rest = divmod(length, 3)
    return {"type": "string", "pattern": f"^[A-Za-z0-9_-]{{{4 * whole}}}{('', _ONE, _TWO)[rest]}$"}


def _object(**members: Json) -> Json:
    return {"type": "object", "required": list(members), "properties": members}


def _list(items: Json, **bounds: int) -> Json:
    return {"type": "array", "items": items, **bounds}


_NUMBER: Final[Json] = {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}
_NULL: Final[Json] = {"type": "null"}

SCHEMAS: Final[Json] = {
    "Day": {"type": "string", "format": "date", "pattern": _DAY},
    "Id": {"type": "string", "pattern": _ID},
    "Problem": {
        "type": "object",
        "required": ["status", "title", "code"],
        "properties": {
            "status": {"type": "integer", "enum": sorted({item.status for item in ERRORS.values()} - {0})},
            "title": {"type": "string"},
            "code": {"type": "string", "enum": [code for code, item in ERRORS.items() if item.status]},
            "detail": {"type": "string"},
        },
        "additionalProperties": False,
    },
    "Dsse": _object(
        payloadType={"type": "string"},
        payload=_b64(),
        signatures=_list(_object(keyid=_b64(32), sig=_b64(64)), maxItems=64),
    ),
    "Keys": _object(
        day=reference("Day"),
        week=_NUMBER,
        attachment_bytes=_NUMBER,
        recipients=_list(
            _object(
                recipient=reference("Id"),
                statement=reference("Dsse"),
                key={"anyOf": [_b64(1216), _NULL]},
            )
        ),
    ),
    "Challenge": _object(challenge=_b64()),
    "SignIn": _object(login_key=_b64(32), challenge=_b64(), signature=_b64(64)),
    "Session": _object(token=_b64(), recipient=reference("Id"), day=reference("Day")),
    "Days": _object(
        day=reference("Day"),
        days=_list(_object(day=reference("Day"), envelopes=_NUMBER, bytes=_NUMBER)),
    ),
    "StoredChunks": _object(stored=_list(_list(_NUMBER, minItems=2, maxItems=2))),
    "StatementWithKeys": _object(
        statement=reference("Dsse"), keys=_list(_b64(1216), minItems=WEEKS, maxItems=WEEKS)
    ),
}

SECURITY_SCHEMES: Final[Json] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A capability of the mailbox or blob, 32 bytes as b64.",
    },
    "session": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of a sign-in; it ends after 30 minutes.",
    },
}

TOKEN: Final[list[Json]] = [{"token": []}]
SESSION: Final[list[Json]] = [{"session": []}]
STORED: Final[Json] = {"204": {"description": "Stored, now or before: a retry is answered as the first try."}}
BODY_CODES: Final = ("request-malformed", "body-too-large", "server-busy")

_PATH_SCHEMAS: Final[Json] = {
    "slug": reference("Id"),
    "mailbox": _b64(32),
    "envelope": _b64(16),
    "blob": _b64(32),
    "number": {"type": "integer", "minimum": 0, "maximum": 99_999},
    "day": reference("Day"),
    "path": {"type": "string", "minLength": 1},
}


def path_parameters(path: str) -> list[Json]:
    """The parameters that a path's template names."""
    return [
        {"name": name, "in": "path", "required": True, "schema": _PATH_SCHEMAS[name]}
        for name in re.findall(r"{(\w+)}", path)
    ]


def body(media_type: str, limit: int, schema: Json | None = None) -> Json:
    """A request body of at most `limit` bytes."""
    if media_type == BYTES:
        schema = {**(schema or {}), "maxLength": limit}
    return {
        "description": f"At most {limit} bytes.",
        "required": True,
        "content": {media_type: {"schema": schema or {}}},
    }


def found(media_type: str, schema: Json) -> Json:
    """The answer 200 of an operation."""
    return {"200": {"description": "As asked.", "content": {media_type: {"schema": schema}}}}


def header(name: str, description: str, pattern: str) -> Json:
    """A response header that is always present."""
    schema = {"type": "string", "pattern": pattern}
    return {name: {"description": description, "required": True, "schema": schema}}


def problems(codes: Iterable[str]) -> Json:
    """One response per status, which lists its codes."""
    by_status: dict[int, list[str]] = {}
    for code in sorted(set(codes)):
        by_status.setdefault(ERRORS[code].status, []).append(code)
    return {
        str(status): {
            "description": " ".join(f"`{code}`: {ERRORS[code].sentence}" for code in named),
            "content": {
                PROBLEM: {
                    "schema": {"allOf": [reference("Problem"), {"properties": {"code": {"enum": named}}}]}
                }
            },
        }
        for status, named in sorted(by_status.items())
    }


def described(
    summary: str, answers: Json, codes: Iterable[str] = (), *, of_organisation: bool = True, **more: Any
) -> Json:
    """The description of an operation. Any may meet a fault; one of an organisation may miss that, or the store."""
    always = ["server-fault"]
    if of_organisation:
        always += ["organisation-unknown", "server-unavailable"]
    return {"summary": summary, **more, "responses": {**answers, **problems([*codes, *always])}}
