"""A sealed file, as far as the server can tell one from random bytes."""

import os

import httpx

from crypto.public.blobs import CHUNK_LENGTH, Claim, blob_id, build_claims
from crypto.public.encoding import b64
from tests.service.kit.opaque_organisation import OpaqueOrganisation


class File:
    """Its token and chunks, and the requests for them."""

    def __init__(self, chunks: int = 3, token: bytes | None = None) -> None:
        self.token = token or os.urandom(32)
        self.chunks = [os.urandom(CHUNK_LENGTH) for _ in range(chunks)]
        self.path = f"blobs/{b64(blob_id(self.token))}"
        self.auth = {"Authorization": f"Bearer {b64(self.token)}"}

    async def put(self, client: httpx.AsyncClient, first: int, end: int) -> httpx.Response:
        """Send the chunks from `first` on before `end`."""
        path = f"{self.path}/chunks/{first}"
        return await client.put(path, content=b"".join(self.chunks[first:end]), headers=self.auth)

    async def stored(self, client: httpx.AsyncClient) -> list[list[int]]:
        """Which chunks the server has."""
        response = await client.get(f"{self.path}/chunks", headers=self.auth)
        assert response.status_code == 200, response.text
        stored: list[list[int]] = response.json()["stored"]
        return stored

    async def get(self, client: httpx.AsyncClient, first: int = 0) -> httpx.Response:
        """Ask for all chunks from `first` on."""
        return await client.get(f"{self.path}/chunks/{first}", headers=self.auth)

    async def delete(self, client: httpx.AsyncClient) -> httpx.Response:
        """Ask for it to be erased."""
        return await client.delete(self.path, headers=self.auth)


def claims_of(*files: File) -> bytes:
    """The claims block of an envelope that names these files."""
    return build_claims([Claim(file.token, len(file.chunks)) for file in files])


async def upload(client: httpx.AsyncClient, chunks: int = 3) -> File:
    """A file all of whose chunks are there."""
    file = File(chunks)
    for first in range(0, chunks, 16):
        assert (await file.put(client, first, first + 16)).status_code == 204
    return file


async def send_with(client: httpx.AsyncClient, world: OpaqueOrganisation, *files: File) -> httpx.Response:
    """Make a mailbox whose opening claims these files."""
    box = world.box()
    return await client.put(box.opening_path, content=box.creation + claims_of(*files) + box.opening)
