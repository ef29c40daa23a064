"""A file on its way back: whatever a server or a line does to it, nothing is written that was not sealed."""

import hashlib
import io
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from random import Random
from typing import Any, BinaryIO, cast

import httpx
import pytest

from crypto.public.blobs import CHUNK_LENGTH
from crypto.public.errors import DrempelError
from crypto.secret.attachment import (
    CHUNK,
    Attachment,
    Chunks,
    attachment_hash,
    attachment_keys,
    chunk_count,
    chunk_hash,
)
from intake.client.address import Address
from intake.client.connection import Connection, ConnectionProblem
from intake.client.files.download import ChunkOpener, download

ORGANISATION = bytes(32)
SIZE = 5 * CHUNK + 12_345
DATA = Random(1).randbytes(SIZE)


def sealed(data: bytes, secret: bytes = b"s" * 32) -> tuple[Attachment, list[bytes]]:
    """A file as a message names it, and its chunks."""
    count = chunk_count(len(data))
    sealing = Chunks(ORGANISATION, attachment_keys(secret), count)
    chunks = [sealing.seal(number, data[number * CHUNK : (number + 1) * CHUNK]) for number in range(count)]
    return Attachment(
        "name", "text/plain", len(data), secret, attachment_hash(map(chunk_hash, chunks))
    ), chunks


ATTACHMENT, CHUNKS = sealed(DATA)


def received(attachment: Attachment, data: bytes, sizes: Iterator[int]) -> tuple[bytes, str]:
    """What comes of an answer in pieces of these sizes, handed on three at a time."""
    target = io.BytesIO()
    opener, at = ChunkOpener(attachment, ORGANISATION, target), 0
    while at < len(data):
        pieces = []
        for _ in range(3):
            size = next(sizes)
            pieces.append(data[at : at + size])
            at += size
        opener.take(pieces)
    sha256 = opener.finish()
    opener.close()
    return target.getvalue(), sha256


@pytest.mark.parametrize("seed", range(12))
def test_however_an_answer_is_cut_into_pieces_the_file_is_the_same(seed: int) -> None:
    random = Random(seed)

    def sizes() -> Iterator[int]:
        while True:
            yield random.choice([1, 100, 65_536, CHUNK_LENGTH, 3 * CHUNK_LENGTH + 7])

    assert received(ATTACHMENT, b"".join(CHUNKS), sizes()) == (DATA, hashlib.sha256(DATA).hexdigest())


class Server(httpx.AsyncBaseTransport):
    """Gives the chunks from the number that is asked for; breaks off after `breaks[i]` bytes of answer i."""

    def __init__(
        self, chunks: list[bytes], breaks: list[int] | None = None, media: str = "application/octet-stream"
    ) -> None:
        self.data = b"".join(chunks)
        self.media = media
        self.breaks = breaks or []
        self.asked: list[int] = []
        self.written = b""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One answer."""
        first = int(request.url.path.rpartition("/")[2])
        self.asked.append(first)
        end = self.breaks.pop(0) if self.breaks else None
        headers = {"Content-Type": self.media} if self.media else {}
        return httpx.Response(
            200, headers=headers, content=self._pieces(self.data[first * CHUNK_LENGTH :], end)
        )

    async def _pieces(self, data: bytes, end: int | None) -> AsyncIterator[bytes]:
        for at in range(0, len(data) if end is None else end, 65_536):
            yield data[at : at + 65_536 if end is None else min(at + 65_536, end)]
        if end is not None:
            raise httpx.ReadError("cut")


async def fetched(server: Server, attachment: Attachment = ATTACHMENT) -> str:
    """What `download` gives; the server notes what was written, also if that failed."""
    target = io.BytesIO()
    try:
        async with Connection(Address("http://drempel.test/demo/", None), transport=server) as connection:
            return await download(connection, ORGANISATION, attachment, target)
    finally:
        server.written = target.getvalue()


async def test_a_line_that_breaks_is_taken_up_at_the_first_chunk_that_is_not_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("intake.client.retry.FIRST_PAUSE", 0.001)
    server = Server(CHUNKS, [0, CHUNK_LENGTH - 1, CHUNK_LENGTH, 2 * CHUNK_LENGTH + 5])
    assert await fetched(server) == hashlib.sha256(DATA).hexdigest()
    assert server.written == DATA
    assert server.asked == [0, 0, 0, 1, 3]


def flipped(chunk: bytes) -> bytes:
    return bytes([chunk[0] ^ 1]) + chunk[1:]


_, FOREIGN = sealed(DATA, b"t" * 32)
DAMAGE: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "flipped": lambda chunks: [*chunks[:3], flipped(chunks[3]), *chunks[4:]],
    "reordered": lambda chunks: [*chunks[:3], chunks[4], chunks[3], *chunks[5:]],
    "doubled": lambda chunks: [*chunks[:3], chunks[2], *chunks[3:]],
    "dropped": lambda chunks: [*chunks[:3], *chunks[4:]],
    "foreign": lambda chunks: [*chunks[:3], FOREIGN[3], *chunks[4:]],
    "truncated": lambda chunks: chunks[:-1],
    "more": lambda chunks: [*chunks, chunks[-1]],
}
# What no service answers with, so that it says nothing of the file.
STRANGE: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "cut": lambda chunks: [*chunks[:-1], chunks[-1][:-1]],
    "a byte more": lambda chunks: [*chunks, b"\x00"],
    "a short page": lambda _: [b"<!doctype html><p>Please log in"],
    "nothing": lambda _: [],
}
FAULTS = [(make, "attachment-damaged") for make in DAMAGE.values()] + [
    (make, "answer-damaged") for make in STRANGE.values()
]


@pytest.mark.parametrize(("make", "code"), FAULTS, ids=[*DAMAGE, *STRANGE])
async def test_what_is_not_the_file_is_refused_and_nothing_of_it_was_written(
    make: Callable[[list[bytes]], list[bytes]], code: str
) -> None:
    server = Server(make(CHUNKS))
    with pytest.raises(DrempelError) as caught:
        await fetched(server)
    assert caught.value.code == code
    assert server.asked == [0]
    assert DATA.startswith(server.written)


@pytest.mark.parametrize("media", ["text/html; charset=utf-8", "", "application/octet-stream-of-pages"])
async def test_an_answer_of_another_type_says_nothing_of_the_file(media: str) -> None:
    """A captive portal answers with a page and status 200: neither the file nor who sent it is to blame."""
    server = Server(CHUNKS, media=media)
    with pytest.raises(ConnectionProblem) as caught:
        await fetched(server)
    assert caught.value.code == "answer-damaged"
    assert (server.asked, server.written) == ([0], b"")


async def test_a_type_may_be_spelled_as_types_are() -> None:
    assert await fetched(Server(CHUNKS, media="Application/Octet-Stream; a=b"))


async def test_a_page_that_answers_when_a_broken_line_is_there_again_says_nothing_of_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("intake.client.retry.FIRST_PAUSE", 0.001)
    server = Server([*CHUNKS[:2], b"<!doctype html>"], [2 * CHUNK_LENGTH])
    with pytest.raises(ConnectionProblem) as caught:
        await fetched(server)
    assert caught.value.code == "answer-damaged"
    assert server.asked == [0, 2]
    assert server.written == DATA[: 2 * CHUNK]


@pytest.mark.parametrize("told", [replace(ATTACHMENT, hash=bytes(32)), replace(ATTACHMENT, size=SIZE - 1)])
async def test_what_its_author_did_not_name_is_refused(told: Attachment) -> None:
    """The chunks open, and yet they are not the file: another recipient may have been told otherwise."""
    with pytest.raises(DrempelError) as caught:
        await fetched(Server(CHUNKS), told)
    assert caught.value.code == "attachment-damaged"


class Reluctant(io.RawIOBase):
    """Takes a part of what it is given, as a file without a buffer does on a disk that is nearly full."""

    def __init__(self) -> None:
        self.taken = b""

    def write(self, data: Any, /) -> int:
        """At most 100,000 bytes."""
        part = bytes(data[:100_000])
        self.taken += part
        return len(part)


def test_a_target_that_takes_only_a_part_gets_the_rest_too() -> None:
    target = Reluctant()
    opener = ChunkOpener(ATTACHMENT, ORGANISATION, cast(BinaryIO, target))
    opener.take(CHUNKS)
    assert opener.finish() == hashlib.sha256(DATA).hexdigest()
    opener.close()
    assert target.taken == DATA
