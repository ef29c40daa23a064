"""HEAD wherever there is GET: the same status and headers, no body, and not a word more about what there is."""

import httpx
import pytest
from starlette.applications import Starlette

from crypto.public.encoding import b64
from intake.service.app import ROUTES
from intake.service.settings import Settings
from tests.service.kit.failing_store import FailingStore
from tests.service.kit.opaque_file import send_with, upload
from tests.service.kit.opaque_organisation import OpaqueOrganisation, keyring_bytes, shape
from tests.service.kit.raw_http import bearer, exchange, live, request


def got() -> set[str]:
    """The paths that have GET."""
    return {operation.path for kind in ROUTES for operation in kind.operations() if operation.method == "GET"}


async def test_it_is_answered_as_get_is(
    app: Starlette, client: httpx.AsyncClient, world: OpaqueOrganisation, settings: Settings
) -> None:
    """On each path, of what is there, on the wire."""
    session = await world.sign_in(client)
    await client.put("inbox/keyring", content=keyring_bytes(), headers={"If-None-Match": "*", **session})
    box, file = await world.make_box(client), await upload(client)
    await send_with(client, world, file)
    api, blob, day = f"/{world.slug}/api/1/", bearer(file.token), session["Authorization"]
    asked = {
        "/api/1/openapi.json": ("/api/1/openapi.json", ""),
        "health": ("/health", ""),
        "directory": (api + "directory", ""),
        "keys": (api + "keys", ""),
        "mailbox": (api + box.path, bearer(box.tokens["read"])),
        "chunks": (f"{api}{file.path}/chunks", blob),
        "chunk": (f"{api}{file.path}/chunks/0", blob),
        "mailboxes": (api + "inbox/mailboxes", day),
        "days": (api + "inbox/days", day),
        "day": (api + "inbox/days/2026-06-30", day),
        "ids": (api + "inbox/days/2026-06-30/ids", day),
        "keyring": (api + "inbox/keyring", day),
        "style": ("/static/pages/drempel.css", ""),
        "reporter": (f"/{world.slug}/", ""),
        "reporter too": (f"/{world.slug}", ""),
        "inbox": (f"/{world.slug}/inbox", ""),
    }
    assert len(asked) == 1 + len(got())
    async with live(app, settings) as address:
        for name, (path, token) in asked.items():
            headers = {"Authorization": token, "Accept_Encoding": "gzip"}
            get = await exchange(address, request("GET", path, b"", **headers))
            head = await exchange(address, request("HEAD", path, b"", **headers))
            assert get.status == head.status == 200, name
            assert head.body == b""
            # How a stream is framed is no property of what it holds.
            assert head.headers == tuple(pair for pair in get.headers if pair[0] != "transfer-encoding"), name


async def test_a_mailbox_is_as_silent_as_by_get(
    client: httpx.AsyncClient, world: OpaqueOrganisation, store: FailingStore
) -> None:
    known, unknown = await world.make_box(client), world.box()
    seen, calls = [], []
    for path, token in (
        (known.path, known.auth("read")),
        (known.path, known.auth("write")),
        (known.path, {}),
        (unknown.path, unknown.auth("read")),
    ):
        store.calls.clear()
        response = await client.head(path, headers=token)
        assert (response.status_code, response.content) == (200, b"")
        seen.append(shape(response))
        calls.append(list(store.calls))
    assert all(one == seen[0] for one in seen)
    assert all(one == calls[0] for one in calls)


@pytest.mark.parametrize("part", ["mailboxes", "days", "days/2026-06-30", "days/2026-06-30/ids", "keyring"])
async def test_a_session_is_needed_as_for_get(client: httpx.AsyncClient, part: str) -> None:
    assert (await client.head(f"inbox/{part}")).status_code == 401


async def test_a_blobs_token_is_needed_as_for_get(
    client: httpx.AsyncClient, world: OpaqueOrganisation
) -> None:
    file = await upload(client)
    await send_with(client, world, file)
    for path in (f"{file.path}/chunks", f"{file.path}/chunks/0"):
        assert (await client.head(path)).status_code == 404
        assert (
            await client.head(path, headers={"Authorization": f"Bearer {b64(bytes(32))}"})
        ).status_code == 404


async def test_no_more_of_a_file_is_read_than_tells_that_it_is_there(
    client: httpx.AsyncClient, world: OpaqueOrganisation, store: FailingStore
) -> None:
    file = await upload(client, 9)
    await send_with(client, world, file)
    store.calls.clear()
    response = await client.head(f"{file.path}/chunks/0", headers=file.auth)
    assert response.headers["content-length"] == str(sum(len(chunk) for chunk in file.chunks))
    assert store.calls.count("chunks") == 1


@pytest.mark.parametrize("path", ["sign-in", "sign-in/challenge"])
async def test_where_there_is_no_get_there_is_no_head(client: httpx.AsyncClient, path: str) -> None:
    response = await client.head(path)
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
