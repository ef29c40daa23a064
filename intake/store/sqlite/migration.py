"""Migrates the schema, which has one numbered SQL file per version, from any version to the newest.

A file runs in one transaction together with the new `PRAGMA user_version`, so a schema is never half applied.
Foreign keys are checked before the commit: here, where tables are rebuilt with enforcement off, and not at
every start, where the check would read a whole database whose writes have all been enforced.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from intake.store.errors import MigrationFailed

FOLDER = Path(__file__).with_name("migrations")


def newest_version() -> int:
    """The schema version of this release: the number of the last migration file."""
    return max(_files())


def migrate(connection: sqlite3.Connection, *, from_version: int) -> None:
    """Migrate a database in autocommit mode to the newest schema version, with one transaction per version.

    Raises `MigrationFailed`, with the database at the last version that succeeded.
    """
    files = _files()
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA foreign_keys = OFF")
    for version in range(from_version + 1, max(files) + 1):
        _apply(connection, version, files[version].read_text(encoding="utf-8"))
    connection.execute("PRAGMA foreign_keys = ON")


def _apply(connection: sqlite3.Connection, version: int, sql: str) -> None:
    try:
        connection.executescript(f"BEGIN EXCLUSIVE;\n{sql}\nPRAGMA user_version = {version};")
        if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise MigrationFailed(f"Schema {version}: a row refers to nothing.")
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise MigrationFailed(
            f"Schema {version}: {getattr(error, 'sqlite_errorname', 'SQLITE_ERROR')}."
        ) from None
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _files() -> dict[int, Path]:
    return {int(path.stem): path for path in FOLDER.glob("[0-9][0-9][0-9][0-9].sql")}
