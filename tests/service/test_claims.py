"""An envelope and the files it names are stored together or not at all."""

import os
from collections.abc import Awaitable, Callable

import httpx
import pytest

from crypto.public.answers import parse_mailbox_answer
from crypto.public.blobs import CHUNK_LENGTH, Claim, build_claims
from crypto.public.limits import MOST_CLAIMS
from tests.service.kit.opaque_file import File, claims_of, send_with, upload
from tests.service.kit.opaque_organisation import Box, OpaqueOrganisation, code, conversation_bytes

Sends = Callable[[httpx.AsyncClient, OpaqueOrganisation, bytes], Awaitable[httpx.Response]]


async def as_opening(client: httpx.AsyncClient, world: OpaqueOrganisation, claims: bytes) -> httpx.Response:
    """Claim with a new mailbox; it must not be there if that fails."""
    box = world.box()
    response = await client.put(box.opening_path, content=box.creation + claims + box.opening)
    if response.status_code != 204:
        assert not await is_there(client, box)
    return response


async def as_message(client: httpx.AsyncClient, world: OpaqueOrganisation, claims: bytes) -> httpx.Response:
    """Claim with a message; it must not be there if that fails."""
    box = await world.make_box(client)
    content = claims + conversation_bytes()
    response = await client.put(box.envelope_path(), content=content, headers=box.auth("write"))
    assert len(await envelopes(client, box)) == 1 + (response.status_code == 204)
    return response


async def is_there(client: httpx.AsyncClient, box: Box) -> bool:
    """Whether the mailbox answers with its creation record."""
    answer = (await client.get(box.path, headers=box.auth("read"))).content
    return box.creation in answer


async def envelopes(client: httpx.AsyncClient, box: Box) -> list[bytes]:
    """What is in a mailbox."""
    answer = (await client.get(box.path, headers=box.auth("read"))).content
    return [item.data for item in parse_mailbox_answer(answer, box.tokens["read"]).envelopes]


both = pytest.mark.parametrize("send", [as_opening, as_message])


@both
async def test_what_is_whole_is_claimed(
    client: httpx.AsyncClient, world: OpaqueOrganisation, send: Sends
) -> None:
    files = [await upload(client, chunks) for chunks in (1, 2, 17)]
    assert (await send(client, world, claims_of(*files))).status_code == 204
    for file in files:
        assert (await file.get(client)).content == b"".join(file.chunks)


@both
async def test_what_is_not_whole_stores_nothing(
    client: httpx.AsyncClient, world: OpaqueOrganisation, send: Sends
) -> None:
    whole, hole, short, long = [File() for _ in range(4)]
    for file, first, end in ((whole, 0, 3), (hole, 0, 1), (hole, 2, 3), (short, 0, 2), (long, 0, 3)):
        assert (await file.put(client, first, end)).status_code == 204
    claimed_short = build_claims([Claim(long.token, 2)])
    for claims in (claims_of(whole, hole), claims_of(short), claimed_short, claims_of(File())):
        response = await send(client, world, claims)
        assert (response.status_code, code(response)) == (409, "attachments-incomplete")
    assert code(await whole.get(client)) == "blob-unknown"
    assert (await short.put(client, 2, 3)).status_code == 204
    assert (await send(client, world, claims_of(whole, short))).status_code == 204


@both
async def test_the_file_of_another_mailbox_is_not_claimed(
    client: httpx.AsyncClient, world: OpaqueOrganisation, send: Sends
) -> None:
    file = await upload(client)
    assert (await send_with(client, world, file)).status_code == 204
    response = await send(client, world, claims_of(file))
    assert (response.status_code, code(response)) == (409, "attachments-incomplete")


async def test_a_repetition_is_answered_as_the_first_try(
    client: httpx.AsyncClient, world: OpaqueOrganisation
) -> None:
    file, box = await upload(client), world.box()
    body = box.creation + claims_of(file) + box.opening
    for _ in range(2):
        assert (await client.put(box.opening_path, content=body)).status_code == 204
    path, content = box.envelope_path(), claims_of(file) + conversation_bytes()
    for _ in range(2):  # a file may be named again in its own mailbox
        assert (await client.put(path, content=content, headers=box.auth("write"))).status_code == 204
    other = content[:-1] + bytes([content[-1] ^ 1])
    response = await client.put(path, content=other, headers=box.auth("write"))
    assert (response.status_code, code(response)) == (409, "conflict")


async def test_a_stored_envelope_is_confirmed_whatever_became_of_its_files(
    client: httpx.AsyncClient, world: OpaqueOrganisation
) -> None:
    box = await world.make_box(client)
    path, content = box.envelope_path(), conversation_bytes()
    assert (await client.put(path, content=content, headers=box.auth("write"))).status_code == 204
    again = claims_of(File()) + content
    assert (await client.put(path, content=again, headers=box.auth("write"))).status_code == 204


@both
@pytest.mark.parametrize(
    "claims",
    [
        bytes([1, 4]),
        bytes([1, 4, 0]),
        bytes([1, 4, 65]) + b"".join(os.urandom(32) + bytes([0, 0, 0, 1]) for _ in range(65)),
        bytes([1, 4, 2]) + 2 * (bytes(32) + bytes([0, 0, 0, 1])),
        bytes([1, 4, 1]) + bytes(32) + bytes(4),
        bytes([1, 4, 1]) + bytes(32) + bytes([0, 1, 0, 1]),
    ],
    ids=["cut", "none", "too many", "doubled", "no chunk", "too many chunks"],
)
async def test_a_malformed_block_is_refused(
    client: httpx.AsyncClient, world: OpaqueOrganisation, send: Sends, claims: bytes
) -> None:
    response = await send(client, world, claims)
    assert (response.status_code, code(response)) == (400, "envelope-header")


async def test_sixty_four_files_go_with_one_message(
    client: httpx.AsyncClient, world: OpaqueOrganisation
) -> None:
    files = [await upload(client, 1) for _ in range(MOST_CLAIMS)]
    assert (await as_message(client, world, claims_of(*files))).status_code == 204
    assert (await files[-1].get(client)).content == files[-1].chunks[0]
    assert len(files[-1].chunks[0]) == CHUNK_LENGTH
