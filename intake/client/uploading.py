"""Bringing files to a server, chunk by chunk, until all of them are there (PROTOCOL 16)."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from crypto.attachment import CHUNK, Attachment, attachment_keys, chunk_count
from crypto.claims import CHUNK_LENGTH
from crypto.encoding import b64, is_number
from crypto.errors import DirectoryError, DrempelError
from intake.client.choosing import Chosen, choose, choose_all
from intake.client.connection import Connection, ConnectionProblem
from intake.client.organisation import Organisation
from intake.client.pacing import MOST_REQUESTS, Pace
from intake.client.reading import Batch, Sealing
from intake.client.resuming import Note, Notes

T = TypeVar("T")

MOST_READINGS = 4
MOST_LOOKS = 3
# Enough for the ranges of the largest blob, were only every second chunk of it there.
LONGEST_LISTING = 1024 * 1024


@dataclass
class Told:
    """Whom a sending of files tells how it goes. `progress` gets a name, bytes there and bytes in all; `changed` the
    name of a file that changed while it was read, so that all of it is sent again."""

    progress: Callable[[str, int, int], None] = lambda *_: None
    changed: Callable[[str], None] = lambda _: None


class _Blob:
    """One file on its way into one blob, under one secret."""

    def __init__(
        self, connection: Connection, organisation: bytes, file: Chosen, secret: bytes, pace: Pace, told: Told
    ) -> None:
        self._connection = connection
        self._organisation = organisation
        self._file = file
        self._secret = secret
        self._keys = attachment_keys(secret)
        self._path = f"blobs/{b64(self._keys.blob)}"
        self._count = chunk_count(file.size)
        self._pace = pace
        self._told = told
        # One for all senders: as long as something of the file arrives, none of them has reason to give up.
        self._trying = connection.trying_file()
        self._there = 0
        self._turn = asyncio.Lock()

    async def send(self, *, begun: bool) -> Attachment:
        """Bring what is missing, and say what there is then. `begun`: some of it may be there.

        DrempelError `attachment-changed`, or `conflict` if the blob is a message's already.
        """
        stored = await self._stored() if begun else frozenset()
        if len(stored) == self._count and await self._is_claimed():
            raise ConnectionProblem("conflict")
        self._tell(0)
        with ThreadPoolExecutor(1) as thread:
            sealing = Sealing(self._file, self._organisation, self._secret, stored)
            try:
                async with _together() as group:
                    for _ in range(min(MOST_REQUESTS, self._count)):
                        group.create_task(self._send_batches(sealing, thread))
                return sealing.attachment()
            finally:
                await asyncio.get_running_loop().run_in_executor(thread, sealing.close)

    async def delete(self) -> None:
        """Take it off the server, if that is easily done; else it goes by itself in a day or two."""
        with suppress(ConnectionProblem):
            await self._connection.attempt("DELETE", self._path, token=self._keys.token)

    async def _stored(self) -> frozenset[int]:
        """The numbers of the chunks that the server has."""
        path, token = f"{self._path}/chunks", self._keys.token
        listing = await self._connection.json("GET", path, token=token, longest=LONGEST_LISTING)
        return _numbers(listing.get("stored"), self._count)

    async def _is_claimed(self) -> bool:
        """Whether a message has it already: only then can it be read, and the last chunk is the least to read."""
        path = f"{self._path}/chunks/{self._count - 1}"
        try:
            last = await self._connection.request("GET", path, token=self._keys.token, longest=CHUNK_LENGTH)
        except ConnectionProblem as problem:
            if problem.code != "blob-unknown":
                raise
            return False
        if len(last.content) != CHUNK_LENGTH:
            # Somebody between has answered: to seal it all anew for that would be to begin again for nothing.
            raise ConnectionProblem("answer-damaged")
        return True

    async def _send_batches(self, sealing: Sealing, thread: ThreadPoolExecutor) -> None:
        """Seal and send until nothing is left. While one of several senders seals, the others send."""
        loop = asyncio.get_running_loop()
        while True:
            async with self._turn:
                batch = await loop.run_in_executor(thread, sealing.next, self._pace.chunks)
            if batch is None:
                return
            self._tell(batch.passed)
            await self._send(batch)

    async def _send(self, batch: Batch) -> None:
        """Send a batch, in parts after a failure. What was sealed is kept until it is confirmed."""
        at = 0
        while at < len(batch.chunks):
            try:
                async with self._pace.place():
                    part = batch.chunks[at : at + self._pace.chunks]
                    await self._put(batch.first + at, part)
            except ConnectionProblem as problem:
                self._pace.failed()
                await self._trying.again(problem)
                continue
            self._trying.arrived()
            self._tell(len(part))
            at += len(part)

    async def _put(self, first: int, part: list[bytes]) -> None:
        start = time.monotonic()
        path = f"{self._path}/chunks/{first}"
        await self._connection.attempt("PUT", path, token=self._keys.token, body=part)
        self._pace.arrived(time.monotonic() - start)

    def _tell(self, chunks: int) -> None:
        self._there += chunks
        self._told.progress(self._file.name, min(self._there * CHUNK, self._file.size), self._file.size)


class Uploads:
    """The files of one message."""

    def __init__(
        self,
        connection: Connection,
        organisation: Organisation,
        paths: Sequence[Path],
        notes: Notes,
        told: Told,
    ) -> None:
        """Chooses them: DrempelError as of `choose_all`, before anything is sent."""
        self._connection = connection
        self._organisation = organisation.directory.organisation
        self._largest = organisation.attachment_bytes
        self._files = choose_all(paths, self._largest)
        self._notes: list[Note | None] = [None for _ in paths]
        self._folder = notes
        self._pace = Pace()
        self._told = told

    @property
    def lasting(self) -> bool:
        """Whether the same command can go on with what has been begun."""
        return any(note is not None and note.lasts for note in self._notes)

    async def deliver(self, send: Callable[[tuple[Attachment, ...]], Awaitable[T]]) -> T:
        """Bring all files to the server, then the message that names them by `send`, and forget the notes.

        If the server misses some of a file, which an operator may have made room of, that is brought again. A refusal
        by the service, or by what the files are, takes away what was brought; after all else the command can go on.
        """
        with self._connection.carrying_files() if self._files else nullcontext():
            try:
                return await self._deliver(send)
            except DrempelError as problem:
                if _ends(problem):
                    await self._take_back()
                raise
            finally:
                self._close()

    async def _deliver(self, send: Callable[[tuple[Attachment, ...]], Awaitable[T]]) -> T:
        for looks in range(MOST_LOOKS):
            attachments = tuple([await self._bring(number) for number in range(len(self._files))])
            try:
                sent = await send(attachments)
            except ConnectionProblem as problem:
                if problem.code != "attachments-incomplete" or looks == MOST_LOOKS - 1:
                    raise
            else:
                self._forget()
                return sent
        raise AssertionError("the last look ends it")

    async def _bring(self, number: int) -> Attachment:
        """Bring what is missing of a file, whatever it takes: a file that changed is sealed under another secret."""
        for _ in range(MOST_READINGS - 1):
            try:
                return await self._bring_once(number)
            except DrempelError as problem:
                if problem.code not in ("attachment-changed", "conflict"):
                    raise
                if problem.code == "attachment-changed":
                    self._told.changed(self._files[number].name)
            await self._drop(number)
            self._files[number] = choose(self._files[number].path, self._largest)
        return await self._bring_once(number)

    async def _bring_once(self, number: int) -> Attachment:
        note = self._notes[number]
        begun = note is not None
        if note is None:
            note = self._notes[number] = self._folder.take(self._files[number])
        return await self._blob(number, note).send(begun=begun or note.kept)

    def _blob(self, number: int, note: Note) -> _Blob:
        file = self._files[number]
        return _Blob(self._connection, self._organisation, file, note.secret, self._pace, self._told)

    async def _drop(self, number: int) -> None:
        note = self._notes[number]
        if note is not None:
            await self._blob(number, note).delete()
            note.remove()
        self._notes[number] = None

    async def _take_back(self) -> None:
        for number in range(len(self._files)):
            await self._drop(number)

    def _forget(self) -> None:
        for note in self._notes:
            if note is not None:
                note.remove()

    def _close(self) -> None:
        for note in self._notes:
            if note is not None:
                note.close()


def _ends(problem: DrempelError) -> bool:
    """Whether a refusal is final, and not just what a broken line or a page in between makes of an answer.

    A directory that is older than what others have seen is fetched anew by the same command.
    """
    if problem.code == "answer-damaged" or isinstance(problem, DirectoryError):
        return False
    if not isinstance(problem, ConnectionProblem):
        return True
    return 400 <= problem.status < 500 and problem.code != "organisation-unknown"


def _numbers(ranges: Any, count: int) -> frozenset[int]:
    """The numbers in half-open ranges within `count`; ConnectionProblem `answer-damaged` if they are none."""
    found: list[int] = []
    end = 0
    for item in ranges if isinstance(ranges, list) else [None]:
        if not isinstance(item, list) or len(item) != 2 or not all(is_number(n, end, count) for n in item):
            raise ConnectionProblem("answer-damaged")
        if item[0] >= item[1]:
            raise ConnectionProblem("answer-damaged")
        found += range(*item)
        end = item[1]
    return frozenset(found)


@asynccontextmanager
async def _together() -> AsyncIterator[asyncio.TaskGroup]:
    """A group of tasks whose first failure is raised as itself."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
