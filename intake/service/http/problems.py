"""Turns every error into a problem document (RFC 9457) with a code of PROTOCOL 15.

Only a person who opens an address where there is nothing, or while the service fails, gets a page.

No part of the request is echoed: no path, no id, no parameter. None is logged either; a fault of the service itself
is logged as one sentence that names the line of code.
"""

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Final, cast

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from crypto.public.encoding import write_object
from crypto.public.errors import ERRORS, DrempelError
from intake.faults import fault_place
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

_Handler = Callable[[Request, Exception], Awaitable[Response]]

_OTHER_VERSION = re.compile(r"/[^/]+/api/([0-9]+)(?:/|\Z)")

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
# Headers that a page for a person takes over from the problem document.
_OF_THE_STATUS: Final = ("connection", "retry-after")
# Errors that PROTOCOL 15 gives no HTTP status, since elsewhere only a client meets them.
_SPOKEN_AS = {"directory-pin": "directory-signers", "directory-rolled-back": "directory-chain"}


class RequestRefused(DrempelError):
    """A refusal before the request's body was read to its end, so that the connection can't be used again."""


def problem(code: str, detail: str = "", headers: dict[str, str] | None = None) -> Response:
    """The problem document of a code. `detail` must not contain the client's data."""
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
    """Answer a request whose body was cut off. The client is gone, but this must not be logged as a fault."""
    return problem("request-malformed", headers={"connection": "close"})


async def _fault(_request: Request, error: Exception) -> Response:
    log.error("%s", fault_sentence(error))
    return problem("server-fault", headers={"connection": "close"})


def fault_sentence(error: BaseException) -> str:
    """The message that is logged for a fault: its place in the code, without the client's data."""
    return f"A fault of the service: {fault_place(error)}."


_HANDLERS: Final = {
    DrempelError: _drempel_error,
    StoreError: _store_error,
    HTTPException: _http_exception,
    ClientDisconnect: _disconnected,
    Exception: _fault,
}


def handlers(
    document: Callable[[Request, int], Response | None],
) -> dict[int | type[Exception], ExceptionHandler]:
    """The handlers of all exceptions. `document` gives the page of a status, for a person."""

    def with_documents(handler: _Handler) -> _Handler:
        async def handle(request: Request, error: Exception) -> Response:
            answer = await handler(request, error)
            page = document(request, answer.status_code) if _is_for_a_person(request) else None
            if page is None:
                return answer
            page.headers.update(
                {name: answer.headers[name] for name in _OF_THE_STATUS if name in answer.headers}
            )
            return page

        return handle

    return {kind: with_documents(handler) for kind, handler in _HANDLERS.items()}


def _is_for_a_person(request: Request) -> bool:
    """Whether a browser opens the address as a page: no program that speaks to the API asks for HTML."""
    return request.method in ("GET", "HEAD") and "text/html" in request.headers.get("accept", "")
