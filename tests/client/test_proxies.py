"""A proxy that takes no large request: files come through it in smaller ones, and words name it where that can't be."""

import asyncio
import re
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from crypto.public.errors import DrempelError
from crypto.secret.attachment import CHUNK, Attachment
from crypto.secret.primitives import os_random
from intake.client.address import Address
from intake.client.connection import Connection
from intake.client.files.resume_note import ResumeNotes
from intake.client.files.uploads import UploadEvents, Uploads
from intake.client.organisation import fetch_organisation
from intake.client.reporter.report import SealedReport, send_report
from intake.service.http.server import bind, running
from intake.service.settings import Settings
from tests.client.kit.sender import Sender
from tests.kit.organisation import LocalOrganisation

LIMIT = 1024 * 1024
REFUSAL = b"<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n</html>\r\n"
Refuse = Callable[[asyncio.StreamReader, asyncio.StreamWriter, int], Awaitable[None]]
LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


async def say_413(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, length: int) -> None:
    """As nginx does: the answer at once, then whatever still comes is thrown away."""
    head = (
        f"HTTP/1.1 413 Request Entity Too Large\r\nContent-Type: text/html\r\nContent-Length: {len(REFUSAL)}"
    )
    writer.write(f"{head}\r\nConnection: close\r\n\r\n".encode() + REFUSAL)
    await writer.drain()
    while length > 0 and (piece := await reader.read(65536)):
        length -= len(piece)


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _length: int) -> None:
    """A part of the body is read, then the connection is reset."""
    await reader.read(65536)
    plug = writer.get_extra_info("socket")
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Proxy:
    """Passes the request of each connection on, but refuses one with a body beyond a limit."""

    def __init__(self, port: int, limit: int, refuse: Refuse) -> None:
        self.port, self.limit, self.refuse = port, limit, refuse
        self.refused = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client's connection."""
        with suppress(OSError, asyncio.IncompleteReadError):
            await self._pass_on(reader, writer)
        writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        found = LENGTH.search(head)
        length = int(found[1]) if found else 0
        if length > self.limit:
            self.refused += 1
            await self.refuse(reader, writer, length)
            return
        up_reader, up = await asyncio.open_connection("127.0.0.1", self.port)
        up.write(head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        while length > 0:
            piece = await reader.read(min(length, 65536))
            length -= len(piece)
            up.write(piece)
            await up.drain()
        writer.write(await up_reader.read())
        await writer.drain()
        up.close()


@asynccontextmanager
async def behind(
    local: LocalOrganisation, limit: int, refuse: Refuse
) -> AsyncIterator[tuple[Address, Proxy]]:
    """The address of the organisation behind a proxy."""
    async with running(local.app, Settings(), bind("127.0.0.1", 0)) as service:
        proxy = Proxy(service.port, limit, refuse)
        server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            yield Address(f"http://127.0.0.1:{port}/demo/", local.id), proxy


async def deliver(
    local: LocalOrganisation,
    address: Address,
    folder: Path,
    *paths: Path,
    text: str = "A report.",
    retry_for: float = 30,
) -> tuple[Attachment, ...]:
    """What arrives of a report with these files."""
    notes = ResumeNotes(folder / "notes", local.id, os_random)
    named: list[tuple[Attachment, ...]] = []
    async with Connection(address, retry_for=retry_for) as connection:
        organisation = await fetch_organisation(connection, today=local.day)
        uploads = Uploads(connection, organisation, paths, notes, UploadEvents())

        async def send(attachments: tuple[Attachment, ...]) -> SealedReport:
            sealed = local.seal(organisation, text, attachments=attachments)
            await send_report(connection, sealed)
            named.append(attachments)
            return sealed

        await uploads.deliver(send)
    return named[-1]


@pytest.mark.parametrize("refuse", [say_413, reset])
async def test_files_come_through_in_smaller_requests(
    local: LocalOrganisation, sender: Sender, refuse: Refuse
) -> None:
    path = sender.file("large", 30 * CHUNK)
    async with behind(local, LIMIT, refuse) as (address, proxy):
        [sent] = await deliver(local, address, sender.folder, path)
    assert sent.size == 30 * CHUNK
    assert proxy.refused > 0
    if refuse is say_413:  # which says so: then nothing is tried that is known to be refused
        assert proxy.refused <= 3
    assert sender.notes == []


async def test_a_limit_below_one_chunk_is_the_proxys_fault(local: LocalOrganisation, sender: Sender) -> None:
    path = sender.file("small", 1)
    async with behind(local, CHUNK // 2, say_413) as (address, proxy):
        with pytest.raises(DrempelError) as caught:
            await deliver(local, address, sender.folder, path)
    assert caught.value.code == "proxy-limit"
    assert proxy.refused == 1
    assert len(sender.notes) == 1, "the same command goes on once the proxy lets it"


async def test_a_long_text_is_the_proxys_fault_at_once(local: LocalOrganisation, sender: Sender) -> None:
    async with behind(local, LIMIT, say_413) as (address, proxy):
        with pytest.raises(DrempelError) as caught:
            await deliver(local, address, sender.folder, text="x" * 1_044_480)
    assert caught.value.code == "proxy-limit"
    assert "proxy" in str(caught.value)
    assert proxy.refused == 1


async def test_the_services_own_limit_is_its_own(local: LocalOrganisation) -> None:
    async with behind(local, 64 * LIMIT, say_413) as (address, proxy), Connection(address, retry_for=0) as it:
        with pytest.raises(DrempelError) as caught:
            await it.request("PUT", "directory", body=bytes(LIMIT + 1))
    assert caught.value.code == "body-too-large"
    assert proxy.refused == 0
