"""Whether the service works, for whoever watches it: a proxy, a monitor."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from crypto.public.errors import DrempelError
from intake.service.http.routing import Routes, answer_json, route
from intake.service.openapi.parts import described, found

_OK: Final = {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}}


class HealthRoutes(Routes):
    """The route `/health`, which comes before those of the pages: a slug would match it."""

    @route(
        "GET",
        "/health",
        described(
            "Whether a write could be committed in the last minute",
            found(
                "application/json",
                {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}},
            ),
            ("server-unavailable",),
            of_organisation=False,
        ),
    )
    async def health(self, request: Request) -> Response:  # noqa: ARG002 - as all routes
        """Tells of the last heartbeat and makes none, so that asking costs the disk nothing."""
        if not self.context.heartbeat.is_alive():
            raise DrempelError("server-unavailable")
        return answer_json({"status": "ok"})
