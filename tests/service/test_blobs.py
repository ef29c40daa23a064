"""Chunks in, the same chunks out: only with the token, only once, only whole, and never before they are claimed."""

import os

import httpx
import pytest

from crypto.claims import CHUNK_LENGTH, Claim, blob_id, build_claims
from crypto.encoding import b64
from intake.service.settings import Settings
from intake.store import StorageFull, StoreUnavailable
from tests.service.faulty import FaultyStore
from tests.service.world import RETENTION, TODAY, Clocks, World, code, conversation_bytes, shape


class File:
    """A sealed file, as far as the server can tell one."""

    def __init__(self, chunks: int = 3) -> None:
        self.token = os.urandom(32)
        self.chunks = [os.urandom(CHUNK_LENGTH) for _ in range(chunks)]
        self.path = f"blobs/{b64(blob_id(self.token))}"
        self.auth = {"Authorization": f"Bearer {b64(self.token)}"}

    @property
    def claim(self) -> bytes:
        """What goes before an envelope that names it."""
        return build_claims([Claim(self.token, len(self.chunks))])

    async def put(self, client: httpx.AsyncClient, first: int, end: int) -> httpx.Response:
        """Send the chunks from `first` on before `end`."""
        path = f"{self.path}/chunks/{first}"
        return await client.put(path, content=b"".join(self.chunks[first:end]), headers=self.auth)

    async def stored(self, client: httpx.AsyncClient) -> list[list[int]]:
        """Which chunks the server has."""
        response = await client.get(f"{self.path}/chunks", headers=self.auth)
        assert response.status_code == 200
        return response.json()["stored"]

    async def get(self, client: httpx.AsyncClient, first: int = 0) -> httpx.Response:
        """Ask for all chunks from `first` on."""
        return await client.get(f"{self.path}/chunks/{first}", headers=self.auth)

    async def delete(self, client: httpx.AsyncClient) -> httpx.Response:
        """Ask for it to be erased."""
        return await client.delete(self.path, headers=self.auth)


async def upload(client: httpx.AsyncClient, chunks: int = 3) -> File:
    """A file all of whose chunks are there."""
    file = File(chunks)
    for first in range(0, chunks, 16):
        assert (await file.put(client, first, first + 16)).status_code == 204
    return file


async def send_with(client: httpx.AsyncClient, world: World, *files: File) -> httpx.Response:
    """Make a mailbox whose opening claims these files."""
    box = world.box()
    claims = build_claims([Claim(file.token, len(file.chunks)) for file in files])
    return await client.put(box.opening_path, content=box.creation + claims + box.opening)


async def test_a_file_goes_up_and_comes_down(client: httpx.AsyncClient, world: World) -> None:
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
