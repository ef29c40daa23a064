"""Chunks in, the same chunks out: only with the token, only once, only whole, and never before they are claimed."""

import os
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from crypto.public.blobs import CHUNK, CHUNK_LENGTH
from crypto.public.encoding import b64, day_text
from intake.service.app import create_app
from intake.service.routes.blobs import CHUNKS_AT_ONCE, PAGE_CHUNKS
from intake.service.settings import Settings
from intake.store import StorageFull, StoreUnavailable, create_store, open_store
from tests.kit.protocol import build_list
from tests.service.kit.failing_store import FailingStore
from tests.service.kit.opaque_file import File, claims_of, send_with, upload
from tests.service.kit.opaque_organisation import RETENTION, TODAY, Clocks, OpaqueOrganisation, code, shape
from tests.service.kit.raw_http import bearer, exchange, live, request


async def test_a_file_goes_up_in_any_order_and_comes_down_from_any_chunk(
    client: httpx.AsyncClient, world: OpaqueOrganisation
) -> None:
    file = File(7)
    assert await file.stored(client) == []
    assert (await file.put(client, 4, 7)).status_code == 204
    assert await file.stored(client) == [[4, 7]]
    assert (await file.put(client, 0, 2)).status_code == 204
    assert await file.stored(client) == [[0, 2], [4, 7]]
    assert (await file.put(client, 2, 4)).status_code == 204
    assert await file.stored(client) == [[0, 7]]
    assert (await send_with(client, world, file)).status_code == 204
    assert await file.stored(client) == [[0, 7]]
    for first in range(7):
        response = await file.get(client, first)
        assert response.content == b"".join(file.chunks[first:])
        assert response.headers["content-length"] == str((7 - first) * CHUNK_LENGTH)
    assert code(await file.get(client, 7)) == "blob-unknown"


async def test_a_repetition_is_answered_as_the_first_try(
    client: httpx.AsyncClient, world: OpaqueOrganisation
) -> None:
    file = await upload(client)
    assert (await file.put(client, 0, 3)).status_code == 204
    assert (await file.put(client, 1, 2)).status_code == 204
    assert (await send_with(client, world, file)).status_code == 204
    assert (await file.put(client, 0, 3)).status_code == 204
    assert (await file.get(client)).content == b"".join(file.chunks)


async def test_other_bytes_under_a_stored_number_change_nothing(
    client: httpx.AsyncClient, world: OpaqueOrganisation
) -> None:
    file = await upload(client)
    kept, file.chunks = file.chunks, [*file.chunks[:2], os.urandom(CHUNK_LENGTH), os.urandom(CHUNK_LENGTH)]
    response = await file.put(client, 1, 4)
    assert (response.status_code, code(response)) == (409, "conflict")
    assert await file.stored(client) == [[0, 3]]  # not the new one either
    file.chunks = kept
    assert (await send_with(client, world, file)).status_code == 204
    assert (await file.get(client)).content == b"".join(kept)


async def test_a_claimed_blob_takes_no_new_chunk_and_does_not_go(
    client: httpx.AsyncClient, world: OpaqueOrganisation
) -> None:
    file = await upload(client)
    assert (await send_with(client, world, file)).status_code == 204
    longer = File(4, token=file.token)
    response = await longer.put(client, 3, 4)
    assert (response.status_code, code(response)) == (409, "conflict")
    deleted = await file.delete(client)
    assert (deleted.status_code, code(deleted)) == (409, "conflict")
    assert (await file.get(client)).content == b"".join(file.chunks)


async def test_nothing_of_an_unclaimed_blob_is_given(
    client: httpx.AsyncClient, world: OpaqueOrganisation, session: dict[str, str]
) -> None:
    file = await upload(client)
    unknown = await File().get(client)
    assert (unknown.status_code, code(unknown)) == (404, "blob-unknown")
    assert shape(await file.get(client)) == shape(unknown)
    days = await client.get("inbox/days", headers=session)
    assert days.json() == {"day": day_text(TODAY), "days": []}
    assert (await client.get("inbox/mailboxes", headers=session)).content == build_list([])


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("token", [None, b"short", bytes(32)], ids=["none", "malformed", "other"])
async def test_a_wrong_token_is_answered_like_an_unknown_blob(
    client: httpx.AsyncClient, world: OpaqueOrganisation, method: str, token: bytes | None
) -> None:
    file = await upload(client)
    assert (await send_with(client, world, file)).status_code == 204
    auth = {"Authorization": f"Bearer {b64(token)}"} if token is not None else {}
    for path in (
        ("/chunks/0", "/chunks", "") if method == "GET" else ("" if method == "DELETE" else "/chunks/0",)
    ):
        if (method, path) == ("GET", ""):
            continue
        there, nowhere = [
            await client.request(method, some.path + path, headers=auth, content=file.chunks[0])
            for some in (file, File())
        ]
        assert (there.status_code, code(there)) == (404, "blob-unknown")
        assert shape(there) == shape(nowhere)
    assert (await file.get(client)).content == b"".join(file.chunks)


@pytest.mark.parametrize("number", ["01", "-1", "x", "100000", "1.0", "%20", "\u0661"])
async def test_a_number_is_spelled_in_one_way(client: httpx.AsyncClient, number: str) -> None:
    file = File()
    response = await client.put(f"{file.path}/chunks/{number}", content=file.chunks[0], headers=file.auth)
    assert (response.status_code, code(response)) == (404, "not-found")


@pytest.mark.parametrize("length", [0, 1, CHUNK_LENGTH - 1, CHUNK_LENGTH + 1, 2 * CHUNK_LENGTH - 1])
async def test_only_whole_chunks_are_taken(client: httpx.AsyncClient, length: int) -> None:
    file = File()
    response = await client.put(f"{file.path}/chunks/0", content=bytes(length), headers=file.auth)
    assert (response.status_code, code(response)) == (400, "request-malformed")
    assert await file.stored(client) == []


async def test_sixteen_chunks_are_taken_at_once_and_no_more(client: httpx.AsyncClient) -> None:
    file = File(CHUNKS_AT_ONCE + 1)
    response = await file.put(client, 0, CHUNKS_AT_ONCE + 1)
    assert (response.status_code, code(response)) == (413, "body-too-large")
    assert (await file.put(client, 0, CHUNKS_AT_ONCE)).status_code == 204
    assert await file.stored(client) == [[0, CHUNKS_AT_ONCE]]


async def test_another_organisation_has_no_part_in_a_blob(
    client: httpx.AsyncClient, store: FailingStore, world: OpaqueOrganisation
) -> None:
    other = OpaqueOrganisation("provincie")
    await other.settle_in(store)
    file = await upload(client)
    base = other.base
    foreign = await client.put(f"{base}{file.path}/chunks/0", content=file.chunks[0], headers=file.auth)
    assert (foreign.status_code, code(foreign)) == (409, "conflict")
    listed = await client.get(f"{base}{file.path}/chunks", headers=file.auth)
    assert listed.json() == {"stored": []}
    assert (await client.delete(f"{base}{file.path}", headers=file.auth)).status_code == 204
    box = other.box()
    body = box.creation + claims_of(file) + box.opening
    claimed = await client.put(f"{base}{box.opening_path}", content=body)
    assert (claimed.status_code, code(claimed)) == (409, "attachments-incomplete")
    assert (await send_with(client, world, file)).status_code == 204
    read = await client.get(f"{base}{file.path}/chunks/0", headers=file.auth)
    assert (read.status_code, code(read)) == (404, "blob-unknown")
    assert (await file.get(client)).content == b"".join(file.chunks)


async def test_a_full_storage_says_so(
    client: httpx.AsyncClient, store: FailingStore, world: OpaqueOrganisation
) -> None:
    file = File()
    assert (await file.put(client, 0, 1)).status_code == 204
    store.failures = {"put_chunks": StorageFull()}
    response = await file.put(client, 1, 3)
    assert (response.status_code, code(response)) == (507, "storage-full")
    await world.make_box(client)
    store.failures = {}
    assert await file.stored(client) == [[0, 1]]
    assert (await file.put(client, 1, 3)).status_code == 204


async def test_a_download_is_cut_off_where_the_store_fails(
    app: Starlette,
    client: httpx.AsyncClient,
    store: FailingStore,
    world: OpaqueOrganisation,
    settings: Settings,
) -> None:
    file = await upload(client, 2 * PAGE_CHUNKS + 1)
    assert (await send_with(client, world, file)).status_code == 204
    store.fail_after("chunks", 2, StoreUnavailable())
    path = f"/{world.slug}/api/1/{file.path}/chunks/0"
    async with live(app, settings) as address:
        cut = await exchange(address, request("GET", path, Authorization=bearer(file.token)))
    assert cut.status == 200
    assert cut.body == b"".join(file.chunks[: 2 * PAGE_CHUNKS])
    assert cut.all("content-length") == [str(len(file.chunks) * CHUNK_LENGTH)]
    assert code(await file.get(client)) == "server-unavailable"


class TestAQuota:
    """Of all files of an organisation."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(quota_bytes=3 * CHUNK_LENGTH)

    async def test_beyond_it_nothing_of_a_request_is_kept_and_texts_come_in(
        self, client: httpx.AsyncClient, world: OpaqueOrganisation
    ) -> None:
        first = await upload(client, 2)
        assert (await send_with(client, world, first)).status_code == 204
        other = File(2)
        response = await other.put(client, 0, 2)
        assert (response.status_code, code(response)) == (507, "storage-full")
        assert await other.stored(client) == []
        await world.make_box(client)
        assert (await other.put(client, 0, 1)).status_code == 204
        assert (await other.put(client, 1, 2)).status_code == 507
        assert (await client.delete(other.path, headers=other.auth)).status_code == 204
        await upload(client, 1)


class TestALimit:
    """Of a small server."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(attachment_bytes=2 * CHUNK)

    async def test_a_file_beyond_it_is_refused_and_one_up_to_it_taken(
        self, client: httpx.AsyncClient, world: OpaqueOrganisation
    ) -> None:
        assert (await client.get("keys")).json()["attachment_bytes"] == 2 * CHUNK
        file = File(3)
        for first, end in ((0, 3), (2, 3), (1, 3)):
            response = await file.put(client, first, end)
            assert (response.status_code, code(response)) == (413, "attachment-too-large")
        assert await file.stored(client) == []
        file = await upload(client, 2)
        assert (await send_with(client, world, file)).status_code == 204


class TestLittleMemory:
    """Of a server whose answers may take no more than one chunk."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(answers_bytes=CHUNK_LENGTH)

    async def test_a_download_counts_among_the_answers(
        self, client: httpx.AsyncClient, world: OpaqueOrganisation
    ) -> None:
        file = await upload(client)
        assert (await send_with(client, world, file)).status_code == 204
        response = await file.get(client)
        assert (response.status_code, code(response)) == (503, "server-busy")


async def test_an_unclaimed_blob_lives_two_days_after_its_last_new_chunk(
    client: httpx.AsyncClient, store: FailingStore, clocks: Clocks
) -> None:
    file = File()
    assert (await file.put(client, 0, 1)).status_code == 204
    clocks.day += 1
    assert (await file.put(client, 1, 2)).status_code == 204
    clocks.day += 1
    assert (await file.put(client, 0, 2)).status_code == 204  # nothing new
    await store.expire(clocks.day)
    assert await file.stored(client) == [[0, 2]]
    clocks.day += 1
    await store.expire(clocks.day)
    assert await file.stored(client) == []
    assert (await file.put(client, 0, 1)).status_code == 204
    assert await file.stored(client) == [[0, 1]]


async def test_a_claimed_blob_lives_and_goes_with_its_mailbox(
    client: httpx.AsyncClient, store: FailingStore, world: OpaqueOrganisation, clocks: Clocks
) -> None:
    file = await upload(client)
    assert (await send_with(client, world, file)).status_code == 204
    for clocks.day in range(TODAY + 1, TODAY + RETENTION):
        await store.expire(clocks.day)
    assert (await file.get(client)).content == b"".join(file.chunks)
    clocks.day += 1
    assert code(await file.get(client)) == "blob-unknown"  # though the round has not come yet
    await store.expire(clocks.day)
    assert await file.stored(client) == []


async def test_who_stops_takes_back_what_was_sent(
    client: httpx.AsyncClient, world: OpaqueOrganisation
) -> None:
    file = await upload(client)
    for _ in range(2):
        assert (await file.delete(client)).status_code == 204
        assert await file.stored(client) == []
    response = await send_with(client, world, file)
    assert (response.status_code, code(response)) == (409, "attachments-incomplete")
    assert (await file.put(client, 0, 3)).status_code == 204  # the same bytes, begun anew
    assert (await send_with(client, world, file)).status_code == 204


async def test_the_service_refuses_where_less_than_the_reserve_would_be_left(
    tmp_path: Path, world: OpaqueOrganisation
) -> None:
    store = await create_store(tmp_path / "data")
    await world.settle_in(store)
    await store.close()
    store = await open_store(tmp_path / "data", reserve_bytes=1 << 60)
    app = create_app(store, Settings(), today=lambda: TODAY)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=world.base) as client:
            file = File()
            response = await file.put(client, 0, 1)
            assert (response.status_code, code(response)) == (507, "storage-full")
            assert await file.stored(client) == []
            await world.make_box(client)
