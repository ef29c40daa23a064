"""The description of the API, OpenAPI 3.1, served at `/api/1/openapi.json`.

Each operation is described beside its handler; this module puts the descriptions together.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from crypto.public.encoding import write_object
from intake.service.context import Context
from intake.service.http.routing import Routes, route
from intake.service.openapi.parts import (
    DSSE,
    JSON,
    SCHEMAS,
    SECURITY_SCHEMES,
    Json,
    described,
    found,
    path_parameters,
)

PATH: Final = "/api/1/openapi.json"


def document(kinds: Iterable[type[Routes]]) -> Json:
    """The OpenAPI document of a service with these routes, and of the route that serves it."""
    described_in: list[type[Routes]] = [DocumentRoutes, *kinds]
    paths: dict[str, Any] = {}
    for kind in described_in:
        for operation in kind.operations():
            path = operation.path.replace(":path}", "}")
            paths.setdefault(path, {})[operation.method.lower()] = operation.description
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


class DocumentRoutes(Routes):
    """Serves the document, which is made once."""

    def __init__(self, context: Context, kinds: Sequence[type[Routes]]) -> None:
        super().__init__(context)
        self._content = write_object(document(kinds))

    @route("GET", PATH, described("This document", found(JSON, {"type": "object"}), of_organisation=False))
    async def get(self, _request: Request) -> Response:
        """The document."""
        return Response(self._content, media_type=JSON)
