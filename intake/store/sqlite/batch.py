"""Runs waiting writes in one transaction, each in a SAVEPOINT of its own, so that each can fail by itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from intake.store.errors import Conflict, Malformed, NotFound, OutcomeUnknown, StoreError, StoreUnavailable
from intake.store.sqlite.connection import unavailable

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]

_REFUSALS: dict[str, type[StoreError]] = {
    "SQLITE_CONSTRAINT_FOREIGNKEY": NotFound,
    "SQLITE_CONSTRAINT_PRIMARYKEY": Conflict,
    "SQLITE_CONSTRAINT_UNIQUE": Conflict,
}


@dataclass(frozen=True)
class Outcome:
    """What an item of a batch has come to."""

    result: Any = None
    error: Exception | None = None


def _attempt(connection: sqlite3.Connection, operation: Operation[Any]) -> Outcome:
    """Run one item so that its failure undoes nothing else. Raises `sqlite3.Error` where all must fail."""
    connection.execute("SAVEPOINT item")
    try:
        outcome = Outcome(result=operation(connection))
    except sqlite3.IntegrityError as error:
        outcome = Outcome(error=_REFUSALS.get(getattr(error, "sqlite_errorname", ""), Malformed)())
    except (sqlite3.OperationalError, sqlite3.InternalError):
        raise
    except sqlite3.DatabaseError as error:
        if type(error) is sqlite3.DatabaseError:  # the file is damaged, or not a database any more
            raise
        outcome = Outcome(error=Malformed())
    except OverflowError:  # an integer beyond 64 bits
        outcome = Outcome(error=Malformed())
    except Exception as error:  # noqa: BLE001  the writer's outermost edge: a mistake in one item is its own
        outcome = Outcome(error=error)
    if outcome.error is not None:
        connection.execute("ROLLBACK TO item")
    connection.execute("RELEASE item")
    return outcome


def commit(connection: sqlite3.Connection, operations: Sequence[Operation[Any]]) -> list[Outcome]:
    """Run a batch in one transaction.

    Raises `StoreUnavailable`, with nothing stored, or `OutcomeUnknown`, if it cannot commit.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
        outcomes = [_attempt(connection, operation) for operation in operations]
    except sqlite3.Error as error:
        raise unavailable(error) from None
    else:
        _end(connection)
        return outcomes
    finally:
        if connection.in_transaction:  # SQLite has rolled back by itself after some errors, not after all
            connection.execute("ROLLBACK")


def _end(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        # If it is still there to be undone, it was refused. Otherwise the disk failed, and a part of the log that
        # holds the whole transaction may have reached it.
        raise unavailable(error, StoreUnavailable if connection.in_transaction else OutcomeUnknown) from None
