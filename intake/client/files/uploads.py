"""Uploads files chunk by chunk, until the server has all of them (PROTOCOL 16)."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from crypto.public.blobs import CHUNK_LENGTH
from crypto.public.encoding import b64, is_number
from crypto.public.errors import DirectoryError, DrempelError
from crypto.secret.attachment import CHUNK, Attachment, attachment_keys, chunk_count
from intake.client.connection import Connection, ConnectionProblem
from intake.client.files.chosen_file import ChosenFile, choose, choose_all
from intake.client.files.file_sealer import Batch, FileSealer
from intake.client.files.resume_note import ResumeNote, ResumeNotes
from intake.client.files.upload_pace import MOST_REQUESTS, UploadPace
from intake.client.organisation import Organisation

T = TypeVar("T")

MOST_READINGS = 4
MOST_LOOKS = 3
# Enough for the ranges of the largest blob if every second chunk of it is stored.
LONGEST_LISTING = 1024 * 1024


@dataclass
class UploadEvents:
    """Call-backs of an upload.

    `on_progress` gets a file's name, bytes stored and bytes in all; `on_changed` the name of a file that changed while
    it was read, so that all of it is sent again.
    """

    on_progress: Callable[[str, int, int], None] = lambda *_: None
    on_changed: Callable[[str], None] = lambda _: None


class _Upload:
    """The upload of one file into one blob, under one secret."""

    def __init__(
        self,
        connection: Connection,
        organisation: bytes,
        file: ChosenFile,
        secret: bytes,
        pace: UploadPace,
        events: UploadEvents,
    ) -> None:
        self._connection = connection
        self._organisation = organisation
        self._file = file
        self._secret = secret
        self._keys = attachment_keys(secret)
        self._path = f"blobs/{b64(self._keys.blob)}"
        self._count = chunk_count(file.size)
        self._pace = pace
        self._events = events
        # One for all requests: as long as some chunk of the file arrives, none of them has reason to give up.
        self._retry = connection.retry_files()
        self._done = 0
        self._turn = asyncio.Lock()

    async def send(self, *, is_resumed: bool) -> Attachment:
        """Send the missing chunks; gives the attachment. `is_resumed`: the server may have some of them.

        DrempelError `attachment-changed`, or `conflict` if a message has claimed the blob.
        """
        stored = await self._stored() if is_resumed else frozenset()
        if len(stored) == self._count and await self._is_claimed():
            raise ConnectionProblem("conflict")
        self._count_done(0)
        with ThreadPoolExecutor(1) as thread:
            sealer = FileSealer(self._file, self._organisation, self._secret, stored)
            try:
                async with _together() as group:
                    for _ in range(min(MOST_REQUESTS, self._count)):
                        group.create_task(self._send_batches(sealer, thread))
                return sealer.attachment()
            finally:
                await asyncio.get_running_loop().run_in_executor(thread, sealer.close)

    async def delete(self) -> None:
        """Delete the blob, with one try; the server drops it by itself in a day or two."""
        with suppress(ConnectionProblem):
            await self._connection.attempt("DELETE", self._path, token=self._keys.token)

    async def _stored(self) -> frozenset[int]:
        """The numbers of the chunks that the server has."""
        path, token = f"{self._path}/chunks", self._keys.token
        listing = await self._connection.json("GET", path, token=token, longest=LONGEST_LISTING)
        return _numbers(listing.get("stored"), self._count)

    async def _is_claimed(self) -> bool:
        """Whether a message has claimed the blob: only then can it be read, and its last chunk is the least to read."""
        path = f"{self._path}/chunks/{self._count - 1}"
        try:
            last = await self._connection.request("GET", path, token=self._keys.token, longest=CHUNK_LENGTH)
        except ConnectionProblem as problem:
            if problem.code != "blob-unknown":
                raise
            return False
        if len(last.content) != CHUNK_LENGTH:
            # The answer is from in between, such as a captive portal: no reason to seal the whole file again.
            raise ConnectionProblem("answer-damaged")
        return True

    async def _send_batches(self, sealer: FileSealer, thread: ThreadPoolExecutor) -> None:
        """Seal and send batches until none is left. While one of several tasks seals, the others send."""
        loop = asyncio.get_running_loop()
        while True:
            async with self._turn:
                batch = await loop.run_in_executor(thread, sealer.next, self._pace.chunks)
            if batch is None:
                return
            self._count_done(batch.skipped)
            await self._send(batch)

    async def _send(self, batch: Batch) -> None:
        """Send a batch, in smaller parts after a failure. Sealed chunks are kept until the server confirms them."""
        offset = 0
        while offset < len(batch.chunks):
            part: list[bytes] = []
            try:
                async with self._pace.place():
                    part = batch.chunks[offset : offset + self._pace.chunks]
                    await self._put(batch.first + offset, part)
            except ConnectionProblem as problem:
                if problem.code == "proxy-limit" and len(part) > 1:
                    self._pace.refused(len(part))
                    continue
                self._pace.failed()
                await self._retry.pause(problem)
                continue
            self._retry.progressed()
            self._count_done(len(part))
            offset += len(part)

    async def _put(self, first: int, part: list[bytes]) -> None:
        start = time.monotonic()
        path = f"{self._path}/chunks/{first}"
        await self._connection.attempt("PUT", path, token=self._keys.token, body=part)
        self._pace.arrived(time.monotonic() - start)

    def _count_done(self, chunks: int) -> None:
        self._done += chunks
        self._events.on_progress(self._file.name, min(self._done * CHUNK, self._file.size), self._file.size)


class Uploads:
    """The files of one message."""

    def __init__(
        self,
        connection: Connection,
        organisation: Organisation,
        paths: Sequence[Path],
        notes: ResumeNotes,
        events: UploadEvents,
    ) -> None:
        """Chooses the files: DrempelError as of `choose_all`, before anything is sent."""
        self._connection = connection
        self._organisation = organisation.directory.organisation
        self._largest = organisation.attachment_bytes
        self._files = choose_all(paths, self._largest)
        self._notes: list[ResumeNote | None] = [None for _ in paths]
        self._folder = notes
        self._pace = UploadPace()
        self._events = events

    @property
    def can_resume(self) -> bool:
        """Whether the same command can resume these uploads."""
        return any(note is not None and note.can_resume for note in self._notes)

    async def deliver(self, send: Callable[[tuple[Attachment, ...]], Awaitable[T]]) -> T:
        """Upload all files, send the message that names them by `send`, then remove the notes.

        If the server lacks chunks by then, since an operator may have made room, they are sent again. After a final
        refusal, by the service or by what the files are, the uploads are deleted; after any other failure the command
        can resume.
        """
        with self._connection.carrying_files() if self._files else nullcontext():
            try:
                return await self._deliver(send)
            except DrempelError as problem:
                if _is_final(problem):
                    await self._drop_all()
                raise
            finally:
                self._close()

    async def _deliver(self, send: Callable[[tuple[Attachment, ...]], Awaitable[T]]) -> T:
        for looks in range(MOST_LOOKS):
            attachments = tuple([await self._upload_file(number) for number in range(len(self._files))])
            try:
                sent = await send(attachments)
            except ConnectionProblem as problem:
                if problem.code != "attachments-incomplete" or looks == MOST_LOOKS - 1:
                    raise
            else:
                self._forget()
                return sent
        raise AssertionError("the last look ends it")

    async def _upload_file(self, number: int) -> Attachment:
        """Upload a file. If it changed, or its blob is claimed, it is sealed again under another secret."""
        for _ in range(MOST_READINGS - 1):
            try:
                return await self._upload_once(number)
            except DrempelError as problem:
                if problem.code not in ("attachment-changed", "conflict"):
                    raise
                if problem.code == "attachment-changed":
                    self._events.on_changed(self._files[number].name)
            await self._drop(number)
            self._files[number] = choose(self._files[number].path, self._largest)
        return await self._upload_once(number)

    async def _upload_once(self, number: int) -> Attachment:
        note = self._notes[number]
        is_resumed = note is not None
        if note is None:
            note = self._notes[number] = self._folder.take(self._files[number])
        return await self._upload(number, note).send(is_resumed=is_resumed or note.kept)

    def _upload(self, number: int, note: ResumeNote) -> _Upload:
        file = self._files[number]
        return _Upload(self._connection, self._organisation, file, note.secret, self._pace, self._events)

    async def _drop(self, number: int) -> None:
        note = self._notes[number]
        if note is not None:
            await self._upload(number, note).delete()
            note.remove()
        self._notes[number] = None

    async def _drop_all(self) -> None:
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


def _is_final(problem: DrempelError) -> bool:
    """Whether a refusal is final, and not due to a broken connection or a page from in between.

    After a directory that is older than one seen elsewhere, the same command fetches the directory again.
    """
    if problem.code == "answer-damaged" or isinstance(problem, DirectoryError):
        return False
    if not isinstance(problem, ConnectionProblem):
        return True
    return 400 <= problem.status < 500 and problem.code != "organisation-unknown"


def _numbers(ranges: Any, count: int) -> frozenset[int]:
    """The numbers in half-open ranges within `count`; ConnectionProblem `answer-damaged` if they are malformed."""
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
