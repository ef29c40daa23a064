"""An organisation on a real service in this process, its day in the test's hands, and servers that lie about it."""

import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from crypto.codes import ReporterKeys, parse_code, reporter_keys, root_seed
from crypto.directory import accept_directory, make_directory
from crypto.encoding import b64, day_text, hash_labelled, parse_object, unb64, utc_day, write_object
from crypto.errors import ERRORS
from crypto.sealing import os_random
from intake.cli.demo_organisation import PLAN
from intake.cli.founding import Founded, found, store_founded
from intake.client import inbox, receipt
from intake.client.address import Address
from intake.client.connection import Connection
from intake.client.organisation import Organisation, fetch_organisation
from intake.client.report import SealedReport, seal_report, send_report
from intake.client.session import Session, open_session
from intake.service.app import create_app
from intake.service.settings import Settings
from intake.store import create_store
from tests.client.line import Line

HOST = "http://drempel.test"
API = "/demo/api/1/"

Change = Callable[[str, str, httpx.Response], httpx.Response]
"""What a lying server makes of an answer, from the method, the path below the API and the true answer."""


def answer(body: bytes, status: int = 200, **headers: str) -> httpx.Response:
    """An answer with exactly these bytes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    # Given as a stream, httpx does not touch them.
    return httpx.Response(status, headers=named, stream=httpx.ByteStream(body))


def zipped(body: bytes) -> httpx.Response:
    """An answer that nobody asked to be compressed."""
    return answer(gzip.compress(body), content_encoding="gzip")


def instead(path: str, body: bytes | Callable[[bytes], bytes], method: str = "GET") -> Change:
    """A server that answers requests whose path begins with `path` otherwise."""

    def change(asked: str, below: str, true: httpx.Response) -> httpx.Response:
        if asked != method or not below.startswith(path):
            return true
        said = body if isinstance(body, bytes) else body(true.content)
        return answer(said, etag=true.headers["etag"]) if "etag" in true.headers else answer(said)

    return change


@dataclass
class Refusing:
    """A change that does not even ask the service: `times` requests of a method to such a path are refused."""

    code: str
    method: str
    where: str
    times: int = 1

    def refuses(self, method: str, below: str) -> httpx.Response | None:
        """The refusal of a request, if it is one of these."""
        if method != self.method or self.where not in below or not self.times:
            return None
        self.times -= 1
        entry = ERRORS[self.code]
        problem = {"status": entry.status, "title": entry.sentence, "code": self.code}
        return answer(write_object(problem), entry.status)

    def __call__(self, method: str, below: str, true: httpx.Response) -> httpx.Response:
        """The true answer to all others."""
        return true


class Lying(httpx.AsyncBaseTransport):
    """The service with a change between, which keeps what was asked."""

    def __init__(self, app: Starlette, change: Change | None, line: Line | None = None) -> None:
        self._inner = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._change = change
        self._line = line
        self.asked: list[tuple[str, str]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on and change the answer."""
        below = request.url.raw_path.decode("ascii").removeprefix(API)
        self.asked.append((request.method, below))
        if self._line is not None:
            await self._line.carry(request)
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


class House:
    """The demonstration organisation, founded on `first_day`; `day` is the service's."""

    def __init__(self, founded: Founded, app: Starlette, first_day: int) -> None:
        self.founded = founded
        self.app = app
        self.first_day = self.day = first_day
        self.root_seed = root_seed(parse_code(founded.custodian_code, "custodian"))
        self.versions = [founded.directory]
        self.transports: list[Lying] = []
        self.line: Line | None = None
        """The line that all connections from now on go over, if it is not a perfect one."""

    @property
    def id(self) -> bytes:
        """The organisation id, 32 bytes."""
        return self.founded.organisation.id

    def connection(
        self, change: Change | None = None, *, pin: bool = True, patience: float | None = 0
    ) -> Connection:
        """A client's connection, with no patience unless it is given some; with None, as much as a client has."""
        transport = Lying(self.app, change, self.line)
        self.transports.append(transport)
        address = Address(f"{HOST}/demo/", self.id if pin else None)
        return Connection(address, patience=patience, transport=transport)

    @property
    def asked(self) -> list[tuple[str, str]]:
        """What the newest connection has asked: method and path."""
        return self.transports[-1].asked

    async def organisation(self, change: Change | None = None, **options: Any) -> Organisation:
        """What a client takes the organisation for; `today` is the service's day if nothing else is said."""
        pin = options.pop("pin", True)
        async with self.connection(change, pin=pin) as connection:
            return await fetch_organisation(connection, **{"today": self.day, **options})

    def content(self, **changes: Any) -> dict[str, Any]:
        """The content of the version that comes next."""
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
        """The next version, signed by the custodian."""
        return make_directory(self.content(**changes), [self.root_seed])

    async def publish(self, document: bytes, change: Change | None = None) -> None:
        """Publish a version as a custodian does."""
        async with self.connection(change) as connection:
            await connection.request("PUT", "directory", body=document)
        self.versions.append(document)

    def seal(self, organisation: Organisation, text: str = "A report.", **options: Any) -> SealedReport:
        """A sealed report to the confidential advisers."""
        channel = options.pop("channel", "confidential-adviser")
        return seal_report(organisation, channel, options.pop("kind", None), text, os_random, **options)

    async def report(
        self, text: str = "A report.", change: Change | None = None, **options: Any
    ) -> SealedReport:
        """A report that is on the server."""
        sealed = self.seal(await self.organisation(), text, **options)
        async with self.connection(change) as connection:
            await send_report(connection, sealed)
        return sealed

    def reporter_keys(self, report: SealedReport) -> ReporterKeys:
        """All keys of a report's receipt."""
        return reporter_keys(parse_code(report.receipt, "receipt"), self.id)

    async def visit(
        self, report: SealedReport, change: Change | None = None, **options: Any
    ) -> receipt.Visit:
        """A return visit with the report's receipt."""
        pin = options.pop("pin", True)
        async with self.connection(change, pin=pin) as connection:
            organisation = await fetch_organisation(connection, today=self.day)
            return await receipt.visit(connection, organisation, parse_code(report.receipt, "receipt"))

    async def write(self, report: SealedReport, text: str, change: Change | None = None) -> None:
        """Another message with the report's receipt."""
        async with self.connection(change) as connection:
            organisation = await fetch_organisation(connection, today=self.day)
            secret = parse_code(report.receipt, "receipt")
            await receipt.write(connection, organisation, secret, text, os_random)

    async def delete(self, report: SealedReport, change: Change | None = None) -> None:
        """What the report's receipt deletes."""
        async with self.connection(change) as connection:
            organisation = await fetch_organisation(connection, today=self.day)
            await receipt.delete(connection, organisation, parse_code(report.receipt, "receipt"))

    def access(self, recipient: str) -> bytes:
        """The secret bytes of a recipient's code."""
        return parse_code(self.founded.access_codes[recipient], "access")

    async def session(self, recipient: str, change: Change | None = None) -> Session:
        """A session of a recipient; its connection needs no closing."""
        connection = self.connection(change)
        organisation = await fetch_organisation(connection, today=self.day)
        return await open_session(connection, organisation, self.access(recipient))

    async def synced(self, recipient: str, change: Change | None = None) -> tuple[Session, inbox.Synced]:
        """A session that has synced."""
        session = await self.session(recipient, change)
        return session, await inbox.sync(session, os_random)

    async def reply(self, recipient: str, report: SealedReport, text: str) -> None:
        """A recipient's answer."""
        session, _ = await self.synced(recipient)
        await inbox.reply(session, report.mailbox, text, os_random)


@asynccontextmanager
async def house_in(folder: Path) -> AsyncIterator[House]:
    """A house whose data lie in `folder`."""
    today = utc_day()
    founded = found(PLAN, today, os_random)
    store = await create_store(folder)
    await store_founded(store, founded)
    house: list[House] = []
    app = create_app(store, Settings(), today=lambda: house[0].day)
    house.append(House(founded, app, today))
    async with app.router.lifespan_context(app):
        yield house[0]


def other_organisation(today: int) -> Founded:
    """Another organisation that looks the same but for its root key."""
    founded = found(PLAN, today, os_random)
    assert accept_directory(founded.directory, today).organisation == founded.organisation.id
    return founded
