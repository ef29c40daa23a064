"""The pages: the static documents, and the files that they load."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from intake.service.http.routing import Routes, route
from intake.service.openapi.parts import described, found

_PAGE: Final = found("text/html", {})


class PageRoutes(Routes):
    """The routes `/static/`, `/slug/inbox` and `/slug/`. None redirects, which would need an absolute address.

    They come after all other routes, since a slug matches almost any path.
    """

    @route(
        "GET",
        "/static/{path:path}",
        described("A file of the pages", found("*/*", {}), ("not-found",), of_organisation=False),
    )
    async def file(self, request: Request) -> Response:
        """A style sheet, script or image."""
        return self.context.assets.respond(request, "/static/" + request.path_params["path"])

    @route("GET", "/{slug}/inbox", described("The recipients' page", _PAGE))
    async def inbox(self, request: Request) -> Response:
        """The document of the recipients' page."""
        return await self._shell(request, "/{slug}/inbox")

    @route("GET", "/{slug}/", described("The reporters' page", _PAGE))
    @route("GET", "/{slug}", described("The reporters' page", _PAGE))
    async def reporter(self, request: Request) -> Response:
        """The document of the reporters' page."""
        return await self._shell(request, "/{slug}/")

    async def _shell(self, request: Request, address: str) -> Response:
        await self.context.organisations.of(request)
        return self.context.assets.respond(request, address)
