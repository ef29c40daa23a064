"""Durable storage for the intake service: it stores sealed envelopes, returns the same bytes and erases them on time.

`interface.Store` is what the service may ask for; `open_at` and `create_at` give it on SQLite or PostgreSQL. The
service imports from here only.
"""

from intake.store.backup.format import Summary
from intake.store.backup.streams import check_backup, load_backup, write_backup
from intake.store.backup.tally import Tally, tallied
from intake.store.errors import (
    BackupDamaged,
    BackupTooNew,
    ChunksMissing,
    Conflict,
    DriverMissing,
    FolderNotEmpty,
    FolderNotPrivate,
    Incomplete,
    MailboxFull,
    Malformed,
    MigrationFailed,
    NotABackup,
    NotAStore,
    NotFound,
    NotWhole,
    OutcomeUnknown,
    SchemaTooNew,
    StorageFull,
    StoreBusy,
    StoreError,
    StoreExists,
    StoreLocked,
    StoreTooOld,
    StoreUnavailable,
    TooMuchWritten,
    VersionMismatch,
)
from intake.store.interface import (
    BlobClaim,
    ClaimedBlob,
    Clock,
    Envelope,
    Mailbox,
    Member,
    Organisation,
    Store,
)
from intake.store.opening import create_at, migrating_at, open_at, restoring_at, socket_folder
from intake.store.sqlite.folder import refuse_half
from intake.store.sqlite.open import create_store, open_store
from intake.store.sqlite.store import SqliteStore

__all__ = [
    "BackupDamaged",
    "BackupTooNew",
    "BlobClaim",
    "ChunksMissing",
    "ClaimedBlob",
    "Clock",
    "Conflict",
    "DriverMissing",
    "Envelope",
    "FolderNotEmpty",
    "FolderNotPrivate",
    "Incomplete",
    "Mailbox",
    "MailboxFull",
    "Malformed",
    "Member",
    "MigrationFailed",
    "NotABackup",
    "NotAStore",
    "NotFound",
    "NotWhole",
    "Organisation",
    "OutcomeUnknown",
    "SchemaTooNew",
    "SqliteStore",
    "StorageFull",
    "Store",
    "StoreBusy",
    "StoreError",
    "StoreExists",
    "StoreLocked",
    "StoreTooOld",
    "StoreUnavailable",
    "Summary",
    "Tally",
    "TooMuchWritten",
    "VersionMismatch",
    "check_backup",
    "create_at",
    "create_store",
    "load_backup",
    "migrating_at",
    "open_at",
    "open_store",
    "refuse_half",
    "restoring_at",
    "socket_folder",
    "tallied",
    "write_backup",
]
