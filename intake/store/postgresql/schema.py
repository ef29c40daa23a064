"""The schema in the database: made, checked, and brought from any version to the newest.

There is one numbered file per version, run in one transaction together with the new number, so a schema is never half
applied. All is in a schema of its own, *drempel*, beside which others may live.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import psycopg
from psycopg.sql import SQL, Identifier

from intake.store.errors import MigrationFailed
from intake.store.postgresql.connections import Link, every, one
from intake.store.postgresql.errors import DatabaseTooNew, NoStoreThere, StoreThere
from intake.store.postgresql.partitions import MAKING

FOLDER: Final = Path(__file__).with_name("migrations")


async def create(link: Link, filling: str | None = None) -> None:
    """Make the schema, whole or not at all, marked with what fills it. Raises `StoreThere`, `psycopg.Error`."""
    async with link.transaction():
        await link.execute("SELECT pg_advisory_xact_lock(%s)", (MAKING,))
        if await _exists(link):
            raise StoreThere
        await link.execute("CREATE SCHEMA drempel")
        for version in sorted(_files()):
            await link.execute(_sql(version))
        await mark(link, filling)


async def mark(link: Link, filling: str | None) -> None:
    """Note what fills the store, or (None) that it is whole. Raises `psycopg.Error`."""
    await link.execute("UPDATE release SET filling = %s", (filling,))


async def filling(link: Link) -> str | None:
    """What fills the store; None: it is whole. Raises `psycopg.Error`."""
    (found,) = await one(link, "SELECT filling FROM release")
    return None if found is None else str(found)


async def drop(link: Link) -> None:
    """Drop the schema with all that is in it, in steps: a server has locks for some partitions at a time."""
    for name in await every(link, "SELECT parent, day FROM partition"):
        await link.execute(SQL("DROP TABLE {}").format(Identifier("{}_{}".format(*name))))
    await link.execute("DROP SCHEMA drempel CASCADE")


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
