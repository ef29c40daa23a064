"""Makes, opens or fills the store in a database: checks it first, on one connection."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psycopg

from intake.store.errors import RESTORING, NotWhole, StoreUnavailable
from intake.store.postgresql import schema, settings
from intake.store.postgresql.connections import Link, connect, one
from intake.store.postgresql.errors import LOST, StoreThere, translated
from intake.store.postgresql.partitions import FILLING
from intake.store.postgresql.store import PostgresStore


async def create_store(address: str) -> PostgresStore:
    """Make an empty store in a database, and open it.

    Raises `StoreThere`, `NotWritable`, `NotDurable`, `StoreUnavailable`.
    """
    return await _open(address, create=True)


async def open_store(address: str) -> PostgresStore:
    """Open the store in a database, upgrading its schema if this release is newer.

    Raises `NoStoreThere`, `NotWhole`, `DatabaseTooNew`, `MigrationFailed`, `NotWritable`, `NotDurable`,
    `StoreUnavailable`.
    """
    return await _open(address, create=False)


@asynccontextmanager
async def filling(address: str, name: str) -> AsyncIterator[PostgresStore]:
    """A store to `load` into, which is that of the database once the block has ended well.

    `name` is RESTORING, which begins anew and leaves nothing after an error, or MIGRATING, which takes up what an
    interrupted migration has left. Raises `StoreThere`, `NotWhole` if the other of them has left something, and what
    `open_store` raises.
    """
    async with _checking(address) as link:
        await link.execute("SELECT set_config('lock_timeout', '5s', false), pg_advisory_lock(%s)", (FILLING,))
        await _begin(link, name)
        try:
            async with PostgresStore(address) as store:
                yield store
            await schema.mark(link, None)
        except BaseException:
            if name == RESTORING:
                with suppress(psycopg.Error):  # what went wrong is told; the mark stays
                    await schema.drop(link)
            raise


async def _begin(link: Link, name: str) -> None:
    """Make a store that is marked with what fills it, or take up the one that is there."""
    try:
        await schema.create(link, name)
    except StoreThere:
        await schema.check(link)
        there = await schema.filling(link)
        if there is None and await one(link, "SELECT 1 FROM organisation LIMIT 1") is not None:
            raise
        if there not in (None, name):
            raise NotWhole(there) from None
        if there == RESTORING:
            await schema.drop(link)
            await schema.create(link, name)
        await schema.mark(link, name)


async def _open(address: str, *, create: bool) -> PostgresStore:
    async with _checking(address) as link:
        if create:
            await schema.create(link)
        else:
            await schema.check(link)
            if (by := await schema.filling(link)) is not None:
                raise NotWhole(by)
    return PostgresStore(address)


@asynccontextmanager
async def _checking(address: str) -> AsyncIterator[Link]:
    """A connection to a server that may confirm reports."""
    link = await _first(address)
    try:
        await settings.require(link)
        yield link
    except psycopg.Error as error:
        raise translated(error) from None
    finally:
        await link.close()


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
