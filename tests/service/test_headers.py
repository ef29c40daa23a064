"""Every answer carries the same headers, and none that tells of the time, the software or the reader."""

import asyncio
from typing import Any, cast

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from crypto.public.encoding import b64, day_text
from intake.service.app import create_app
from intake.service.http.headers import HEADERS
from intake.service.settings import Settings
from intake.store import Store, StoreUnavailable
from tests.service.kit.failing_store import FailingStore
from tests.service.kit.opaque_organisation import TODAY, OpaqueOrganisation, conversation_bytes
from tests.service.kit.raw_http import Raw, bearer, exchange, live, request

CONSTANT = [(name.decode(), value.decode()) for name, value in HEADERS]
# What an answer may say besides. So there is no cookie, no redirect, no link, no date and no name of a program.
TOLD = {"allow", "connection", "content-encoding", "content-length", "content-type", "etag", "retry-after"}
TOLD |= {"transfer-encoding", "www-authenticate"}

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
NO_REQUESTS = {
    "no method": b"\x00\x01 not a request\r\n\r\n",
    "no path": b"GET\r\n\r\n",
    "a path that is no ASCII": b"GET /\xc3\x28 HTTP/1.1\r\n\r\n",
    "a version to come": b"GET / HTTP/7.3\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": bytes([22, 3, 1, 0, 5, 1, 0, 0, 1, 0]),
    "a header without a name": b"GET / HTTP/1.1\r\n: x\r\n\r\n",
    "a header with a null": b"GET / HTTP/1.1\r\nHost: a\x00b\r\n\r\n",
    "a length below zero": b"PUT / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "two lengths": b"PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
}


def assert_uniform(raw: Raw, name: object) -> None:
    """The one set, each header once, and beside it nothing that is not known."""
    for header, value in CONSTANT:
        assert raw.all(header) == [value], (name, header)
    names = [header for header, _ in raw.headers]
    assert len(names) == len(set(names)), (name, names)
    assert set(names) <= TOLD | {header for header, _ in CONSTANT}, name


async def responses(
    address: tuple[str, int], world: OpaqueOrganisation, store: FailingStore
) -> dict[str, Raw]:
    """One response of each kind there is."""
    api, box = f"/{world.slug}/api/1/", world.box()
    made = request("PUT", api + box.opening_path, box.creation + box.opening)
    asked = {
        "204": made,
        "200": request("GET", api + "directory"),
        "200 page": request("GET", f"/{world.slug}/"),
        "200 style": request("GET", "/static/pages/drempel.css"),
        "200 mailbox": request("GET", api + box.path, Authorization=bearer(box.tokens["read"])),
        "400": request("PUT", api + box.opening_path, b"x"),
        "400 http": b"\x00\x01 not a request\r\n\r\n",
        "400 path": b"GET /\xc3\x28 HTTP/1.1\r\n\r\n",
        "401": request("GET", api + "inbox/days"),
        "404": request("GET", "/"),
        "404 mailbox": request("DELETE", api + box.path, Authorization="Bearer x"),
        "405": request("POST", f"/{world.slug}/"),
        "405 options": request("OPTIONS", api + "directory", Origin="http://elsewhere.test"),
        "409": request("PUT", api + box.opening_path, box.creation + world.box().opening),
        "413": request("POST", api + "sign-in", bytes(70_000)),
        "500": request("GET", api + "directory"),
        "503": request("GET", api + "directory"),
    }
    seen = {}
    for name, data in asked.items():
        faults = {"500": RuntimeError("of the test"), "503": StoreUnavailable()}
        store.failures = {"directory": faults[name]} if name in faults else {}
        seen[name] = await exchange(address, data)
    return seen


async def test_the_set_is_the_same_on_every_answer(
    store: FailingStore, app: Starlette, world: OpaqueOrganisation, settings: Settings
) -> None:
    async with live(app, settings) as address:
        for name, raw in (await responses(address, world, store)).items():
            assert raw.status == int(name.split()[0]), name
            assert_uniform(raw, name)


def path_of(route: Route, world: OpaqueOrganisation) -> str:
    """An address of the route, of things that are not there."""
    box = world.box()
    held = {"slug": world.slug, "mailbox": b64(box.id), "envelope": b64(box.envelope)}
    held |= {"blob": b64(box.id), "number": "0"}
    return route.path_format.format(**held, day=day_text(TODAY), path="pages/drempel.css")


@pytest.mark.parametrize("method", METHODS)
async def test_it_is_the_same_on_every_route_by_every_method(
    app: Starlette, client: httpx.AsyncClient, world: OpaqueOrganisation, settings: Settings, method: str
) -> None:
    sessions = ("", (await world.sign_in(client))["Authorization"])
    paths = [path_of(route, world) for route in app.routes if isinstance(route, Route)]
    assert len(paths) == len(app.routes)
    async with live(app, settings) as address:
        for path in (*paths, "/", "*", "/nowhere/", f"/{world.slug}/api/2/directory", "//elsewhere.test/x"):
            for session in sessions:
                asked = request(method, path, Authorization=session, Accept_Encoding="gzip", Cookie="a=b")
                raw = await exchange(address, asked)
                assert_uniform(raw, (method, path))
                assert raw.status in (200, 204, 400, 401, 404, 405, 428), (method, path, raw.status)
                assert method != "HEAD" or raw.body == b""


@pytest.mark.parametrize("name", NO_REQUESTS)
async def test_it_is_the_same_for_what_is_no_request(app: Starlette, settings: Settings, name: str) -> None:
    async with live(app, settings) as address:
        raw = await exchange(address, NO_REQUESTS[name])
    assert raw.status == 400
    assert_uniform(raw, name)
    assert raw.all("content-type") == ["application/problem+json"]


@pytest.mark.parametrize(
    "headers",
    [
        {"If_None_Match": "*"},
        {"If_Modified_Since": "Fri, 01 Jan 2038 00:00:00 GMT"},
        {"Range": "bytes=0-9"},
        {"Expect": "202-gone"},
        {
            "Upgrade": "websocket",
            "Sec_WebSocket_Key": "eHh4eHh4eHh4eHh4eHh4eA==",
            "Sec_WebSocket_Version": "13",
        },
        {"Upgrade": "h2c", "HTTP2_Settings": "AAMAAABkAAQAAP__"},
        {"Origin": "http://elsewhere.test", "Access_Control_Request_Method": "GET"},
        {"X_Forwarded_Host": "elsewhere.test", "Forwarded": "host=elsewhere.test"},
    ],
    ids=lambda headers: next(iter(headers)),
)
async def test_nothing_that_a_client_says_changes_the_answer(
    app: Starlette, world: OpaqueOrganisation, settings: Settings, headers: dict[str, str]
) -> None:
    """No 304, 206 or 101: each would be an answer of another form, and the first a trace of an earlier visit."""
    async with live(app, settings) as address:
        for path in (f"/{world.slug}/", "/static/pages/drempel.css", f"/{world.slug}/api/1/directory"):
            usual = await exchange(address, request("GET", path))
            assert usual.status == 200
            assert await exchange(address, request("GET", path, b"", **headers)) == usual


class Stuck:
    """A store whose directory never comes."""

    def __init__(self, inner: FailingStore) -> None:
        self._inner = inner
        self.asked = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def directory(self, *_: Any) -> bytes:
        self.asked.set()
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_stop_that_waits_no_longer_answers_as_always(
    store: FailingStore, world: OpaqueOrganisation
) -> None:
    """uvicorn cancels what is still under way, and would say "Internal Server Error" by itself."""
    stuck, settings = Stuck(store), Settings(stop_seconds=1)
    app = create_app(cast(Store, stuck), settings)
    async with live(app, settings) as address:
        asked = asyncio.create_task(exchange(address, request("GET", f"/{world.slug}/api/1/directory")))
        await asyncio.wait_for(stuck.asked.wait(), 10)
    raw = await asked
    assert raw.status == 503
    assert_uniform(raw, "stop")
    assert b'"server-unavailable"' in raw.body


async def test_problem_documents_are_all_there_is_besides_success(
    store: FailingStore, app: Starlette, world: OpaqueOrganisation, settings: Settings
) -> None:
    async with live(app, settings) as address:
        for name, raw in (await responses(address, world, store)).items():
            if raw.status >= 400:
                assert raw.all("content-type") == ["application/problem+json"], name


async def test_known_empty_and_unknown_have_one_length_on_the_wire(
    app: Starlette, client: httpx.AsyncClient, world: OpaqueOrganisation, settings: Settings
) -> None:
    quiet, busy, unknown = await world.make_box(client), await world.make_box(client), world.box()
    content = conversation_bytes()
    await client.put(busy.envelope_path(), content=content, headers=busy.auth("write"))
    async with live(app, settings) as address:
        seen = []
        for box in (quiet, busy, unknown):
            token = bearer(box.tokens["read"])
            path = f"/{world.slug}/api/1/{box.path}"
            seen.append(await exchange(address, request("GET", path, Authorization=token)))
    assert seen[0].length == seen[1].length == seen[2].length
    assert seen[0].headers == seen[1].headers == seen[2].headers
