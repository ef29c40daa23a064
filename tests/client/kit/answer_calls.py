"""Everything a client can ask a service for, over a line on which one answer is broken (tests/vectors/README.md)."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from crypto.public.errors import ERRORS, DrempelError
from crypto.secret.keyring import Keyring
from crypto.secret.primitives import os_random
from intake.client.address import Address
from intake.client.connection import Connection
from intake.client.recipient import inbox
from intake.client.recipient.session import Session, renew_statement
from intake.client.reporter.report import SealedReport, send_report
from intake.service.settings import Settings
from tests.browser.kit.broken_answers import Case, Outcome, build
from tests.browser.kit.http_relay import HttpRelay, Reply, untouched
from tests.browser.kit.wire import Request, Response
from tests.kit.organisation import LocalOrganisation
from tests.service.kit.raw_http import live

ONE = "confidential-adviser-1"
API = "/api/1/"

# Each call's method, and what its path below the API begins with.
READS = {
    "directory": ("GET", "directory"),
    "keys": ("GET", "keys"),
    "mailbox": ("GET", "mailboxes/"),
    "challenge": ("POST", "sign-in/challenge"),
    "sign-in": ("POST", "sign-in$"),
    "keyring": ("GET", "inbox/keyring"),
    "days": ("GET", r"inbox/days\?"),
    "day": ("GET", "inbox/days/"),
    "present": ("GET", "inbox/mailboxes"),
}
WRITES = {
    "opening": ("PUT", "mailboxes/[^/]+/opening/"),
    "message": ("PUT", "mailboxes/[^/]+/envelopes/"),
    "delete": ("DELETE", "mailboxes/"),
    "save": ("PUT", "inbox/keyring"),
    "statement": ("PUT", "inbox/statement"),
}
CALLS = READS | WRITES


def is_silent(case: Case) -> bool:
    """Return whether nothing more comes, so that the client has to give up by itself."""
    return any(name.startswith("silent") for name in case["answer"].get("line", {}))


def calls_of(case: Case) -> list[str]:
    """Return the calls that a case is for."""
    calls = case["calls"]
    return list(calls) if isinstance(calls, list) else list({"reads": READS, "all": CALLS}[calls])


class Served:
    """An organisation behind a socket, a broken line before it, and people who ask it for everything."""

    def __init__(self, local: LocalOrganisation, middle: HttpRelay, told: list[str]) -> None:
        self.local = local
        self.middle = middle
        self.told = told
        self.over = threading.Event()
        self.report: SealedReport
        self.session: Session
        self.before: Keyring

    async def settle(self) -> None:
        """Have a report there, and a recipient who has seen it."""
        self.report = await self.local.report()
        self.session = await self.local.session(ONE)
        self.before = self.session.keyring
        await inbox.sync(self.session, os_random)

    async def ask(self, call: str) -> None:
        """Do what makes the call."""
        await getattr(self, "_" + call.replace("-", "_"))()

    async def _directory(self) -> None:
        await self.local.organisation()

    async def _mailbox(self) -> None:
        await self.local.visit(self.report)

    async def _sign_in(self) -> None:
        await self.local.session(ONE)

    async def _day(self) -> None:
        await inbox.sync(self.session, os_random)

    async def _opening(self) -> None:
        async with self.local.connection() as connection:
            await send_report(connection, self.report)

    async def _message(self) -> None:
        await self.local.write(self.report, "More.")

    async def _delete(self) -> None:
        await self.local.delete(await self.local.report())

    async def _save(self) -> None:
        session = await self.local.session(ONE)
        session.stored = self.before
        await session.save(os_random)

    async def _statement(self) -> None:
        self.session.keyring = replace(self.session.keyring, stated=None)
        await renew_statement(self.session)

    _keys, _challenge, _keyring, _days, _present = _directory, _sign_in, _sign_in, _day, _day

    async def outcome(self, call: str, case: Case) -> Outcome:
        """Break the first answer to a call; what the client says of it, and how often it asked."""
        method, part = CALLS[call]
        asked: list[Request] = []

        def tamper(request: Request, ask: Callable[[], Response]) -> Reply:
            below = request.path.partition(API)[2]
            if request.method != method or not re.match(part, below):
                return ask()
            asked.append(request)
            return ask() if len(asked) > 1 else build(case["answer"], ask(), self.over)

        self.told.clear()
        self.middle.requests.clear()
        self.middle.tamper = tamper
        problem: DrempelError | None = None
        try:
            await self.ask(call)
        except DrempelError as raised:
            problem = raised
        finally:
            self.middle.tamper = untouched
        assert len({request.raw for request in asked}) == 1, "not the very same bytes"
        assert not any("elsewhere" in request.path for request in self.middle.requests)
        if problem is None:
            return {"again": self.told[0]} if self.told else "ok"
        assert len(asked) == 1, (call, self.told)
        assert "elsewhere" not in str(problem)
        if call in READS:
            assert not {request.method for request in self.middle.requests} & {"PUT", "DELETE"}, call
        return problem.code


@asynccontextmanager
async def served_before(local: LocalOrganisation, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """An organisation on a socket, whose connections try again after next to no pause."""
    monkeypatch.setattr("intake.client.retry.FIRST_PAUSE", 0.001)
    codes = {entry.sentence: code for code, entry in ERRORS.items()}
    told: list[str] = []
    connections: list[Connection] = []
    async with live(local.app, Settings()) as listening:
        middle = HttpRelay(f"http://{listening.host}:{listening.port}/")
        address = Address(f"http://127.0.0.1:{middle.port}/demo/", local.id)

        def connection(change: None = None, *, pin: bool = True) -> Connection:
            opened = Connection(address, retry_for=300, on_retry=lambda said: told.append(codes[said]))
            connections.append(opened)
            return opened

        monkeypatch.setattr(local, "connection", connection)
        made = Served(local, middle, told)
        try:
            await made.settle()
            yield made
        finally:
            made.over.set()
            for opened in connections:
                await opened.__aexit__(None, None, None)
            await asyncio.to_thread(middle.close)
