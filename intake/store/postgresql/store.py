"""The store on a PostgreSQL database. Nothing that another process would need is kept in this one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from types import TracebackType
from typing import Final, TypeVar

import psycopg

from intake.store.backup.missing import missing
from intake.store.backup.records import Record
from intake.store.errors import StorageFull, StoreBusy, StoreExists, StoreUnavailable
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
from intake.store.postgresql import blobs, clock, dump, hosts, lists, mailboxes, organisations, settings
from intake.store.postgresql.connections import Connections, Link, Operation, connect
from intake.store.postgresql.errors import DISK_FULL, translated
from intake.store.postgresql.group_commit import GroupWriter
from intake.store.postgresql.load import Load
from intake.store.postgresql.mailboxes import Creation
from intake.store.postgresql.night import night

T = TypeVar("T")

# Connections for texts, for files, which hold one for megabytes, and one each for the group of new reports and the
# night: eight for a process.
TEXTS, FILES = 4, 2
QUEUE_ITEMS: Final = 2048
QUEUE_BYTES = 64 * 1024 * 1024
# Mailboxes or files erased in one transaction; others are served between two.
EXPIRE_AT_ONCE = 64


class PostgresStore:
    """`interface.Store` on one PostgreSQL database. Made by `open_store` or `create_store`; ends with `close()`.

    Also an async context manager that closes itself.
    """

    is_shared = True

    def __init__(self, address: str) -> None:
        """Connects when it needs to. The database is one that `open` has checked."""
        self._address = address
        self._links: set[Link] = set()
        self._closed = False
        self._texts = Connections(address, TEXTS)
        self._files = Connections(address, FILES)
        self._reports = Connections(address, 1)
        self._nights = Connections(address, 1)
        self._writer = GroupWriter(self._reports)
        self._held_items = self._held_bytes = 0
        self._today: int | None = None  # of the last round
        self.failed = self._writer.failed

    async def __aenter__(self) -> PostgresStore:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def leads(self) -> bool:
        """Whether this process does the rounds: who asks first does, until its connection for the night ends."""
        return await self._nights.read(hosts.leads)

    async def token_keys(self) -> list[TokenKey]:
        """The keys that all processes share, the newest first; a new one each day."""
        return await self._texts.write(hosts.token_keys)

    async def organisations(self) -> list[Organisation]:
        """All organisations, by slug."""
        return await self._texts.read(organisations.organisations)

    async def organisation(self, slug: str) -> Organisation | None:
        """The organisation under a slug."""
        return await self._texts.read(lambda c: organisations.organisation(c, slug))

    async def add_organisation(
        self, org: Organisation, directory: bytes, members: Sequence[Member] = ()
    ) -> None:
        """Store a new organisation with its first directory document and its recipients. Raises `Conflict`."""
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
        return await self._texts.read(lambda c: organisations.directory(c, organisation, version))

    async def add_login(self, organisation: bytes, login_key: bytes, recipient: str) -> None:
        """Let a login key (32 bytes) stand for a recipient. Raises `Conflict`, `NotFound`."""
        await self._write(lambda c: organisations.add_login(c, organisation, login_key, recipient))

    async def recipient_by_login(self, organisation: bytes, login_key: bytes) -> str | None:
        """The recipient whose login key this is."""
        return await self._texts.read(lambda c: organisations.recipient_by_login(c, organisation, login_key))

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
        await self._write(
            lambda c: organisations.put_statement(
                c, organisation, recipient, counter, bytes, keys, before_week
            ),
            len(bytes) + sum(map(len, keys.values())),
        )

    async def statements(self, organisation: bytes, week: int) -> list[tuple[str, bytes, bytes | None]]:
        """(recipient, statement, key of that week or None), by recipient."""
        return await self._texts.read(lambda c: organisations.statements(c, organisation, week))

    async def keyring(self, organisation: bytes, recipient: str) -> tuple[int, bytes] | None:
        """(version, sealed bytes) of a recipient's keyring."""
        return await self._texts.read(lambda c: organisations.keyring(c, organisation, recipient))

    async def put_keyring(
        self, organisation: bytes, recipient: str, expected_version: int, bytes: bytes
    ) -> int:
        """Replace a keyring; returns its new version. Raises `VersionMismatch`, `NotFound`.

        The old one is in the server's files until the night.
        """
        return await self._write(
            lambda c: organisations.put_keyring(c, organisation, recipient, expected_version, bytes),
            len(bytes),
        )

    async def create_mailbox(
        self, mailbox: Mailbox, envelope_id: bytes, bytes: bytes, claims: Sequence[BlobClaim] = ()
    ) -> bool:
        """Store a mailbox, its opening, its files. True if it is new. Raises `Conflict`, `NotFound`, `Incomplete`."""
        new = Creation(mailbox, envelope_id, bytes)
        if claims:
            return await self._write(lambda c: mailboxes.create(c, new, claims), len(bytes))
        with self._holding(len(bytes)):
            return await self._writer.create(new)

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
        return await self._write(lambda c: mailboxes.append(c, envelope, limits, claims), len(bytes))

    async def mailbox(self, organisation: bytes, id: bytes) -> Mailbox | None:
        """A mailbox of an organisation."""
        return await self._texts.read(lambda c: mailboxes.mailbox(c, organisation, id))

    async def mailbox_bytes(self, mailbox: bytes) -> int:
        """How many bytes all envelopes of a mailbox have together, without reading them."""
        return await self._texts.read(lambda c: mailboxes.size(c, mailbox))

    async def envelopes(self, mailbox: bytes) -> list[Envelope]:
        """All envelopes of a mailbox, by id."""
        return await self._texts.read(lambda c: mailboxes.envelopes(c, mailbox))

    async def delete_mailbox(self, organisation: bytes, id: bytes) -> bool:
        """Delete a mailbox with its envelopes and files; False if there was none. The night erases them."""
        return await self._write(lambda c: mailboxes.delete(c, organisation, id))

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
        numbered = dict(enumerate(chunks, first))
        with self._holding(sum(map(len, chunks))):
            try:
                await self._files.write(
                    lambda c: blobs.put(c, organisation, blob, numbered, expiry_day, quota)
                )
            except StoreUnavailable as error:
                if error.detail == DISK_FULL:
                    raise StorageFull from None
                raise

    async def file_bytes(self, organisation: bytes) -> int:
        """How many bytes an organisation's chunks take together, until the night has erased them."""
        return await self._files.read(lambda c: blobs.file_bytes(c, organisation))

    async def stored_chunks(self, organisation: bytes, blob: bytes) -> list[tuple[int, int]]:
        """The numbers of a file's stored chunks, as ascending half-open ranges."""
        return await self._files.read(lambda c: blobs.stored(c, organisation, blob))

    async def claimed_blob(self, organisation: bytes, blob: bytes) -> ClaimedBlob | None:
        """A file that belongs to a mailbox."""
        return await self._files.read(lambda c: blobs.claimed(c, organisation, blob))

    async def chunks(self, organisation: bytes, blob: bytes, first: int, limit: int) -> list[bytes]:
        """Some chunks of a file that belongs to a mailbox."""
        return await self._files.read(lambda c: blobs.chunks(c, organisation, blob, first, limit))

    async def delete_blob(self, organisation: bytes, blob: bytes) -> None:
        """Delete a file that belongs to no mailbox. Raises `Conflict` if it does. The night erases it."""
        await self._write(lambda c: blobs.delete(c, organisation, blob))

    async def erase_files(self) -> None:
        """Once a day: erase from the server's files what was deleted, and the order of arrival (night.py)."""
        if self._today is not None:
            today = self._today
            await self._nights.read(lambda c: night(c, today))

    async def mailboxes(
        self, organisation: bytes, after: MailboxDays | None, limit: int, today: int
    ) -> list[MailboxDays]:
        """At most `limit` mailboxes of an organisation, by id."""
        return await self._texts.read(lambda c: lists.mailboxes(c, organisation, after, limit, today))

    async def days(self, organisation: bytes, first_day: int, today: int) -> list[tuple[int, int, int]]:
        """(day, envelopes, bytes) of each day from `first_day` on that has any, oldest first."""
        return await self._texts.read(lambda c: lists.days(c, organisation, first_day, today))

    async def envelopes_by_day(
        self, organisation: bytes, day: int, after: tuple[bytes, bytes] | None, limit_bytes: int, today: int
    ) -> list[tuple[Envelope, bytes | None]]:
        """One page of a day's envelopes, by (mailbox, id), each opening with its creation record."""
        return await self._texts.read(
            lambda c: lists.envelopes_by_day(c, organisation, day, after, limit_bytes, today)
        )

    async def envelope_ids(
        self, organisation: bytes, day: int, after: tuple[bytes, bytes] | None, limit: int, today: int
    ) -> list[tuple[bytes, bytes]]:
        """The (mailbox, id) of at most `limit` of a day's envelopes, in ascending order."""
        return await self._texts.read(lambda c: lists.envelope_ids(c, organisation, day, after, limit, today))

    async def envelopes_among(
        self,
        organisation: bytes,
        day: int,
        wanted: Sequence[tuple[bytes, bytes]],
        limit_bytes: int,
        today: int,
    ) -> list[tuple[Envelope, bytes | None]]:
        """One page of those of a day's envelopes that are `wanted`."""
        return await self._texts.read(
            lambda c: lists.envelopes_among(c, organisation, day, wanted, limit_bytes, today)
        )

    async def clock(self) -> Clock | None:
        """The clock as it was kept last."""
        return await self._texts.read(clock.clock)

    async def keep_clock(self, kept: Clock) -> None:
        """Replace it."""
        await self._write(lambda c: clock.keep_clock(c, kept))

    async def heartbeat(self) -> None:
        """Commit a write that changes nothing, on the connection of new reports."""
        await self._reports.write(clock.heartbeat)

    async def expired(self, today: int) -> tuple[int, int]:
        """How many mailboxes and unclaimed files `expire` would erase."""
        return await self._texts.read(lambda c: clock.expired(c, today))

    async def expire(self, today: int) -> int:
        """Delete what expires on `today`. The night erases it."""
        self._today = today
        erased = 0
        while found := await self._texts.write(lambda c: mailboxes.expire(c, today, EXPIRE_AT_ONCE)):
            erased += found
        while await self._texts.write(lambda c: blobs.expire(c, today, EXPIRE_AT_ONCE)):
            pass
        while await self._texts.write(lambda c: mailboxes.forget(c, today, EXPIRE_AT_ONCE)):
            pass
        return erased

    async def dump(self) -> AsyncGenerator[Sequence[Record], None]:
        """All that the store holds at one moment, some records at a time. A night's work waits for its end."""
        async with self._link() as link, aclosing(dump.portions(link)) as portions:
            async for portion in portions:
                yield portion

    async def load(self, portions: AsyncIterator[Sequence[Record]], *, goes_on: bool = False) -> None:
        """Take all that `dump` of any store gave. Raises `StoreExists`, `Conflict`, `NotFound`."""
        async with self._link() as link:
            await link.execute("SET statement_timeout = 0")
            there = await dump.counts(link)
            if any(there.values()) and not goes_on:
                raise StoreExists
            loading = Load(link)
            async for portion in missing(portions, there):
                await loading.take(portion)

    async def weaknesses(self) -> list[str]:
        """A sentence for each setting of the server that weakens a promise."""
        return await self._texts.read(settings.weaknesses)

    async def close(self) -> None:
        """Finish the waiting writes, then close everything. May be called again.

        A night's work is broken off: what it had not finished, the next one does.
        """
        self._closed = True
        for link in self._links:
            await link.close()
        await self._nights.close(cancel=True)
        await self._writer.close()
        for connections in (self._reports, self._texts, self._files):
            await connections.close()

    @asynccontextmanager
    async def _link(self) -> AsyncIterator[Link]:
        """A connection of one's own, for what takes long. Raises `StoreUnavailable`, and the store's errors."""
        try:
            if self._closed:
                raise StoreUnavailable("It is closed.")
            link = await connect(self._address)
            self._links.add(link)
            try:
                yield link
            finally:
                self._links.discard(link)
                await link.close()
        except psycopg.Error as error:
            raise translated(error) from None

    async def _write(self, operation: Operation[T], size: int = 0) -> T:
        with self._holding(size):
            return await self._texts.write(operation)

    @contextmanager
    def _holding(self, size: int) -> Iterator[None]:
        """Count what waits to be written, and its bytes. Raises `StoreBusy` if that is too much."""
        if self._held_items >= QUEUE_ITEMS or self._held_bytes + size > QUEUE_BYTES:
            raise StoreBusy
        self._held_items += 1
        self._held_bytes += size
        try:
            yield
        finally:
            self._held_items -= 1
            self._held_bytes -= size
