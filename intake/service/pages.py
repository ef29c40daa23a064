"""The pages: a static shell, the same bytes for every organisation and on every instance of a release.

All of it is read once, at the start. So no path ever reaches the file system, and a file that changes under a
running service changes nothing.
"""

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crypto.errors import DrempelError
from intake.service.organisations import Organisations
from intake.service.routing import Handler, resource

MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


def read_files(folder: Path) -> dict[str, tuple[bytes, str]]:
    """(bytes, media type) of each file under `folder` that a browser may ask for, by its path in there."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), MEDIA_TYPES[path.suffix])
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in MEDIA_TYPES
    }


class PageRoutes:
    """`/slug/`, `/slug/inbox` and `/static/`. No redirects: they would need an absolute address."""

    def __init__(self, organisations: Organisations, folder: Path) -> None:
        self._organisations = organisations
        self._files = read_files(folder)

    def routes(self) -> list[Route]:
        """The routes of this module. They come last: a slug matches almost anything."""
        return [
            resource("/static/{path:path}", GET=self.file),
            resource("/{slug}/inbox", GET=self._shell("inbox.html")),
            resource("/{slug}/", GET=self._shell("index.html")),
            resource("/{slug}", GET=self._shell("index.html")),
        ]

    async def file(self, request: Request) -> Response:
        """A style sheet, a script, an image."""
        return self._respond(request.path_params["path"])

    def _shell(self, name: str) -> Handler:
        async def shell(request: Request) -> Response:
            await self._organisations.of(request)
            return self._respond(name)

        return shell

    def _respond(self, name: str) -> Response:
        if name not in self._files:
            raise DrempelError("not-found")
        content, media_type = self._files[name]
        # As a header and not as `media_type`, to which Starlette would add a second charset.
        return Response(content, headers={"content-type": media_type})
