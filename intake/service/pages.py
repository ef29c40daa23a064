"""The pages: a static shell, the same bytes for every organisation and on every instance of a release.

All of it is read at the start. So no path ever reaches the file system, and a file that changes under a running service
changes nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crypto.errors import DrempelError
from intake.assets import SHELLS, read_assets
from intake.service.compression import compress, compress_further, respond
from intake.service.organisations import Organisations
from intake.service.routing import Handler, resource


class PageRoutes:
    """`/slug/`, `/slug/inbox` and `/static/`. No redirects: they would need an absolute address."""

    def __init__(self, organisations: Organisations, folder: Path) -> None:
        self._organisations = organisations
        self._assets = read_assets(folder)
        self._contents = {name: compress(asset.content) for name, asset in self._assets.items()}
        self._names = {address: name for name, asset in self._assets.items() for address in asset.addresses}

    def routes(self) -> list[Route]:
        """The routes of this module. They come last: a slug matches almost anything."""
        shells = sorted((address for found in SHELLS.values() for address in found), reverse=True)
        return [
            resource("/static/{path:path}", GET=self.file),
            *(resource(address, GET=self._shell(address)) for address in shells),
        ]

    @asynccontextmanager
    async def packing(self) -> AsyncIterator[None]:
        """Compress further beside the serving, until all is done or the block ends.

        Not before it, since that takes longer than all the rest of a start. Nor when somebody asks, since whoever asks
        next could tell from the clock that somebody had.
        """
        task = asyncio.create_task(self._pack(), name="packing")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _pack(self) -> None:
        # The small ones first, so that a stop waits for little.
        for name in sorted(self._contents, key=lambda name: len(self._contents[name].plain)):
            self._contents[name] = await asyncio.to_thread(compress_further, self._contents[name])

    async def file(self, request: Request) -> Response:
        """A style sheet, a script, an image."""
        return self._respond(request, "/static/" + request.path_params["path"])

    def _shell(self, address: str) -> Handler:
        async def shell(request: Request) -> Response:
            await self._organisations.of(request)
            return self._respond(request, address)

        return shell

    def _respond(self, request: Request, address: str) -> Response:
        if address not in self._names:
            raise DrempelError("not-found")
        name = self._names[address]
        return respond(request, self._contents[name], self._assets[name].media_type)
