"""Holds every response that any test here provokes against the API's description."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Match

from intake.service.app import ROUTES
from intake.service.openapi.document import document

_PATHS: dict[str, Any] = document(ROUTES)["paths"]


def checker(app: Starlette) -> Callable[[httpx.Response], Awaitable[None]]:
    """An httpx hook that fails for a status, media type or code that the document does not name."""

    async def check(response: httpx.Response) -> None:
        await response.aread()
        request = response.request
        scope = {"type": "http", "path": request.url.path, "method": request.method}
        matched = [route for route in app.routes if route.matches(scope)[0] is Match.FULL]
        if matched:
            path = matched[0].path_format  # type: ignore[attr-defined]
            # HTTP itself describes HEAD, by GET.
            method = "get" if request.method == "HEAD" else request.method.lower()
            _check(_PATHS[path][method], response)

    return check


def _check(operation: dict[str, Any], response: httpx.Response) -> None:
    answers = operation["responses"]
    assert str(response.status_code) in answers, f"{response.status_code} is not described"
    described = answers[str(response.status_code)]
    content = described.get("content")
    if content is None:
        assert response.content == b""
        return
    media_type = response.headers["content-type"].partition(";")[0]
    is_refused = response.status_code == 404 or response.status_code >= 500
    if is_refused and response.request.method in ("GET", "HEAD") and media_type == "text/html":
        return  # for a person, who reads no description
    assert media_type in content or "*/*" in content
    if media_type == "application/problem+json" and response.request.method != "HEAD":
        codes = content[media_type]["schema"]["allOf"][1]["properties"]["code"]["enum"]
        assert response.json()["code"] in codes, f"{response.json()['code']} is not described"
    for name, wanted in described.get("headers", {}).items():
        assert not wanted["required"] or name in response.headers
