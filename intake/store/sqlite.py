"""The storage interface on SQLite: one writer with group commit, a few readers, one data folder."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TypeVar

from intake.store import blobs, mailboxes, organisations
from intake.store.blobs import Whole
from intake.store.files import Files
from intake.store.folder import Folder
from intake.store.interface import BlobClaim, ClaimedBlob, Envelope, Mailbox, Member, Organisation
from intake.store.readers import Readers
from intake.store.settle import Settling
from intake.store.writer import GroupWriter

T = TypeVar("T")

# Mailboxes erased in one transaction, or about as many files; the writer serves others between two.
EXPIRE_AT_ONCE = 64


class SqliteStore:
    """`interface.Store` on one SQLite file. Made by `open_store` or `create_store`; ends with `close()`.

    Also an async context manager that closes itself.
    """

    def __init__(self, folder: Folder, writer: GroupWriter, readers: Readers, files: Files) -> None:
        """Put together from open parts, which it closes in the end."""
        self.folder = folder
        self.writer = writer
        self.readers = readers
        self.files = files
        self._closing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> SqliteStore:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

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
        # The queue's bound on bytes is for what comes over the network; founding happens once, and alone.
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
        keys = dict(week_keys)  # the caller's may change while it waits

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

        The one it replaces is erased from every file, or an old keyring would undo forward secrecy.
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
        if not claims:
            return await self._write(mailboxes.Creation(mailbox, envelope_id, bytes), len(bytes))
        with self.files.holding(len(bytes)):
            wholes = await self.files.whole(claims)
        return await self._write(
            lambda c: mailboxes.create_mailbox(c, mailbox, envelope_id, bytes, wholes), len(bytes)
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
        wholes: list[Whole | None] = []
        if claims:
            with self.files.holding(len(bytes)):
                wholes = await self.files.whole(claims)
        limits = max_bytes, max_envelopes, max_files
        return await self._write(lambda c: mailboxes.append(c, envelope, *limits, wholes), len(bytes))

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
        there, numbers = await self.writer.write(
            lambda c: mailboxes.delete_mailbox(c, organisation, id), erases=True
        )
        await self.files.erase(numbers)
        return there

    async def put_chunks(
        self, organisation: bytes, blob: bytes, first: int, chunks: Sequence[bytes], expiry_day: int
    ) -> None:
        """Store chunks of a file, all or none. Raises `Conflict`, `StorageFull`, `NotFound`."""
        await self.files.put(organisation, blob, first, chunks, expiry_day)

    async def stored_chunks(self, organisation: bytes, blob: bytes) -> list[tuple[int, int]]:
        """Which chunks of a file are there, as ascending half-open ranges."""
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
        """Take the chunks of files that are gone off the disk, in small steps."""
        await self.files.erase_owed()

    async def mailboxes(self, organisation: bytes) -> list[bytes]:
        """The ids of all mailboxes of an organisation, in ascending order."""
        return await self.readers.read(lambda c: mailboxes.ids(c, organisation))

    async def days(self, organisation: bytes, first_day: int) -> list[tuple[int, int, int]]:
        """(day, envelopes, bytes) of each day from `first_day` on that has any, oldest first."""
        return await self.readers.read(lambda c: mailboxes.days(c, organisation, first_day))

    async def envelopes_by_day(
        self, organisation: bytes, day: int, after: tuple[bytes, bytes] | None, limit_bytes: int
    ) -> list[tuple[Envelope, bytes | None]]:
        """One page of a day's envelopes, by (mailbox, id), each opening with its creation record."""
        return await self.readers.read(
            lambda c: mailboxes.envelopes_by_day(c, organisation, day, after, limit_bytes)
        )

    async def expire(self, today: int) -> int:
        """Erase what expires on `today` but for chunks, old backups, and the order of the days before it."""
        erased = await self._expire(lambda c: mailboxes.expire(c, today, EXPIRE_AT_ONCE))
        await self._expire(lambda c: blobs.expire(c, today, EXPIRE_AT_ONCE))
        await asyncio.to_thread(self.folder.drop_old_backups, today)
        settling = Settling(today)
        while not await self.writer.write(settling.step, erases=True):
            pass
        await self.writer.sweep()
        return erased

    async def _expire(self, some: Callable[[sqlite3.Connection], int]) -> int:
        erased = 0
        while found := await self.writer.write(some, erases=True):
            erased += found
        return erased

    async def close(self) -> None:
        """Finish what waits to be written, then let everything go. May be called again."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="store close")
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        try:
            await self.readers.close()
            await self.files.close()
            await self.writer.close()
        finally:
            self.folder.release()

    async def _write(self, operation: Callable[[sqlite3.Connection], T], size: int = 0) -> T:
        return await self.writer.write(operation, size=size)
