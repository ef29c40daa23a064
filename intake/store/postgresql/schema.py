"""The schema in the database: made, checked, and brought from any version to the newest.

There is one numbered file per version, run in one transaction together with the new number, so a schema is never half
applied. All is in a schema of its own, *drempel*, beside which others may live.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import psycopg
from psycopg.sql import SQL

from intake.store.errors import MigrationFailed
from intake.store.postgresql.connections import Link, one
from intake.store.postgresql.errors import DatabaseTooNew, NoStoreThere, StoreThere
from intake.store.postgresql.partitions import MAKING

FOLDER: Final = Path(__file__).with_name("migrations")


async def create(link: Link) -> None:
    """Make the schema, whole or not at all. Raises `StoreThere`, `psycopg.Error`."""
    async with link.transaction():
        await link.execute("SELECT pg_advisory_xact_lock(%s)", (MAKING,))
        if await _exists(link):
            raise StoreThere
        await link.execute("CREATE SCHEMA drempel")
        for version in sorted(_files()):
            await link.execute(_sql(version))


async def check(link: Link) -> None:
    """Make sure that the schema is this release's, upgrading it if older.

    Raises `NoStoreThere`, `DatabaseTooNew`, `MigrationFailed`, `psycopg.Error`.
    """
    newest = max(_files())
    version = await _version(link)
    if version > newest:
        raise DatabaseTooNew(f"Its schema is {version}, this release knows {newest}.")
    while version < newest:
        async with link.transaction():
            await link.execute("SELECT pg_advisory_xact_lock(%s)", (MAKING,))
            version = await _version(link)
            if version < newest:  # another host may have done it just now
                version += 1
                await _apply(link, version)


async def _apply(link: Link, version: int) -> None:
    try:
        await link.execute(_sql(version))
    except psycopg.DatabaseError as error:
        raise MigrationFailed(f"Schema {version}: {error.sqlstate}.") from None
    await link.execute("UPDATE release SET version = %s", (version,))


async def _version(link: Link) -> int:
    """The version of the schema in the database. Raises `NoStoreThere`."""
    if not await _exists(link):
        raise NoStoreThere
    try:
        row = await one(link, "SELECT version FROM release WHERE program = 'drempel'")
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
        raise NoStoreThere("Its schema drempel belongs to another program.") from None
    if row is None:
        raise NoStoreThere("Its schema drempel belongs to another program.")
    return int(row[0])


async def _exists(link: Link) -> bool:
    return await one(link, "SELECT 1 FROM pg_namespace WHERE nspname = 'drempel'") is not None


def _sql(version: int) -> SQL:
    return SQL(_files()[version].read_text(encoding="utf-8"))


def _files() -> dict[int, Path]:
    return {int(path.stem): path for path in FOLDER.glob("[0-9][0-9][0-9][0-9].sql")}
