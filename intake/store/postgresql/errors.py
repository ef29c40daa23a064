"""The errors of a PostgreSQL store, and what the driver's errors mean.

Messages of the server may hold values of rows and addresses, so none is passed on: its code alone decides.
"""

from __future__ import annotations

from typing import Final

import psycopg

from intake.store.errors import (
    Conflict,
    Malformed,
    NotAStore,
    NotFound,
    SchemaTooNew,
    StoreError,
    StoreExists,
    StoreUnavailable,
)


class NoStoreThere(NotAStore):
    """This database holds no store of this service. Make one with `drempel demo --store`, or check the address."""


class StoreThere(StoreExists):
    """This database holds something already. Open the store that is in it, or make one in an empty database."""


class DatabaseTooNew(SchemaTooNew):
    """A newer release has used this database. Run that release, or put the backup from before the upgrade back."""


class NotWritable(StoreError):
    """This server only reads: it is a standby, or was set so. Give the address of the one that writes."""


class NotDurable(StoreError):
    """This server may lose what it has confirmed, so no report may go there. Set it right, then start again."""


DISK_FULL: Final = "The disk of the database is full."
LOST: Final = "The database does not answer."
_CAUSES: Final = {
    "25006": "The database only reads now.",
    "42501": "The role may not do this in the database.",
    "53100": DISK_FULL,
    "53300": "The database has no connection free.",
    "55P03": "Another program holds the database.",
    "57014": "The database took too long.",
    "XX001": "The database is damaged; restore a backup.",
    "XX002": "The database is damaged; restore a backup.",
}
_FOREIGN_KEY, _UNIQUE = "23503", "23505"
_READ_ONLY = "25006"
_REPEATABLE: Final = ("40001", "40P01")  # a conflict of transactions, a deadlock: all was undone
_MALFORMED: Final = ("22", "23")  # what a type or a CHECK refuses


def is_undone(error: psycopg.Error) -> bool:
    """Whether the same again may succeed at once."""
    return error.sqlstate in _REPEATABLE


def is_elsewhere(error: psycopg.Error) -> bool:
    """Whether another of the hosts in the address may be the one that writes now."""
    return error.sqlstate == _READ_ONLY


def translated(error: psycopg.Error) -> StoreError:
    """The store's error for one of the driver's, before or instead of a COMMIT."""
    state = error.sqlstate
    if state == _FOREIGN_KEY:
        return NotFound()
    if state == _UNIQUE:
        return Conflict()
    if state is None and isinstance(error, psycopg.DataError):  # text with a NUL
        return Malformed()
    if state is not None and state[:2] in _MALFORMED:
        return Malformed()
    if state is None or (state[:2] in ("08", "57") and state != "57014"):
        return StoreUnavailable(LOST)
    return StoreUnavailable(_CAUSES.get(state, ""))
