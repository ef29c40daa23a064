"""The storage interface between the service and a database.

SQLite and PostgreSQL implement it, and one suite of tests runs on both. Ids, records and contents are bytes that the
store compares but never parses. A *day* is a count of days since 1970-01-01 UTC, a *week*
a calendar week's number as the protocol counts it; nothing finer than a day passes through here. Sizes are in
bytes. Every write returns only when it is durable: a crash after the return loses nothing. After an error nothing
was stored, unless it is `OutcomeUnknown` or the caller was cancelled; each write may be repeated, and then tells.

Every method may raise `StoreUnavailable`; every write also `OutcomeUnknown` (which is one), `StoreBusy`, and
`Malformed` for a value that the schema refuses. Other errors are named where they belong.
"""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # it names classes of this module
    from intake.store.backup.records import Record


@dataclass(frozen=True)
class Organisation:
    """An organisation and the few values of its newest directory that the server itself acts on."""

    id: bytes  # 32, the hash of its first root key
    slug: str  # [a-z0-9-]{1,40}
    retention_days: int
    slots: int  # key slots of an opening envelope: 2, 4, 8 ...
    directory_version: int  # 1 and up


# No repr below: an id or a record in a log line or a traceback would outlive the mailbox.


@dataclass(frozen=True, repr=False)
class Member:
    """A recipient of a new organisation: their login key, keyring and statement."""

    recipient: str
    login_key: builtins.bytes  # 32
    keyring: builtins.bytes
    counter: int  # of the statement
    statement: builtins.bytes
    week_keys: Mapping[int, builtins.bytes]  # week -> 1216 bytes


@dataclass(frozen=True, repr=False)
class Mailbox:
    """All that the server knows of a conversation or case file."""

    id: bytes  # 32
    organisation: bytes  # 32
    creation: bytes  # 225, the creation record as the client sent it, with the verifiers
    day: int
    expiry_day: int  # the first day on which it is gone
    tombstone_day: int  # the first day on which, once it is gone, that need not be remembered any more


@dataclass(frozen=True, repr=False)
class MailboxDays:
    """A mailbox in the list of all, with what may be told of it there."""

    id: bytes  # 32
    day: int
    expiry_day: int


@dataclass(frozen=True, repr=False)
class Envelope:
    """One sealed item of a mailbox."""

    mailbox: builtins.bytes  # 32
    id: builtins.bytes  # 16, chosen at random by the client
    day: int
    opening: bool  # whether it began its mailbox
    bytes: builtins.bytes


@dataclass(frozen=True, repr=False)
class BlobClaim:
    """A sealed file that an envelope names: it must have exactly the chunks 0 to `chunks` - 1."""

    blob: builtins.bytes  # 32
    chunks: int


@dataclass(frozen=True, repr=False)
class ClaimedBlob:
    """A file that belongs to a mailbox: how many chunks it has, and the first day on which it is gone."""

    chunks: int
    expiry_day: int


@dataclass(frozen=True, repr=False)
class TokenKey:
    """A key by which each process that serves the store recognises what another has signed."""

    key: builtins.bytes  # 32
    age_seconds: float  # since it was made, by a clock that they all share


@dataclass(frozen=True)
class Clock:
    """What is kept of the server's clock: whether a day may be believed before anything is erased on its word."""

    day: int  # the newest that was believed
    doubted_day: int | None = None  # that of the last round, if it was not believed
    steady_seconds: int = 0  # of running in which the doubted clock went on as a clock does


class Store(Protocol):
    """The storage that the service uses. Methods may be called concurrently from one event loop."""

    # Done once nothing can be written any more: the process should end with an error, to be started again.
    failed: asyncio.Future[None]

    # Whether other processes may write to it, so that what is remembered of it may be out of date.
    is_shared: bool

    async def leads(self) -> bool:
        """Whether this process does the daily rounds. Of those that serve the store, at most one does."""
        ...

    async def token_keys(self) -> list[TokenKey]:
        """The keys for tokens, at least one, the newest first. A store that is shared makes a new one each day.

        Another process may have made one since; a crash of the store may end them all.
        """
        ...

    async def organisations(self) -> list[Organisation]:
        """All organisations, by slug."""
        ...

    async def organisation(self, slug: str) -> Organisation | None:
        """The organisation under a slug."""
        ...

    async def add_organisation(
        self, org: Organisation, directory: bytes, members: Sequence[Member] = ()
    ) -> None:
        """Store a new organisation with its first directory document and its recipients, all or nothing.

        Raises `Conflict` if its id or its slug is taken.
        """
        ...

    async def put_directory(
        self, organisation: bytes, version: int, bytes: bytes, retention_days: int, slots: int
    ) -> None:
        """Store the next version of a directory, with the policy values that it sets.

        A stored version with the same bytes is left alone. Raises `Conflict` for other bytes under a stored
        version or a version that is not the next, `NotFound` for an unknown organisation.
        """
        ...

    async def directory(self, organisation: bytes, version: int | None = None) -> bytes | None:
        """The signed document exactly as it was put: one version, or the newest."""
        ...

    async def add_login(self, organisation: bytes, login_key: bytes, recipient: str) -> None:
        """Let a login key (32 bytes) stand for a recipient. The same again is left alone.

        Raises `Conflict` if the key stands for another recipient, `NotFound` for an unknown organisation.
        """
        ...

    async def recipient_by_login(self, organisation: bytes, login_key: bytes) -> str | None:
        """The recipient whose login key this is."""
        ...

    async def put_statement(
        self,
        organisation: bytes,
        recipient: str,
        counter: int,
        bytes: bytes,
        week_keys: Mapping[int, bytes],
        before_week: int,
    ) -> None:
        """Replace a recipient's statement and its keys (week -> 1216 bytes), leaving out those before `before_week`.

        The same counter with the same bytes changes nothing. Raises `Conflict` for a counter that does not
        grow, `NotFound` for an unknown organisation.
        """
        ...

    async def statements(self, organisation: bytes, week: int) -> list[tuple[str, bytes, bytes | None]]:
        """(recipient, statement, key of that week or None) of each recipient with a statement, by recipient."""
        ...

    async def keyring(self, organisation: bytes, recipient: str) -> tuple[int, bytes] | None:
        """(version, sealed bytes) of a recipient's keyring."""
        ...

    async def put_keyring(
        self, organisation: bytes, recipient: str, expected_version: int, bytes: bytes
    ) -> int:
        """Replace a keyring that is still at `expected_version` (0: there is none yet); returns the new version.

        Raises `VersionMismatch` if it is not, `NotFound` for an unknown organisation.
        """
        ...

    async def create_mailbox(
        self, mailbox: Mailbox, envelope_id: bytes, bytes: bytes, claims: Sequence[BlobClaim] = ()
    ) -> bool:
        """Store a mailbox with its opening envelope and give it files, all or nothing. True if it is new.

        False if the same creation record and opening were there already (days and files are not compared: a retry
        may come after midnight). Raises `Conflict` for anything else under that id, and for one that is gone until its
        `tombstone_day`; `NotFound` for an unknown organisation, `Incomplete` if a file is not whole, or belongs to
        another mailbox or organisation.
        """
        ...

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
        """Add a conversation envelope, and give files to its mailbox, all or nothing.

        True if it is new, False if the same bytes were there already. Raises `Conflict` for other bytes under the
        id, `NotFound` for an unknown mailbox, `MailboxFull` if the mailbox would then hold more than `max_bytes`,
        `max_envelopes` or `max_files`, those of its opening included, and `Incomplete` as `create_mailbox` does.
        """
        ...

    async def mailbox(self, organisation: bytes, id: bytes) -> Mailbox | None:
        """A mailbox of an organisation."""
        ...

    async def mailbox_bytes(self, mailbox: bytes) -> int:
        """How many bytes all envelopes of a mailbox have together, without reading them."""
        ...

    async def envelopes(self, mailbox: bytes) -> list[Envelope]:
        """All envelopes of a mailbox by id, an order that reveals nothing."""
        ...

    async def delete_mailbox(self, organisation: bytes, id: bytes) -> bool:
        """Erase a mailbox with its envelopes and files; False if there was none.

        It can't be read from then on. When its bytes are gone from the disk each store says; the daily round is the
        latest. Until its `tombstone_day` only a hash of its id stays, so that `create_mailbox` refuses it.
        """
        ...

    async def put_chunks(
        self,
        organisation: bytes,
        blob: bytes,
        first: int,
        chunks: Sequence[bytes],
        expiry_day: int,
        quota: int | None = None,
    ) -> None:
        """Store the chunks `first`, `first` + 1 ... of a file, all or none. Stored ones are left alone.

        The first chunk creates the file. Until a mailbox claims it, it expires on `expiry_day` of its newest chunk.
        Raises `Conflict` for other bytes under a number that is stored, for a new chunk of a file that a mailbox
        has claimed, and for another organisation's file; `NotFound` for an unknown organisation; `StorageFull` if
        the disk has no room for the new ones, or if `file_bytes` would then be over `quota`, if there is one.
        """
        ...

    async def file_bytes(self, organisation: bytes) -> int:
        """How many bytes an organisation's chunks take together, claimed or not, until each is erased from the disk.

        It is kept, not counted: 0 for an unknown organisation.
        """
        ...

    async def stored_chunks(self, organisation: bytes, blob: bytes) -> list[tuple[int, int]]:
        """The numbers of a file's stored chunks, as ascending half-open ranges; none if there is no such file."""
        ...

    async def claimed_blob(self, organisation: bytes, blob: bytes) -> ClaimedBlob | None:
        """A file of the organisation that belongs to a mailbox."""
        ...

    async def chunks(self, organisation: bytes, blob: bytes, first: int, limit: int) -> list[bytes]:
        """At most `limit` chunks from `first` on of a file that belongs to a mailbox; none if it is gone."""
        ...

    async def delete_blob(self, organisation: bytes, blob: bytes) -> None:
        """Erase a file that belongs to no mailbox, if there is one. Raises `Conflict` if it does."""
        ...

    async def erase_files(self) -> None:
        """Erase from the disk what was deleted and is still there, in steps between which other requests are served.

        In SQLite that is expired files, and chunks that a crash or a full disk has left; in PostgreSQL, once a day, all
        that was deleted. It also does what else of the daily work takes long, so call it after `expire`.
        """
        ...

    # What recipients fetch is without mailboxes that have expired on `today`, erased already or not.

    async def mailboxes(
        self, organisation: bytes, after: MailboxDays | None, limit: int, today: int
    ) -> list[MailboxDays]:
        """At most `limit` mailboxes of an organisation, in an order of the store's own that tells no more than days.

        `after` is the last one of the page before. An empty page is the end.
        """
        ...

    async def days(self, organisation: bytes, first_day: int, today: int) -> list[tuple[int, int, int]]:
        """(day, envelopes, bytes) of each day from `first_day` on that has any, oldest first."""
        ...

    async def envelopes_by_day(
        self, organisation: bytes, day: int, after: tuple[bytes, bytes] | None, limit_bytes: int, today: int
    ) -> list[tuple[Envelope, bytes | None]]:
        """One page of a day's envelopes, by (mailbox, id), each opening with its creation record.

        `after` is the (mailbox, id) of the last envelope of the page before. A page holds at most
        `limit_bytes` of envelopes, but at least one envelope; an empty page is the end.
        """
        ...

    async def envelope_ids(
        self, organisation: bytes, day: int, after: tuple[bytes, bytes] | None, limit: int, today: int
    ) -> list[tuple[bytes, bytes]]:
        """The (mailbox, id) of at most `limit` of a day's envelopes, in ascending order.

        `after` is the last one of the page before. An empty page is the end.
        """
        ...

    async def envelopes_among(
        self,
        organisation: bytes,
        day: int,
        wanted: Sequence[tuple[bytes, bytes]],
        limit_bytes: int,
        today: int,
    ) -> list[tuple[Envelope, bytes | None]]:
        """One page of those of a day's envelopes that are `wanted`: their (mailbox, id), in ascending order.

        It is as one of `envelopes_by_day`. The next has what is wanted after its last envelope; what is not there is
        left out. An empty page is the end.
        """
        ...

    async def clock(self) -> Clock | None:
        """The clock as it was kept last; None in a store that has never had a round."""
        ...

    async def keep_clock(self, kept: Clock) -> None:
        """Replace it."""
        ...

    async def heartbeat(self) -> None:
        """Commit a write that changes nothing, to show that one can be committed."""
        ...

    async def expired(self, today: int) -> tuple[int, int]:
        """How many mailboxes and how many unclaimed files `expire` would erase."""
        ...

    async def expire(self, today: int) -> int:
        """The daily round: erase mailboxes and unclaimed files whose expiry day has come; how many mailboxes.

        As for `delete_mailbox`, a hash stays until the `tombstone_day`; those of which it has come go too.
        The files can't be read from then on, and `erase_files` erases them from the disk. Call it at least once a day.
        """
        ...

    async def weaknesses(self) -> list[str]:
        """A sentence for each setting of the database that weakens a promise, for the operator."""
        ...

    def dump(self) -> AsyncGenerator[Sequence[Record], None]:
        """All that the store holds at the moment of the first step, some records at a time, in the order of `Record`.

        Without files that belong to no mailbox. Records of a kind come in an order that tells nothing of when they
        came. What is deleted meanwhile is gone for everybody at once, is in here all the same, and is erased from the
        disk once this has ended: so close it. Raises `TooMuchWritten` rather than slow other writes without bound.
        """
        ...

    async def load(self, portions: AsyncIterator[Sequence[Record]], *, goes_on: bool = False) -> None:
        """Take all that `dump` of any store gave. Durable when it returns, and portion by portion before.

        After an error, whether of this or of `portions`, the store holds a part. If the same is given once more, it
        `goes_on` with what is missing: of each kind of records as many as are there are not looked at. Raises
        `StoreExists` if it is not empty and does not go on, `StorageFull`, and `Conflict`, `NotFound` or `Malformed`
        for records that do not belong together.
        """
        ...

    async def close(self) -> None:
        """Finish the waiting writes, then close everything. Without it the process may never exit."""
        ...
