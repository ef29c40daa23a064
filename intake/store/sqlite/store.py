"""The storage interface on SQLite: one writer with group commit, a few readers, one data folder."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import TypeVar

from intake.store.backup.missing import missing
from intake.store.backup.records import Record
from intake.store.errors import StoreExists, StoreUnavailable
from intake.store.interface import (
    BlobClaim,
    ClaimedBlob,
    Clock,
    Envelope,
    Mailbox,
    MailboxDays,
    Member,
    Organisation,
    TokenKey,
)
from intake.store.sqlite import blobs, clock, lists, mailboxes, organisations, records, shuffle_days
from intake.store.sqlite.batch import Operation
from intake.store.sqlite.dump import Dump
from intake.store.sqlite.files import Files
from intake.store.sqlite.folder import Folder
from intake.store.sqlite.group_commit import GroupWriter
from intake.store.sqlite.load import Load
from intake.store.sqlite.readers import Readers
from intake.store.sqlite.room import NEARLY_FULL, Room
from intake.store.sqlite.shuffle_days import DayShuffle

T = TypeVar("T")

# Mailboxes erased in one transaction, or about as many files; the writer serves others between two.
EXPIRE_AT_ONCE = 64


class SqliteStore:
    """`interface.Store` on one SQLite file. Made by `open_store` or `create_store`; ends with `close()`.

    Also an async context manager that closes itself.
    """

    is_shared = False  # the folder's lock sees to that

    def __init__(self, folder: Folder, writer: GroupWriter, readers: Readers, files: Files) -> None:
        """Takes open parts, and closes them in the end."""
        self.folder = folder
        self.writer = writer
        self.readers = readers
        self.files = files
        self._room = Room(folder.path)
        self._today: int | None = None  # of the last round
        self._dumps: set[Dump] = set()
        self.failed = writer.failed
        self._closing: asyncio.Task[None] | None = None
        self._token_key, self._opened = os.urandom(32), time.monotonic()

    async def __aenter__(self) -> SqliteStore:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def leads(self) -> bool:
        """Always: no other process serves it."""
        return True

    async def token_keys(self) -> list[TokenKey]:
        """The key of this opening, which is nowhere on the disk."""
        return [TokenKey(self._token_key, time.monotonic() - self._opened)]

    async def organisations(self) -> list[Organisation]:
        """All organisations, by slug."""
        return await self.readers.read(organisations.organisations)

    async def organisation(self, slug: str) -> Organisation | None:
        """The organisation under a slug."""
        return await self.readers.read(lambda c: organisations.organisation(c, slug))

    async def add_organisation(
        self, org: Organisation, directory: bytes, members: Sequence[Member] = ()
    ) -> None:
        """Store a new organisation with its first directory document and its recipients. Raises `Conflict`."""
        # The queue's limit on bytes is for requests; an organisation is founded once, and by itself.
        await self._write(
            lambda c: organisations.add_organisation(c, org, directory, members), len(directory)
        )

    async def put_directory(
        self, organisation: bytes, version: int, bytes: bytes, retention_days: int, slots: int
    ) -> None:
        """Store the next version of a directory. Raises `Conflict`, `NotFound`."""
        policy = (retention_days, slots)
        await self._write(
            lambda c: organisations.put_directory(c, organisation, version, bytes, policy), len(bytes)
        )

    async def directory(self, organisation: bytes, version: int | None = None) -> bytes | None:
        """The signed document exactly as it was put: one version, or the newest."""
        return await self.readers.read(lambda c: organisations.directory(c, organisation, version))

    async def add_login(self, organisation: bytes, login_key: bytes, recipient: str) -> None:
        """Let a login key (32 bytes) stand for a recipient. Raises `Conflict`, `NotFound`."""
        await self._write(lambda c: organisations.add_login(c, organisation, login_key, recipient))

    async def recipient_by_login(self, organisation: bytes, login_key: bytes) -> str | None:
        """The recipient whose login key this is."""
        return await self.readers.read(lambda c: organisations.recipient_by_login(c, organisation, login_key))

    async def put_statement(
        self,
        organisation: bytes,
        recipient: str,
        counter: int,
        bytes: bytes,
        week_keys: Mapping[int, bytes],
        before_week: int,
    ) -> None:
        """Replace a statement and its keys, but for those before `before_week`. Raises `Conflict`, `NotFound`."""
        keys = dict(week_keys)  # a copy, since the caller's may change while the write waits

        def put(connection: sqlite3.Connection) -> None:
            if organisations.put_statement(connection, organisation, recipient, counter, bytes):
                organisations.put_week_keys(connection, organisation, recipient, keys, before_week)

        await self._write(put, len(bytes) + sum(map(len, keys.values())))

    async def statements(self, organisation: bytes, week: int) -> list[tuple[str, bytes, bytes | None]]:
        """(recipient, statement, key of that week or None), by recipient."""
        return await self.readers.read(lambda c: organisations.statements(c, organisation, week))

    async def keyring(self, organisation: bytes, recipient: str) -> tuple[int, bytes] | None:
        """(version, sealed bytes) of a recipient's keyring."""
        return await self.readers.read(lambda c: organisations.keyring(c, organisation, recipient))

    async def put_keyring(
        self, organisation: bytes, recipient: str, expected_version: int, bytes: bytes
    ) -> int:
        """Replace a keyring; returns its new version. Raises `VersionMismatch`, `NotFound`.

        The old one is erased from every file: an old keyring would undo forward secrecy.
        """
        return await self.writer.write(
            lambda c: organisations.put_keyring(c, organisation, recipient, expected_version, bytes),
            size=len(bytes),
            erases=True,
        )

    async def create_mailbox(
        self, mailbox: Mailbox, envelope_id: bytes, bytes: bytes, claims: Sequence[BlobClaim] = ()
    ) -> bool:
        """Store a mailbox, its opening, its files. True if it is new. Raises `Conflict`, `NotFound`, `Incomplete`."""
        return await self._write_text(
            lambda c: mailboxes.create_mailbox(c, mailbox, envelope_id, bytes, claims),
            lambda c: mailboxes.holds(c, mailbox.id),
            len(bytes),
        )

    async def append(
        self,
        mailbox: bytes,
        envelope_id: bytes,
        day: int,
        bytes: bytes,
        max_bytes: int,
        max_envelopes: int,
        max_files: int,
        claims: Sequence[BlobClaim] = (),
    ) -> bool:
        """Add an envelope and files. True if new. Raises `Conflict`, `NotFound`, `MailboxFull`, `Incomplete`."""
        envelope = Envelope(mailbox, envelope_id, day, False, bytes)
        limits = max_bytes, max_envelopes, max_files
        return await self._write_text(
            lambda c: mailboxes.append(c, envelope, *limits, claims),
            lambda c: mailboxes.holds(c, mailbox, envelope_id),
            len(bytes),
        )

    async def mailbox(self, organisation: bytes, id: bytes) -> Mailbox | None:
        """A mailbox of an organisation."""
        return await self.readers.read(lambda c: mailboxes.mailbox(c, organisation, id))

    async def mailbox_bytes(self, mailbox: bytes) -> int:
        """How many bytes all envelopes of a mailbox have together, without reading them."""
        return await self.readers.read(lambda c: mailboxes.total(c, mailbox)[1])

    async def envelopes(self, mailbox: bytes) -> list[Envelope]:
        """All envelopes of a mailbox, by id."""
        return await self.readers.read(lambda c: mailboxes.envelopes(c, mailbox))

    async def delete_mailbox(self, organisation: bytes, id: bytes) -> bool:
        """Erase a mailbox with its envelopes and files from every file; False if there was none."""
        existed, numbers = await self._erase(lambda c: mailboxes.delete_mailbox(c, organisation, id))
        await self.files.erase(numbers)
        return existed

    async def put_chunks(
        self,
        organisation: bytes,
        blob: bytes,
        first: int,
        chunks: Sequence[bytes],
        expiry_day: int,
        quota: int | None = None,
    ) -> None:
        """Store chunks of a file, all or none. Raises `Conflict`, `StorageFull`, `NotFound`."""
        await self.files.put(organisation, blob, first, chunks, expiry_day, quota)

    async def file_bytes(self, organisation: bytes) -> int:
        """How many bytes an organisation's chunks take together, until they are erased from the disk."""
        return await self.readers.read(lambda c: blobs.file_bytes(c, organisation))

    async def stored_chunks(self, organisation: bytes, blob: bytes) -> list[tuple[int, int]]:
        """The numbers of a file's stored chunks, as ascending half-open ranges."""
        return await self.files.stored(organisation, blob)

    async def claimed_blob(self, organisation: bytes, blob: bytes) -> ClaimedBlob | None:
        """A file that belongs to a mailbox."""
        return await self.files.claimed(organisation, blob)

    async def chunks(self, organisation: bytes, blob: bytes, first: int, limit: int) -> list[bytes]:
        """Some chunks of a file that belongs to a mailbox."""
        return await self.files.chunks(organisation, blob, first, limit)

    async def delete_blob(self, organisation: bytes, blob: bytes) -> None:
        """Erase a file that belongs to no mailbox. Raises `Conflict` if it does."""
        await self.files.delete(organisation, blob)

    async def erase_files(self) -> None:
        """Erase the chunks of deleted files from the disk, then the order of past days, in small steps."""
        try:
            await self.files.erase_owed()
        finally:
            if self._today is not None:
                await self._shuffle_days(self._today)

    async def mailboxes(
        self, organisation: bytes, after: MailboxDays | None, limit: int, today: int
    ) -> list[MailboxDays]:
        """At most `limit` mailboxes of an organisation, by day and id."""
        return await self.readers.read(lambda c: lists.mailboxes(c, organisation, after, limit, today))

    async def days(self, organisation: bytes, first_day: int, today: int) -> list[tuple[int, int, int]]:
        """(day, envelopes, bytes) of each day from `first_day` on that has any, oldest first."""
        return await self.readers.read(lambda c: lists.days(c, organisation, first_day, today))

    async def envelopes_by_day(
        self, organisation: bytes, day: int, after: tuple[bytes, bytes] | None, limit_bytes: int, today: int
    ) -> list[tuple[Envelope, bytes | None]]:
        """One page of a day's envelopes, by (mailbox, id), each opening with its creation record."""
        return await self.readers.read(
            lambda c: lists.envelopes_by_day(c, organisation, day, after, limit_bytes, today)
        )

    async def envelope_ids(
        self, organisation: bytes, day: int, after: tuple[bytes, bytes] | None, limit: int, today: int
    ) -> list[tuple[bytes, bytes]]:
        """The (mailbox, id) of at most `limit` of a day's envelopes, in ascending order."""
        return await self.readers.read(
            lambda c: lists.envelope_ids(c, organisation, day, after, limit, today)
        )

    async def envelopes_among(
        self,
        organisation: bytes,
        day: int,
        wanted: Sequence[tuple[bytes, bytes]],
        limit_bytes: int,
        today: int,
    ) -> list[tuple[Envelope, bytes | None]]:
        """One page of those of a day's envelopes that are `wanted`."""
        return await self.readers.read(
            lambda c: lists.envelopes_among(c, organisation, day, wanted, limit_bytes, today)
        )

    async def clock(self) -> Clock | None:
        """The clock as it was kept last."""
        return await self.readers.read(clock.clock)

    async def keep_clock(self, kept: Clock) -> None:
        """Replace it."""
        await self._write(lambda c: clock.keep_clock(c, kept))

    async def heartbeat(self) -> None:
        """Commit a write that changes nothing."""
        await self._write(clock.heartbeat)

    async def expired(self, today: int) -> tuple[int, int]:
        """How many mailboxes and unclaimed files `expire` would erase."""
        return await self.readers.read(lambda c: clock.expired(c, today))

    async def expire(self, today: int) -> int:
        """Erase what expires on `today` except chunks, and old backups."""
        self._today = today
        erased = await self._expire(lambda c: mailboxes.expire(c, today, EXPIRE_AT_ONCE))
        await self._expire(lambda c: blobs.expire(c, today, EXPIRE_AT_ONCE))
        await self._expire(lambda c: mailboxes.forget(c, today, EXPIRE_AT_ONCE))
        await asyncio.to_thread(self.folder.drop_old_backups, today)
        return erased

    async def dump(self) -> AsyncGenerator[Sequence[Record], None]:
        """All that the store holds at one moment, some records at a time. Raises `TooMuchWritten`."""
        if self._closing is not None:
            raise StoreUnavailable("It is closed.")
        dump = Dump(self.folder.database, self.files)
        self._dumps.add(dump)
        try:
            async with aclosing(dump.portions()) as portions:
                async for portion in portions:
                    yield portion
        finally:
            self._dumps.discard(dump)

    async def load(self, portions: AsyncIterator[Sequence[Record]], *, goes_on: bool = False) -> None:
        """Take all that `dump` of any store gave. Raises `StoreExists`, `StorageFull`, `Conflict`, `NotFound`."""
        there = await self.readers.read(records.counts)
        if any(there.values()) and not goes_on:
            raise StoreExists
        loading = Load(self.writer, self.files)
        async for portion in missing(portions, there):
            await loading.take(portion)
        await self._write(records.settle)

    async def _shuffle_days(self, today: int) -> None:
        shuffle, is_done = DayShuffle(today), False
        while not is_done:
            is_done = await self.writer.write(shuffle.step, size=shuffle_days.STEP_BYTES)
            await asyncio.sleep(shuffle_days.PAUSE_SECONDS)
        await self.writer.sweep()  # the log has the old order

    async def _expire(self, some: Callable[[sqlite3.Connection], int]) -> int:
        erased = 0
        while found := await self._erase(some):
            erased += found
        return erased

    async def weaknesses(self) -> list[str]:
        """None: the settings of every connection are this program's own."""
        return []

    async def close(self) -> None:
        """Finish the waiting writes, then close everything. May be called again."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="store close")
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        try:
            for dump in list(self._dumps):
                await dump.close()
            await self.readers.close()
            await self.files.close()
            await self.writer.close()
        finally:
            self.folder.release()

    async def _write_text(self, write: Operation[bool], holds: Operation[bool], size: int) -> bool:
        """Write what may be a new text. One that is there already (`holds`) needs no room."""

        def write_if_room(connection: sqlite3.Connection) -> bool:
            if not self._room.has(connection) and not holds(connection):
                raise StoreUnavailable(NEARLY_FULL)
            return write(connection)

        return await self._write(write_if_room, size)

    async def _erase(self, operation: Callable[[sqlite3.Connection], T]) -> T:
        """Delete, and erase what was deleted; on a full disk once more without the ballast."""
        try:
            return await self.writer.write(operation, erases=True)
        except StoreUnavailable:
            if not await asyncio.to_thread(self._room.give_up):
                raise
        return await self.writer.write(operation, erases=True)

    async def _write(self, operation: Callable[[sqlite3.Connection], T], size: int = 0) -> T:
        return await self.writer.write(operation, size=size)
