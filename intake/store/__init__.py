"""Durable storage for the intake service: it stores sealed envelopes, returns the same bytes and erases them on time.

`interface.Store` is what the service may ask for; `open_at` and `create_at` give it on SQLite or PostgreSQL. The
service imports from here only.
"""

from intake.store.errors import (
    Conflict,
    DriverMissing,
    FolderNotPrivate,
    Incomplete,
    MailboxFull,
    Malformed,
    MigrationFailed,
    NotAStore,
    NotFound,
    OutcomeUnknown,
    SchemaTooNew,
    StorageFull,
    StoreBusy,
    StoreError,
    StoreExists,
    StoreLocked,
    StoreTooOld,
    StoreUnavailable,
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
from intake.store.opening import create_at, open_at, socket_folder
from intake.store.sqlite.open import create_store, open_store
from intake.store.sqlite.store import SqliteStore

__all__ = [
    "BlobClaim",
    "ClaimedBlob",
    "Clock",
    "Conflict",
    "DriverMissing",
    "Envelope",
    "FolderNotPrivate",
    "Incomplete",
    "Mailbox",
    "MailboxFull",
    "Malformed",
    "Member",
    "MigrationFailed",
    "NotAStore",
    "NotFound",
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
    "VersionMismatch",
    "create_at",
    "create_store",
    "open_at",
    "open_store",
    "socket_folder",
]
