"""Makes or opens the store in a database: checks it first, on one connection."""

from __future__ import annotations

import psycopg

from intake.store.errors import StoreUnavailable
from intake.store.postgresql import schema, settings
from intake.store.postgresql.connections import Link, connect
from intake.store.postgresql.errors import LOST, translated
from intake.store.postgresql.store import PostgresStore


async def create_store(address: str) -> PostgresStore:
    """Make an empty store in a database, and open it.

    Raises `StoreThere`, `NotWritable`, `NotDurable`, `StoreUnavailable`.
    """
    return await _open(address, create=True)


async def open_store(address: str) -> PostgresStore:
    """Open the store in a database, upgrading its schema if this release is newer.

    Raises `NoStoreThere`, `DatabaseTooNew`, `MigrationFailed`, `NotWritable`, `NotDurable`, `StoreUnavailable`.
    """
    return await _open(address, create=False)


async def _open(address: str, *, create: bool) -> PostgresStore:
    link = await _first(address)
    try:
        await settings.require(link)
        if create:
            await schema.create(link)
        else:
            await schema.check(link)
    except psycopg.Error as error:
        raise translated(error) from None
    finally:
        await link.close()
    return PostgresStore(address)


async def _first(address: str) -> Link:
    """The first connection. Its failure is told in the server's or libpq's words, which name no password."""
    try:
        return await connect(address)
    except psycopg.OperationalError as error:
        lines = str(error).strip().splitlines()
        why = lines[0] if lines else ""
        raise StoreUnavailable(f"{LOST} {why}".strip()) from None
    except psycopg.Error:  # its message repeats the address, and so may have the password
        raise StoreUnavailable(
            "The address of the database is not one that PostgreSQL understands."
        ) from None
