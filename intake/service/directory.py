"""The public part: the signed directory and the keys of this week (PROTOCOL 9, 10)."""

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crypto.directory import Directory, accept_directory
from crypto.encoding import b64, day_number, day_text, parse_object, week_of, write_object
from crypto.errors import DirectoryError, DrempelError
from crypto.signatures import parse_dsse
from intake.service.compression import PublicAnswers
from intake.service.limits import Bodies
from intake.service.organisations import Organisations
from intake.service.routing import API, no_content, resource
from intake.service.settings import Settings
from intake.store import Conflict, Organisation, Store

JSON: Final = "application/json"
DIRECTORY_LIMIT: Final = 1024 * 1024
# Anybody may offer a directory, and checking one that is made for it takes a second: one at a time, a few wait.
CHECKS_WAITING: Final = 8


def published(data: bytes) -> Directory:
    """A directory that the store holds: it was accepted when it came, and may have expired since."""
    issued = parse_object(parse_dsse(data).payload)["issued"]
    return accept_directory(data, day_number(issued))


class DirectoryRoutes:
    """`GET` and `PUT directory`, `GET keys` (PROTOCOL 12.2)."""

    def __init__(
        self,
        store: Store,
        organisations: Organisations,
        bodies: Bodies,
        settings: Settings,
        today: Callable[[], int],
    ) -> None:
        self._store = store
        self._organisations = organisations
        self._bodies = bodies
        self._attachment_bytes = settings.attachment_bytes
        self._today = today
        self._checking = asyncio.Semaphore(1)
        self._checks = 0
        self._answers = PublicAnswers()

    def routes(self) -> list[Route]:
        """The routes of this module."""
        return [
            resource(API + "directory", GET=self.get, PUT=self.put),
            resource(API + "keys", GET=self.keys),
        ]

    async def get(self, request: Request) -> Response:
        """The newest directory, byte for byte as it was signed."""
        organisation = await self._organisations.of(request)
        newest = await self._newest(organisation)
        return await self._answers.respond(request, (organisation.id, "directory"), newest, JSON)

    async def put(self, request: Request) -> Response:
        """Publish the next version. Who may is decided by the signatures in it alone."""
        organisation = await self._organisations.of(request)
        data = await self._bodies.read(request, DIRECTORY_LIMIT)
        stored = await self._newest(organisation)
        if data != stored:
            offered = await self._check(data, stored)
            if offered.content["slug"] != organisation.slug:
                raise DirectoryError("directory-format")
            days = offered.content["policy"]["retention_days"]
            try:
                await self._store.put_directory(organisation.id, offered.version, data, days, offered.slots)
            except Conflict:
                raise DirectoryError("directory-chain") from None
            await self._organisations.refresh(organisation.slug)
        return no_content()

    async def _check(self, data: bytes, stored: bytes) -> Directory:
        if self._checks >= CHECKS_WAITING:
            raise DrempelError("server-busy")
        self._checks += 1
        try:
            async with self._checking:
                # A megabyte of JSON takes long enough for other requests to notice.
                return await asyncio.to_thread(self._successor, data, stored)
        finally:
            self._checks -= 1

    def _successor(self, data: bytes, stored: bytes) -> Directory:
        present = published(stored)
        offered = accept_directory(data, self._today(), pin=present.organisation, seen=[present.quote])
        if offered.version != present.version + 1:
            raise DirectoryError("directory-chain")
        return offered

    async def keys(self, request: Request) -> Response:
        """This week's keys of the whole organisation, so that no request names a channel, and the largest file."""
        organisation = await self._organisations.of(request)
        day = self._today()
        rows = await self._store.statements(organisation.id, week_of(day))
        # A statement goes out as it is stored; only what is around it is written here.
        recipients = b",".join(
            b'{"recipient":%b,"statement":%b,"key":%b}'
            % (_json(recipient), statement, b"null" if key is None else _json(b64(key)))
            for recipient, statement, key in rows
        )
        head = write_object(
            {"day": day_text(day), "week": week_of(day), "attachment_bytes": self._attachment_bytes}
        )[:-1]
        keys = head + b',"recipients":[%b]}' % recipients
        return await self._answers.respond(request, (organisation.id, "keys"), keys, JSON)

    async def _newest(self, organisation: Organisation) -> bytes:
        data = await self._store.directory(organisation.id)
        if data is None:
            raise DrempelError("organisation-unknown")
        return data


def _json(text: str) -> bytes:
    """An id or b64 as a JSON string; neither has a character to escape."""
    return b'"%b"' % text.encode("ascii")
