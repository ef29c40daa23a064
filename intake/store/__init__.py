"""Durable storage for the intake service: sealed envelopes in, the same bytes out, erased on time.

`interface.Store` is what the service may ask for; `open_store` and `create_store` give it on SQLite. The service
imports from here only.
"""

from intake.store.errors import (
    Conflict,
    FolderNotPrivate,
    MailboxFull,
    Malformed,
    MigrationFailed,
    NotAStore,
    NotFound,
    SchemaTooNew,
    StoreBusy,
    StoreError,
    StoreExists,
    StoreLocked,
    StoreUnavailable,
    VersionMismatch,
)
from intake.store.interface import Envelope, Mailbox, Member, Organisation, Store
from intake.store.sqlite import SqliteStore, create_store, open_store

__all__ = [
    "Conflict",
    "Envelope",
    "FolderNotPrivate",
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
