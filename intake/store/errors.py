"""The errors of the store. The docstring of each error is the sentence the operator reads.

No message ever holds SQL, a parameter, an id or a byte that a client sent: these errors are logged.
"""

from __future__ import annotations

import inspect
from typing import Final


class StoreError(Exception):
    """The store could not do what was asked."""

    def __init__(self, detail: str = "") -> None:
        """`detail` is an optional second sentence: a folder, a version, a cause; never a client's data."""
        sentence = " ".join(inspect.cleandoc(type(self).__doc__ or "").split())
        super().__init__(f"{sentence} {detail}" if detail else sentence)
        self.detail = detail


class StoreLocked(StoreError):
    """Another instance of the service is using this data folder. Stop it first; one folder serves one instance."""


class StoreExists(StoreError):
    """There is a store in this data folder already. Open it, or choose an empty folder."""


class FolderNotPrivate(StoreError):
    """Other users of this machine can enter the data folder. Close it with `chmod 700`, then start again."""


class SchemaTooNew(StoreError):
    """A newer release has used this data folder. Run that release, or put its backup from before the upgrade back."""


class StoreTooOld(StoreError):
    """Release 0.1 made this data folder, and this release cannot read it. Make a new one with `drempel init`."""


class NotAStore(StoreError):
    """This folder holds no store of this service. Make one with `drempel init`, or check the path."""


# What fills a store, by the name that a half-filled one is marked with.
RESTORING, MIGRATING = "restoring", "migrating"
_UNFINISHED: Final = {
    RESTORING: "A restore into it was not finished: run `drempel restore` again.",
    MIGRATING: "A migration into it was not finished: run `drempel migrate-store` again.",
}


class NotWhole(NotAStore):
    """This store is not whole, so it can't be used."""

    def __init__(self, filling: str) -> None:
        super().__init__(_UNFINISHED[filling])


class DriverMissing(StoreError):
    """A store in PostgreSQL needs one package more: install `drempel[postgresql]`, or psycopg and libpq."""


class NotABackup(StoreError):
    """This file is no backup of this service. Nothing was restored."""


class BackupTooNew(StoreError):
    """A newer release has made this backup. Restore it with that release; nothing was changed here."""


class BackupDamaged(StoreError):
    """This backup is damaged or cut short, and was not restored. Take another one, or another copy of it."""


class FolderNotEmpty(StoreError):
    """There is something else in this folder already. Take a new or an empty one; nothing was changed."""


class TooMuchWritten(StoreError):
    """So much was written meanwhile that the service stopped the backup: it slows everybody. Try again later."""


class MigrationFailed(StoreError):
    """The database could not be brought to this release's schema. It was left as it was, beside its backup."""


class StoreUnavailable(StoreError):
    """The database cannot be read or written just now, and nothing of this was stored."""


class ChunksMissing(StoreUnavailable):
    """Bytes of a file are missing in the store, so there can be no whole copy of it. An earlier backup is needed."""


class OutcomeUnknown(StoreUnavailable):
    """The disk or the store failed while this was being stored: it may be there or not. The same again will tell."""


class StoreBusy(StoreError):
    """More is waiting to be written than the store accepts at once. Trying again in a moment will work."""


class Conflict(StoreError):
    """Something else is stored in this place already."""


class NotFound(StoreError):
    """The store has no such organisation or mailbox."""


class Incomplete(StoreError):
    """Not all chunks of a file are there, or it belongs to something else. Nothing was stored."""


class StorageFull(StoreError):
    """There is no room for files now, on the disk or in the quota, and nothing of this request was stored."""


class MailboxFull(StoreError):
    """This mailbox has reached its limit of envelopes, bytes or files."""


class VersionMismatch(StoreError):
    """Somebody else has written a newer version meanwhile. Read it, merge, and write again."""


class Malformed(StoreError):
    """A value of the wrong length, type or range was given to the store; this is a mistake in the service."""
