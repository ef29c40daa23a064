"""Clients that write, and send the same bytes again until they are answered."""

import asyncio
import random
from contextlib import suppress
from typing import Any

from crypto.public.encoding import b64, parse_object
from tests.crash.ledger import Kept, Ledger, new_envelope_id
from tests.crash.serving import Service
from tests.service.kit.opaque_file import File, claims_of
from tests.service.kit.opaque_organisation import OpaqueOrganisation, conversation_bytes

STORED, UNKNOWN, UNAVAILABLE = 204, 404, 503
ANSWER_SECONDS = 60
AGAIN_SECONDS = 0.05


class ServiceConnection:
    """A connection to the service that is made again when it breaks."""

    def __init__(self, service: Service, *, is_patient: bool = False) -> None:
        """`is_patient`: a request is also repeated when the service says that it can't store anything now."""
        self._service, self._is_patient = service, is_patient
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def exchange(self, request: bytes) -> tuple[int, bytes]:
        """Send a request and read its answer: status and body. OSError or EOFError if the service goes away."""
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._service.port)
            reader, writer = self._streams
            writer.write(request)
            await writer.drain()
            self._service.in_flight += 1
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    head = await reader.readuntil(b"\r\n\r\n")
                    return int(head[9:12]), await reader.readexactly(_length(head))
            finally:
                self._service.in_flight -= 1
        except (OSError, EOFError):
            await self.close()
            raise

    async def insist(self, request: bytes) -> tuple[int, bytes, int]:
        """Send a request until it is answered; also returns how often it had to be repeated."""
        repeated = 0
        while True:
            await self._service.up.wait()
            with suppress(OSError, EOFError):
                status, body = await self.exchange(request)
                if status != UNAVAILABLE or not self._is_patient:
                    return status, body, repeated
                assert parse_object(body)["code"] == "server-unavailable", body
                await asyncio.sleep(AGAIN_SECONDS)
            repeated += 1
            self._service.repeated += 1

    async def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            _, writer = self._streams
            self._streams = None
            writer.close()
            with suppress(OSError):  # it was closed from the other side first, by a kill
                await writer.wait_closed()


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def request(method: str, path: str, body: bytes = b"", token: bytes | None = None) -> bytes:
    """The bytes of a request on a connection that stays open."""
    lines = [f"{method} {path} HTTP/1.1", "Host: drempel.test", f"Content-Length: {len(body)}"]
    if token is not None:
        lines.append(f"Authorization: Bearer {b64(token)}")
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


class Writer:
    """One client: makes mailboxes, appends to some, deletes some, and believes only a 204."""

    def __init__(
        self,
        service: Service,
        world: OpaqueOrganisation,
        ledger: Ledger,
        chance: random.Random,
        *,
        is_patient: bool = False,
    ) -> None:
        self._line = ServiceConnection(service, is_patient=is_patient)
        self._world, self._ledger, self._chance = world, ledger, chance
        self.repeated = 0
        self.finish = asyncio.Event()

    async def work(self) -> None:
        """One conversation after another, until told to finish; the last is finished, too."""
        try:
            while not self.finish.is_set():
                await self._converse()
        finally:
            await self._line.close()

    async def _converse(self) -> None:
        kept = Kept(self._world.box_now())
        self._ledger.kept.append(kept)
        box = kept.box
        kept.sent[box.envelope] = box.opening
        await self._store(
            kept, box.envelope, request("PUT", self._path(box.opening_path), box.creation + box.opening)
        )
        for _ in range(self._chance.choice((0, 0, 1, 3))):
            envelope, data = new_envelope_id(), conversation_bytes()
            kept.sent[envelope] = data
            path = self._path(box.envelope_path(envelope))
            await self._store(kept, envelope, request("PUT", path, data, box.tokens["write"]))
        if self._chance.random() < 0.15:
            await self._delete(kept)

    async def _store(self, kept: Kept, envelope: bytes, sent: bytes) -> None:
        self._ledger.touch(kept)
        status, body, repeated = await self._line.insist(sent)
        assert status == STORED, body
        kept.confirm(envelope)
        self.repeated += repeated

    async def _delete(self, kept: Kept) -> None:
        self._ledger.touch(kept)
        kept.deleting = True
        path = self._path(kept.box.path)
        status, body, repeated = await self._line.insist(
            request("DELETE", path, token=kept.box.tokens["delete"])
        )
        # When the first answer was lost, the second says that there is nothing left to delete.
        assert status == STORED or (repeated and status == UNKNOWN), body
        kept.gone = True
        self.repeated += repeated

    def _path(self, path: str) -> str:
        return f"/{self._world.slug}/api/1/{path}"


class FileSender(Writer):
    """One that sends a file with each report, and keeps all there is in memory."""

    def __init__(self, *arguments: Any, **others: Any) -> None:
        super().__init__(*arguments, **others)
        self.confirmed: list[File] = []

    async def _converse(self) -> None:
        file, kept = File(2), Kept(self._world.box_now())
        self._ledger.kept.append(kept)
        box = kept.box
        kept.sent[box.envelope] = box.opening
        for number, chunk in enumerate(file.chunks):
            path = self._path(f"{file.path}/chunks/{number}")
            status, body, repeated = await self._line.insist(request("PUT", path, chunk, file.token))
            assert status == STORED, body
            self.repeated += repeated
        body = box.creation + claims_of(file) + box.opening
        await self._store(kept, box.envelope, request("PUT", self._path(box.opening_path), body))
        self.confirmed.append(file)

    async def check(self) -> None:
        """All that was confirmed is there."""
        for file in self.confirmed:
            sent = request("GET", self._path(f"{file.path}/chunks/0"), token=file.token)
            status, body, _ = await self._line.insist(sent)
            assert (status, body) == (200, b"".join(file.chunks))
        await self._line.close()


async def compare(service: Service, world: OpaqueOrganisation, ledger: Ledger, mailboxes: list[Kept]) -> None:
    """Read these mailboxes from the service, each with its own token, and hold them against the ledger."""
    line = ServiceConnection(service)
    try:
        for kept in mailboxes:
            path = f"/{world.slug}/api/1/{kept.box.path}"
            status, answer = await line.exchange(request("GET", path, token=kept.box.tokens["read"]))
            assert status == 200
            ledger.compare(kept, answer)
    finally:
        await line.close()
