"""The public routes: the signed directory and this week's keys (PROTOCOL 9, 10)."""

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from crypto.public.directory import Directory, accept_directory
from crypto.public.encoding import b64, day_number, day_text, parse_object, week_of, write_object
from crypto.public.errors import ERRORS, DirectoryError, DrempelError
from crypto.public.signatures import parse_dsse
from intake.service.context import Context
from intake.service.http.compression import PublicAnswers
from intake.service.http.routing import API, Routes, no_content, route
from intake.service.openapi.parts import (
    BODY_CODES,
    JSON,
    STORED,
    body,
    described,
    found,
    reference,
)
from intake.store import Conflict, Organisation

DIRECTORY_LIMIT: Final = 1024 * 1024
# Any client may offer a directory, and one that is made for it takes a second to check: one at a time, a few wait.
CHECKS_WAITING: Final = 8

_DIRECTORY_CODES: Final = tuple(
    code for code, entry in ERRORS.items() if entry.layer == "directory" and entry.status
)


def published(data: bytes) -> Directory:
    """Parse a directory from the store: it was accepted when it was published, and may have expired since."""
    issued = parse_object(parse_dsse(data).payload)["issued"]
    return accept_directory(data, day_number(issued))


class DirectoryRoutes(Routes):
    """`GET` and `PUT directory`, `GET keys` (PROTOCOL 12.2)."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._checking = asyncio.Semaphore(1)
        self._checks = 0
        self._answers = PublicAnswers()

    @route(
        "GET",
        API + "directory",
        described("The signed directory, byte for byte as published", found(JSON, reference("Dsse"))),
    )
    async def get(self, request: Request) -> Response:
        """The newest directory, byte for byte as it was signed."""
        organisation = await self.context.organisations.of(request)
        newest = await self._newest(organisation)
        return await self._answers.respond(request, (organisation.id, "directory"), newest, JSON)

    @route(
        "PUT",
        API + "directory",
        described(
            "Publish the next version of the directory. Its signatures say who may",
            STORED,
            (*BODY_CODES, *_DIRECTORY_CODES),
            requestBody=body(JSON, DIRECTORY_LIMIT, reference("Dsse")),
        ),
    )
    async def put(self, request: Request) -> Response:
        """Publish the next version. Its signatures alone decide who may do so."""
        organisation = await self.context.organisations.of(request)
        data = await self.context.bodies.read(request, DIRECTORY_LIMIT)
        stored = await self._newest(organisation)
        if data != stored:
            offered = await self._check(data, stored)
            if offered.content["slug"] != organisation.slug:
                raise DirectoryError("directory-format")
            days = offered.content["policy"]["retention_days"]
            try:
                await self.context.store.put_directory(
                    organisation.id, offered.version, data, days, offered.slots
                )
            except Conflict:
                raise DirectoryError("directory-chain") from None
            await self.context.organisations.refresh(organisation.slug)
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
        offered = accept_directory(
            data, self.context.days.today(), pin=present.organisation, seen=[present.quote]
        )
        if offered.version != present.version + 1:
            raise DirectoryError("directory-chain")
        return offered

    @route(
        "GET",
        API + "keys",
        described("All recipients' statements and keys of this week", found(JSON, reference("Keys"))),
    )
    async def keys(self, request: Request) -> Response:
        """This week's keys of the whole organisation, so that no request names a channel; and the largest file."""
        organisation = await self.context.organisations.of(request)
        day = self.context.days.today()
        rows = await self.context.store.statements(organisation.id, week_of(day))
        # A statement is sent as it is stored; only the JSON around it is written here.
        recipients = b",".join(
            b'{"recipient":%b,"statement":%b,"key":%b}'
            % (_json(recipient), statement, b"null" if key is None else _json(b64(key)))
            for recipient, statement, key in rows
        )
        head = write_object(
            {
                "day": day_text(day),
                "week": week_of(day),
                "attachment_bytes": self.context.settings.attachment_bytes,
            }
        )[:-1]
        keys = head + b',"recipients":[%b]}' % recipients
        return await self._answers.respond(request, (organisation.id, "keys"), keys, JSON)

    async def _newest(self, organisation: Organisation) -> bytes:
        data = await self.context.store.directory(organisation.id)
        if data is None:
            raise DrempelError("organisation-unknown")
        return data


def _json(text: str) -> bytes:
    """An id or b64 as a JSON string; neither has a character to escape."""
    return b'"%b"' % text.encode("ascii")
