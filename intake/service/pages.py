"""The pages: a static shell, the same bytes for every organisation and on every instance of a release.

All of it is read and compressed once, at the start. So no path ever reaches the file system, and a file that changes
under a running service changes nothing.
"""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crypto.errors import DrempelError
from intake.assets import SHELLS, read_assets
from intake.service.compression import compress, respond
from intake.service.organisations import Organisations
from intake.service.routing import Handler, resource


class PageRoutes:
    """`/slug/`, `/slug/inbox` and `/static/`. No redirects: they would need an absolute address."""

    def __init__(self, organisations: Organisations, folder: Path) -> None:
        self._organisations = organisations
        self._served = {
            address: (compress(asset.content), asset.media_type)
            for asset in read_assets(folder).values()
            for address in asset.addresses
        }

    def routes(self) -> list[Route]:
        """The routes of this module. They come last: a slug matches almost anything."""
        shells = sorted((address for found in SHELLS.values() for address in found), reverse=True)
        return [
            resource("/static/{path:path}", GET=self.file),
            *(resource(address, GET=self._shell(address)) for address in shells),
        ]

    async def file(self, request: Request) -> Response:
        """A style sheet, a script, an image."""
        return self._respond(request, "/static/" + request.path_params["path"])

    def _shell(self, address: str) -> Handler:
        async def shell(request: Request) -> Response:
            await self._organisations.of(request)
            return self._respond(request, address)

        return shell

    def _respond(self, request: Request, address: str) -> Response:
        if address not in self._served:
            raise DrempelError("not-found")
        content, media_type = self._served[address]
        return respond(request, content, media_type)
