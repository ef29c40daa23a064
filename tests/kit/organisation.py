"""Runs an organisation on a real service in this process, with a day that the test sets, and servers that lie."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from crypto.public.directory import accept_directory
from crypto.public.encoding import b64, day_text, hash_labelled, parse_object, unb64, utc_day, write_object
from crypto.public.errors import ERRORS
from crypto.secret.codes import ReporterKeys, parse_code, reporter_keys, root_seed
from crypto.secret.directory_sign import make_directory
from crypto.secret.primitives import os_random
from intake.cli.custodian.store_founded import store_founded
from intake.cli.operator.demo_organisation import PLAN
from intake.client.address import Address
from intake.client.connection import Connection
from intake.client.custodian.found import Founded, found
from intake.client.organisation import Organisation, fetch_organisation
from intake.client.recipient import inbox
from intake.client.recipient.session import Session, open_session
from intake.client.reporter import visit
from intake.client.reporter.report import SealedReport, seal_report, send_report
from intake.service.app import create_app
from intake.service.settings import Settings
from intake.store import create_store
from tests.kit.simulated_link import SimulatedLink

HOST = "http://drempel.test"
API = "/demo/api/1/"

Change = Callable[[str, str, httpx.Response], httpx.Response]
"""A function that alters an answer, given the method, the path below the API and the true answer."""


def answer(body: bytes, status: int = 200, **headers: str) -> httpx.Response:
    """An answer with exactly these bytes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    # Given as a stream, since httpx leaves the bytes of a stream alone.
    return httpx.Response(status, headers=named, stream=httpx.ByteStream(body))


def instead(path: str, body: bytes | Callable[[bytes], bytes], method: str = "GET") -> Change:
    """A change of the answers to requests whose path begins with `path`."""

    def change(asked: str, below: str, true: httpx.Response) -> httpx.Response:
        if asked != method or not below.startswith(path):
            return true
        said = body if isinstance(body, bytes) else body(true.content)
        return answer(said, etag=true.headers["etag"]) if "etag" in true.headers else answer(said)

    return change


@dataclass
class Refusing:
    """A change that refuses `times` requests of a method to such a path, without asking the service."""

    code: str
    method: str
    where: str
    times: int = 1

    def refuses(self, method: str, below: str) -> httpx.Response | None:
        """The refusal of a request, or None if it is not one of these."""
        if method != self.method or self.where not in below or not self.times:
            return None
        self.times -= 1
        entry = ERRORS[self.code]
        problem = {"status": entry.status, "title": entry.sentence, "code": self.code}
        return answer(write_object(problem), entry.status)

    def __call__(self, method: str, below: str, true: httpx.Response) -> httpx.Response:
        """Leave the answers to all other requests alone."""
        return true


class AlteringTransport(httpx.AsyncBaseTransport):
    """A transport to the service that alters answers, and keeps a list of the requests."""

    def __init__(self, app: Starlette, change: Change | None, link: SimulatedLink | None = None) -> None:
        self._inner = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._change = change
        self._link = link
        self.asked: list[tuple[str, str]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on and change the answer."""
        below = request.url.raw_path.decode("ascii").removeprefix(API)
        self.asked.append((request.method, below))
        if self._link is not None:
            await self._link.carry(request)
        refused = self._change.refuses(request.method, below) if isinstance(self._change, Refusing) else None
        if refused is not None:
            await request.aread()
            return refused
        response = await self._inner.handle_async_request(request)
        await response.aread()
        changed = self._change(request.method, below, response) if self._change else response
        if changed is response:
            headers = {name: value for name, value in response.headers.items() if name == "etag"}
            return answer(response.content, response.status_code, **headers)
        return changed


class LocalOrganisation:
    """The demonstration organisation, founded on `first_day`; `day` is the service's."""

    def __init__(self, founded: Founded, app: Starlette, first_day: int) -> None:
        self.founded = founded
        self.app = app
        self.first_day = self.day = first_day
        self.root_seed = root_seed(parse_code(founded.custodian_code, "custodian"))
        self.versions = [founded.directory]
        self.transports: list[AlteringTransport] = []
        self.link: SimulatedLink | None = None
        """A simulated link for all connections from now on, or None for a perfect one."""

    @property
    def id(self) -> bytes:
        """The organisation id, 32 bytes."""
        return self.founded.id

    def connection(
        self, change: Change | None = None, *, pin: bool = True, retry_for: float | None = 0
    ) -> Connection:
        """A client's connection, which retries for so many seconds; with None, for as long as a client does."""
        transport = AlteringTransport(self.app, change, self.link)
        self.transports.append(transport)
        address = Address(f"{HOST}/demo/", self.id if pin else None)
        return Connection(address, retry_for=retry_for, transport=transport)

    @property
    def asked(self) -> list[tuple[str, str]]:
        """The requests of the newest connection: method and path."""
        return self.transports[-1].asked

    async def organisation(self, change: Change | None = None, **options: Any) -> Organisation:
        """The organisation as a client fetches it; `today` is the service's day by default."""
        pin = options.pop("pin", True)
        async with self.connection(change, pin=pin) as connection:
            return await fetch_organisation(connection, **{"today": self.day, **options})

    def content(self, **changes: Any) -> dict[str, Any]:
        """The content of the next version of the directory."""
        newest = parse_object(unb64(parse_object(self.versions[-1])["payload"]))
        hashes = [hash_labelled("directory", unb64(parse_object(one)["payload"])) for one in self.versions]
        history = [b64(item) for item in hashes]
        return {
            **newest,
            "version": len(history) + 1,
            "history": history,
            "issued": day_text(self.day),
            **changes,
        }

    def directory(self, **changes: Any) -> bytes:
        """The next version of the directory, signed by the custodian."""
        return make_directory(self.content(**changes), [self.root_seed])

    async def publish(self, document: bytes, change: Change | None = None) -> None:
        """Publish a version of the directory, as a custodian does."""
        async with self.connection(change) as connection:
            await connection.request("PUT", "directory", body=document)
        self.versions.append(document)

    def seal(self, organisation: Organisation, text: str = "A report.", **options: Any) -> SealedReport:
        """Seal a report to the confidential advisers."""
        channel = options.pop("channel", "confidential-adviser")
        return seal_report(organisation, channel, options.pop("kind", None), text, os_random, **options)

    async def report(
        self, text: str = "A report.", change: Change | None = None, **options: Any
    ) -> SealedReport:
        """Send a report to the server."""
        sealed = self.seal(await self.organisation(), text, **options)
        async with self.connection(change) as connection:
            await send_report(connection, sealed)
        return sealed

    def reporter_keys(self, report: SealedReport) -> ReporterKeys:
        """The keys of a report's receipt."""
        return reporter_keys(parse_code(report.receipt, "receipt"), self.id)

    def _opened(self, organisation: Organisation, report: SealedReport) -> ReporterKeys:
        """The keys as a client derives them: for the organisation that the server has shown, which may be another."""
        return visit.open_receipt(organisation, parse_code(report.receipt, "receipt"))

    async def visit(self, report: SealedReport, change: Change | None = None, **options: Any) -> visit.Visit:
        """Make a return visit with the report's receipt."""
        pin = options.pop("pin", True)
        async with self.connection(change, pin=pin) as connection:
            organisation = await fetch_organisation(connection, today=self.day)
            return await visit.visit(connection, organisation, self._opened(organisation, report))

    async def write(self, report: SealedReport, text: str, change: Change | None = None) -> None:
        """Send another message with the report's receipt."""
        async with self.connection(change) as connection:
            organisation = await fetch_organisation(connection, today=self.day)
            await visit.write(connection, organisation, self._opened(organisation, report), text, os_random)

    async def delete(self, report: SealedReport, change: Change | None = None) -> None:
        """Delete the conversation of a report's receipt."""
        async with self.connection(change) as connection:
            organisation = await fetch_organisation(connection, today=self.day)
            await visit.delete(connection, organisation, self._opened(organisation, report))

    def access(self, recipient: str) -> bytes:
        """The secret bytes of a recipient's code."""
        return parse_code(self.founded.access_codes[recipient], "access")

    async def session(self, recipient: str, change: Change | None = None) -> Session:
        """Open a recipient's session; its connection needs no closing."""
        connection = self.connection(change)
        organisation = await fetch_organisation(connection, today=self.day)
        return await open_session(connection, organisation, self.access(recipient))

    async def synced(self, recipient: str, change: Change | None = None) -> tuple[Session, inbox.Synced]:
        """Open a recipient's session, and sync it."""
        session = await self.session(recipient, change)
        return session, await inbox.sync(session, os_random)

    async def reply(self, recipient: str, report: SealedReport, text: str) -> None:
        """Send a recipient's answer."""
        session, _ = await self.synced(recipient)
        await inbox.reply(session, report.mailbox, text, os_random)


@asynccontextmanager
async def organisation_in(folder: Path) -> AsyncIterator[LocalOrganisation]:
    """The demonstration organisation, founded today, with its data in `folder`."""
    today = utc_day()
    founded = found(PLAN, today, os_random)
    store = await create_store(folder)
    await store_founded(store, founded)
    local: list[LocalOrganisation] = []
    app = create_app(store, Settings(), today=lambda: local[0].day)
    local.append(LocalOrganisation(founded, app, today))
    async with app.router.lifespan_context(app):
        yield local[0]


def other_organisation(today: int) -> Founded:
    """Another organisation that differs only by its root key."""
    founded = found(PLAN, today, os_random)
    assert accept_directory(founded.directory, today).organisation == founded.id
    return founded
