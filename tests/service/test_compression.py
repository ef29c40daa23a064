"""What is public and the same for everybody may be compressed; nothing else ever is."""

import asyncio
import gzip
import os

import brotli
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from crypto.public.encoding import day_text, parse_object
from intake.assets import read_assets, static_folder
from intake.service.http import compression
from intake.service.http.compression import LARGE, Content, choose, compress, compress_further, respond
from intake.service.settings import Settings
from tests.service.kit.failing_store import FailingStore
from tests.service.kit.opaque_organisation import TODAY, Clocks, OpaqueOrganisation
from tests.service.kit.raw_http import Raw, bearer, exchange, live, request

HOST = "http://drempel.test"


def asking(*values: str) -> Request:
    headers = [(b"accept-encoding", value.encode()) for value in values]
    return Request({"type": "http", "headers": headers})


BOTH = Content(b"as it is", {"gzip": b"shorter", "br": b"short"})


@pytest.mark.parametrize(
    "values",
    [
        ["gzip"],
        ["gzip, deflate, zstd"],
        ["deflate;q=1.0, GZIP ; Q=0.8"],
        ["deflate", "gzip;q=0.001"],
        ["*, br;q=0"],
        ["gzip, br;q=0.9"],
        ["br;q=0.5", "gzip;q=0.6, *;q=0.1"],
        ["gzip, identity"],
        ["identity;q=0.5, gzip;q=1.000"],
        ["gzip, *;q=0"],
    ],
)
def test_who_asks_for_gzip_gets_it(values: list[str]) -> None:
    assert choose(asking(*values), BOTH) == "gzip"


@pytest.mark.parametrize(
    "values",
    [
        ["br"],
        ["gzip, deflate, br, zstd"],
        ["BR ; Q=0.8, gzip;q=0.8"],
        ["gzip;q=0", "br;q=0.001"],
        ["*"],
        ["gzip;q=0.5, *;q=0.6"],
        ["br, identity"],
        ["br, *;q=0"],
    ],
)
def test_who_takes_brotli_as_well_gets_that(values: list[str]) -> None:
    assert choose(asking(*values), BOTH) == "br"


@pytest.mark.parametrize(
    "values",
    [
        [],
        [""],
        ["identity"],
        ["deflate, zstd"],
        ["gzip;q=0"],
        ["gzip;q=0, br;q=0.000, *"],
        ["*;q=0"],
        ["gzip;q=0.5, br;q=0.9, identity"],
        ["identity;q=0.9, *;q=0.8"],
        ["gzip;q=2"],
        ["br;q=1.5"],
        ["gzip;q=nan"],
        ["br;q=-1"],
        ["gzip;q="],
        ["br;"],
        ["gzip;level=9"],
        ["gzip br"],
        ["xgzip", "br2"],
    ],
)
def test_nobody_else_does(values: list[str]) -> None:
    assert choose(asking(*values), BOTH) == ""


def test_a_form_that_is_not_there_is_not_sent() -> None:
    assert choose(asking("br"), compress(bytes(1000))) == ""
    assert choose(asking("br, gzip;q=0.1"), compress(bytes(1000))) == "gzip"


def test_what_would_grow_is_sent_as_it_is() -> None:
    content = compress_further(compress(os.urandom(1000)))
    assert content.packed == {}
    answer = respond(asking("gzip, br"), content, "text/plain")
    assert answer.body == content.plain
    assert "content-encoding" not in answer.headers


def test_the_compressed_form_holds_no_time() -> None:
    assert compress(b"a" * 1000).packed["gzip"][4:8] == bytes(4)


@pytest.mark.parametrize("size", [1000, LARGE])
def test_both_forms_are_of_the_same_bytes(size: int) -> None:
    plain = os.urandom(16) * (size // 16 + 1)
    packed = compress_further(compress(plain)).packed
    assert gzip.decompress(packed["gzip"]) == brotli.decompress(packed["br"]) == plain
    assert len(packed["br"]) < len(packed["gzip"]) < len(plain)


async def both(client: httpx.AsyncClient, path: str) -> tuple[httpx.Response, httpx.Response]:
    """A GET as the command line asks, and as a browser does."""
    plain = await client.get(path, headers={"Accept-Encoding": "identity"})
    zipped = await client.get(path, headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
    return plain, zipped


async def test_every_page_is_the_file_in_every_form(
    client: httpx.AsyncClient, world: OpaqueOrganisation
) -> None:
    assets = read_assets(static_folder())
    largest = max(assets.values(), key=lambda asset: len(asset.content)).addresses[0]
    async with asyncio.timeout(60):
        # It is the last to be packed, until when it is sent as it is. Nothing of the service says that it has been.
        while "content-encoding" not in (await asking_for("br", client, HOST + largest)).headers:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    for asset in assets.values():
        for address in asset.addresses:
            found = [
                await asking_for(coding, client, HOST + address.format(slug=world.slug))
                for coding in ("br", "gzip", "identity")
            ]
            assert [it.content for it in found] == [asset.content] * 3
            assert [it.headers.get("content-encoding") for it in found] == ["br", "gzip", None]
            lengths = [int(it.headers["content-length"]) for it in found]
            assert lengths == sorted(set(lengths))


async def asking_for(coding: str, client: httpx.AsyncClient, path: str) -> httpx.Response:
    return await client.get(path, headers={"Accept-Encoding": coding})


async def test_the_directory_is_compressed_and_follows_the_newest(
    client: httpx.AsyncClient, world: OpaqueOrganisation
) -> None:
    second = world.successor()
    for newest in (world.first, second):
        await client.put("directory", content=newest)
        for _ in range(2):
            plain, zipped = await both(client, "directory")
            assert plain.content == zipped.content == newest
            assert "content-encoding" not in plain.headers
            assert zipped.headers["content-encoding"] == "gzip"
            assert plain.headers["content-type"] == zipped.headers["content-type"] == "application/json"


async def test_the_keys_are_compressed_and_follow_day_and_statements(
    client: httpx.AsyncClient, world: OpaqueOrganisation, session: dict[str, str], clocks: Clocks
) -> None:
    made = world.statement(1)
    await client.put("inbox/statement", json=made, headers=session)
    for day, counter in ((TODAY, 1), (TODAY + 1, 1), (TODAY + 1, 2)):
        clocks.day = day
        if counter == 2:
            made = world.statement(2)
            await client.put("inbox/statement", json=made, headers=await world.sign_in(client))
        plain, zipped = await both(client, "keys")
        assert plain.content == zipped.content
        assert zipped.headers["content-encoding"] == "gzip"
        assert parse_object(zipped.content)["day"] == day_text(day)
        assert parse_object(zipped.content)["recipients"][0]["statement"] == made["statement"]


async def test_organisations_do_not_mix(
    client: httpx.AsyncClient, world: OpaqueOrganisation, store: FailingStore
) -> None:
    other = OpaqueOrganisation("waterschap")
    await other.settle_in(store)
    for _ in range(2):
        for each in (world, other):
            _, zipped = await both(client, f"{each.base}directory")
            assert zipped.content == each.first
            assert zipped.headers["content-encoding"] == "gzip"


async def test_what_does_not_change_is_compressed_once(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = 0

    def counted(plain: bytes) -> compression.Content:
        nonlocal done
        done += 1
        return compress(plain)

    monkeypatch.setattr(compression, "compress", counted)
    for _ in range(3):
        await both(client, "directory")
        await both(client, "keys")
    assert done == 2


async def test_nothing_else_is_compressed(
    app: Starlette, world: OpaqueOrganisation, settings: Settings
) -> None:
    """Not a mailbox, not the inbox, not a problem: a compressed length tells of its content."""
    api = f"/{world.slug}/api/1/"
    token = bearer(world.box().tokens["read"])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=world.base) as client:
        box, session = await world.make_box(client), await world.sign_in(client)
    signed_in = session["Authorization"]
    async with live(app, settings) as address:

        async def get(path: str, authorization: str) -> Raw:
            asked = request("GET", path, Authorization=authorization, Accept_Encoding="gzip, br, *")
            return await exchange(address, asked)

        answers = {
            "mailbox": await get(api + box.path, bearer(box.tokens["read"])),
            "unknown mailbox": await get(api + world.box().path, token),
            **{
                path: await get(f"{api}inbox/{path}", signed_in)
                for path in ("mailboxes", "days", f"days/{day_text(TODAY)}", "keyring")
            },
            "refusal": await get(f"{api}inbox/days", "Bearer x"),
            "nothing": await get("/static/nothing.css", token),
            "description": await get("/api/1/openapi.json", token),
        }
    for name, answer in answers.items():
        assert answer.all("content-encoding") == [], name
        assert not answer.body.startswith(b"\x1f\x8b"), name
    assert answers["mailbox"].length == answers["unknown mailbox"].length
    # What compression would have told.
    assert len(gzip.compress(answers["mailbox"].body)) != len(gzip.compress(answers["unknown mailbox"].body))
