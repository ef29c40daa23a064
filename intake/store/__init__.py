"""Durable storage for the intake service: sealed envelopes in, the same bytes out, erased on time.

`interface.Store` is what the service may ask for; `open_store` and `create_store` give it on SQLite. The service
imports from here only.
"""

from intake.store.errors import (
    Conflict,
    FolderNotPrivate,
    Incomplete,
    MailboxFull,
    Malformed,
    MigrationFailed,
    NotAStore,
    NotFound,
    SchemaTooNew,
    StorageFull,
    StoreBusy,
    StoreError,
    StoreExists,
    StoreLocked,
    StoreUnavailable,
    VersionMismatch,
)
from intake.store.interface import BlobClaim, ClaimedBlob, Envelope, Mailbox, Member, Organisation, Store
from intake.store.opening import create_store, open_store
from intake.store.sqlite import SqliteStore

__all__ = [
    "BlobClaim",
    "ClaimedBlob",
    "Conflict",
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
    "SchemaTooNew",
    "SqliteStore",
    "StorageFull",
    "Store",
    "StoreBusy",
    "StoreError",
    "StoreExists",
    "StoreLocked",
    "StoreUnavailable",
    "VersionMismatch",
    "create_store",
    "open_store",
]
