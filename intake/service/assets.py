"""Serves the files of the pages from memory: the same bytes for every organisation and on every instance of a release.

All files are read at the start. So no path from a request reaches the file system, and a file that changes under a
running service changes nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from crypto.public.errors import DrempelError
from intake.assets import NOT_FOUND, UNAVAILABLE, read_assets
from intake.service.http.compression import compress, compress_further, respond
from intake.service.jobs.background import background


@cache
def assets_of(folder: Path) -> "Assets":
    """The files of a folder, read and compressed once in a process. Raises OSError if that fails."""
    return Assets(folder)


class Assets:
    """Holds each file as it is and compressed, and answers with it."""

    def __init__(self, folder: Path) -> None:
        """Reads the files of `folder`. Raises OSError if that fails."""
        self._assets = read_assets(folder)
        self._contents = {name: compress(asset.content) for name, asset in self._assets.items()}
        self._unpacked = set(self._contents)
        self._names = {address: name for name, asset in self._assets.items() for address in asset.addresses}

    @asynccontextmanager
    async def packing(self) -> AsyncIterator[None]:
        """Compress the files further in the background, until all are done or the block ends.

        Not before serving, since it takes longer than the rest of a start. Nor at the first request, since the next
        client could tell from the time that there had been one.
        """
        async with background(self._pack(), "packing"):
            yield

    async def _pack(self) -> None:
        # Small files first, so that a stop waits for little.
        for name in sorted(self._unpacked, key=lambda name: len(self._contents[name].plain)):
            self._contents[name] = await asyncio.to_thread(compress_further, self._contents[name])
            self._unpacked.discard(name)

    def respond(self, request: Request, address: str) -> Response:
        """The answer with the file of an address as `intake.assets` writes it. Raises `not-found`."""
        if address not in self._names:
            raise DrempelError("not-found")
        return self._respond(request, self._names[address])

    def refusal(self, request: Request, status: int) -> Response | None:
        """The document that says a status to a person; None if there is none for it."""
        name = NOT_FOUND if status == 404 else UNAVAILABLE if status >= 500 else None
        if name is None:
            return None
        response = self._respond(request, name)
        response.status_code = status
        return response

    def _respond(self, request: Request, name: str) -> Response:
        return respond(request, self._contents[name], self._assets[name].media_type)
