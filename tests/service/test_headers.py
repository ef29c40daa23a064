"""Every answer carries the same headers, and none that tells of the time, the software or the reader."""

import httpx
import pytest
from starlette.applications import Starlette

from intake.service.headers import HEADERS
from intake.service.settings import Settings
from intake.store import StoreUnavailable
from tests.service.faulty import FaultyStore
from tests.service.live import Raw, bearer, exchange, live, request
from tests.service.world import World, conversation_bytes

CONSTANT = [(name.decode(), value.decode()) for name, value in HEADERS]
TOLD = {"allow", "connection", "content-length", "content-type", "etag", "retry-after", "transfer-encoding"}
TOLD |= {"www-authenticate"}


async def responses(address: tuple[str, int], world: World, store: FaultyStore) -> dict[str, Raw]:
    """One response of each kind there is."""
    api, box = f"/{world.slug}/api/1/", world.box()
    made = request("PUT", api + box.opening_path, box.creation + box.opening)
    asked = {
        "204": made,
        "200": request("GET", api + "directory"),
        "200 page": request("GET", f"/{world.slug}/"),
        "200 style": request("GET", "/static/css/plain.css"),
        "200 mailbox": request("GET", api + box.path, Authorization=bearer(box.tokens["read"])),
        "400": request("PUT", api + box.opening_path, b"x"),
        "400 http": b"\x00\x01 not a request\r\n\r\n",
        "400 path": b"GET /\xc3\x28 HTTP/1.1\r\n\r\n",
        "401": request("GET", api + "inbox/days"),
        "404": request("GET", "/"),
        "404 mailbox": request("DELETE", api + box.path, Authorization="Bearer x"),
        "405": request("HEAD", f"/{world.slug}/"),
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
    store: FaultyStore, app: Starlette, world: World, settings: Settings
) -> None:
    async with live(app, settings) as address:
        for name, raw in (await responses(address, world, store)).items():
            assert raw.status == int(name.split()[0]), name
            for header, value in CONSTANT:
                assert raw.all(header) == [value], (name, header)
            assert {header for header, _ in raw.headers} <= TOLD | {header for header, _ in CONSTANT}, name


async def test_problem_documents_are_all_there_is_besides_success(
    store: FaultyStore, app: Starlette, world: World, settings: Settings
) -> None:
    async with live(app, settings) as address:
        for name, raw in (await responses(address, world, store)).items():
            if raw.status >= 400:
                assert raw.all("content-type") == ["application/problem+json"], name


async def test_known_empty_and_unknown_have_one_length_on_the_wire(
    app: Starlette, client: httpx.AsyncClient, world: World, settings: Settings
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


@pytest.mark.parametrize("encoding", ["gzip", "br, gzip, deflate, zstd", "*"])
async def test_nothing_is_compressed(client: httpx.AsyncClient, encoding: str) -> None:
    response = await client.get("directory", headers={"Accept-Encoding": encoding})
    assert "content-encoding" not in response.headers
