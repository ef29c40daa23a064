"""Everything that goes wrong becomes a problem document (RFC 9457) with a code of PROTOCOL 15.

Nothing of the request is echoed: no path, no id, no parameter. Nothing of it is logged either; a fault of the
service itself leaves one sentence that names the line of code.
"""

import logging
import re
import traceback
from pathlib import Path
from typing import cast

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from crypto.encoding import write_object
from crypto.errors import ERRORS, DrempelError
from intake.store import (
    Conflict,
    Incomplete,
    MailboxFull,
    NotFound,
    StorageFull,
    StoreBusy,
    StoreError,
    StoreUnavailable,
    VersionMismatch,
)

MEDIA_TYPE = "application/problem+json"
SPOKEN_VERSION = "1"

log = logging.getLogger("drempel.service")

_OTHER_VERSION = re.compile(r"/[^/]+/api/([0-9]+)(?:/|\Z)")
_ROOT = Path(__file__).resolve().parents[2]

_STATUS_CODES = {
    400: "request-malformed",
    404: "not-found",
    405: "method-not-allowed",
    413: "body-too-large",
}
_STORE_CODES: dict[type[StoreError], str] = {
    Conflict: "conflict",
    Incomplete: "attachments-incomplete",
    MailboxFull: "mailbox-full",
    NotFound: "mailbox-unknown",
    StorageFull: "storage-full",
    StoreBusy: "server-busy",
    StoreUnavailable: "server-unavailable",
    VersionMismatch: "keyring-changed",
}
# Errors that PROTOCOL 15 gives no HTTP status, since elsewhere only a client meets them.
_SPOKEN_AS = {"directory-pin": "directory-signers", "directory-rolled-back": "directory-chain"}


class RequestRefused(DrempelError):
    """A request whose body was not read to its end, so that the connection can't be used again."""


def problem(code: str, detail: str = "", headers: dict[str, str] | None = None) -> Response:
    """The problem document of a code. `detail` must not hold anything that the client sent."""
    entry = ERRORS[code]
    document: dict[str, object] = {"status": entry.status, "title": entry.sentence, "code": code}
    if detail:
        document["detail"] = detail
    extra = dict(headers or {})
    if entry.status == 503:
        extra["retry-after"] = "1"
    if entry.status == 401:
        extra["www-authenticate"] = "Bearer"
    return Response(write_object(document), entry.status, extra, MEDIA_TYPE)


async def _drempel_error(_request: Request, error: Exception) -> Response:
    refused = cast(DrempelError, error)
    headers = {"connection": "close"} if isinstance(error, RequestRefused) else None
    if refused.status:
        return problem(refused.code, headers=headers)
    if refused.code in _SPOKEN_AS:
        return problem(_SPOKEN_AS[refused.code], headers=headers)
    return problem("request-malformed", ERRORS[refused.code].sentence, headers)


async def _store_error(request: Request, error: Exception) -> Response:
    for kind, code in _STORE_CODES.items():
        if isinstance(error, kind):
            return problem(code)
    return await _fault(request, error)


async def _http_exception(request: Request, error: Exception) -> Response:
    refused = cast(HTTPException, error)
    code = _STATUS_CODES.get(refused.status_code, "server-fault")
    if code == "method-not-allowed":
        # Starlette joins a set here, in an order that differs from process to process.
        allowed = sorted((refused.headers or {}).get("Allow", "").split(", "))
        return problem(code, headers={"allow": ", ".join(allowed)})
    other = _OTHER_VERSION.match(request.scope["path"])
    if code == "not-found" and other is not None and other[1] != SPOKEN_VERSION:
        return problem("unsupported-version")
    return problem(code)


async def _disconnected(_request: Request, _error: Exception) -> Response:
    """The body was cut off. Nobody is there to read this, but what is half-sent must not look like a fault."""
    return problem("request-malformed", headers={"connection": "close"})


async def _fault(_request: Request, error: Exception) -> Response:
    log.error("%s", fault_sentence(error))
    return problem("server-fault", headers={"connection": "close"})


def fault_sentence(error: BaseException) -> str:
    """Where a fault lies. Its message stays out: it may quote what a client sent."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(_ROOT):
            place = f"{path.relative_to(_ROOT)}, line {frame.lineno}"
            return f"A fault of the service: {type(error).__name__} in {place}."
    return f"A fault of the service: {type(error).__name__}."


HANDLERS: dict[int | type[Exception], ExceptionHandler] = {
    DrempelError: _drempel_error,
    StoreError: _store_error,
    HTTPException: _http_exception,
    ClientDisconnect: _disconnected,
    Exception: _fault,
}
