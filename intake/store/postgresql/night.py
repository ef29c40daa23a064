"""The work of a night: what was deleted goes from the server's files, and so does the order in which things came.

PostgreSQL leaves a deleted row where it was, and tells of each row that is there in which transaction it came and
where it was put. So what was written to since the last night is written anew, in the order of random ids, by one
transaction, and the old files go. Reads go on meanwhile; what is written into the same day waits for its copy.

One host does it at a time, and a crash leaves at most what was not begun: each step is a transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from intake.store.postgresql import blobs, partitions
from intake.store.postgresql.connections import Link, every, one

ORDERS: Final = {
    "envelope": "mailbox, id",
    "chunk": "blob, chunk",
    "mailbox_id": "id",
    "tombstone": "hash",
    "blob": "id",
}
REGISTERS: Final = ("mailbox_id", "tombstone", "blob")
SMALL: Final = (
    "organisation",
    "erasing",
    "keyring",
    "statement",
    "week_key",
    "recipient_login",
    "token_key",
    "clock",
    "partition",
    "settled",
)
DAMAGED: Final = (psycopg.errors.DataCorrupted, psycopg.errors.IndexCorrupted)
# A lock that is waited for holds up all who come after it, so it is given up soon and asked for again later.
LOCK_SECONDS, LOCK_ATTEMPTS, PAUSE_SECONDS = 2, 10, 0.5


async def night(link: Link, today: int) -> None:
    """Do the work of the night before `today`, once. Raises `psycopg.Error`.

    On a connection in autocommit mode that nothing else uses meanwhile.
    """
    mine = await one(link, "SELECT pg_try_advisory_lock(%s)", (partitions.NIGHT,))
    if mine != (True,):
        return  # another host is at it
    try:
        settled = await one(link, "SELECT day FROM settled")
        if settled != (today,):  # a clock that ran ahead may have left a later one
            await link.execute("SET statement_timeout = 0")
            await _work(link, today)
    finally:
        if not link.closed:
            await link.execute("SET statement_timeout = '30s'")
            await link.execute("SELECT pg_advisory_unlock(%s)", (partitions.NIGHT,))


async def _work(link: Link, today: int) -> None:
    dirty = await every(
        link,
        "SELECT parent, day FROM partition WHERE dirty AND (parent = 'chunk' OR day < %s) ORDER BY parent, day",
        (today,),
    )
    full = damaged = None
    for parent, day in dirty:
        try:
            await _patiently(link, partial(_rewrite_day, link, parent, day))
        except psycopg.errors.DiskFull as error:  # a copy needs room; one that is empty makes some
            full = error
        except DAMAGED as error:  # it stays dirty for the next night: an operator may still save a part of it
            damaged = error
    if full is not None:
        await _end_log(link)
        raise full
    for day in range(today, today + partitions.AHEAD_DAYS + 1):
        async with link.transaction():
            await partitions.make(link, "envelope", day)
    for table in REGISTERS:
        await _patiently(link, partial(_rewrite, link, table))
    for table in SMALL:
        await link.execute(SQL("VACUUM (FULL) {}").format(Identifier(table)))
    await link.execute("UPDATE settled SET day = %s", (today,))
    await _end_log(link)
    if damaged is not None:
        raise damaged


async def _rewrite_day(link: Link, parent: str, day: int) -> None:
    """Write the partition of a day anew, or drop it if nothing is left in it and nothing will come."""
    name = f"{parent}_{day}"
    held = await one(link, "SELECT 1 FROM partition WHERE parent = %s AND day = %s FOR UPDATE", (parent, day))
    if held is None:
        return
    if parent == "chunk":
        await blobs.give_back(link, day)
    is_empty = await one(link, SQL("SELECT 1 FROM {} LIMIT 1").format(Identifier(name))) is None
    if not is_empty:
        await _copy(link, parent, name)
        # Shown to be of this day, it is attached without being read.
        of_day = SQL("ALTER TABLE fresh ADD CONSTRAINT of_day CHECK (day IS NOT NULL AND day = {})")
        await link.execute(of_day.format(Literal(day)))
    await link.execute(SQL("ALTER TABLE {} DETACH PARTITION {}").format(Identifier(parent), Identifier(name)))
    await link.execute(SQL("DROP TABLE {}").format(Identifier(name)))
    if is_empty:
        await link.execute("DELETE FROM partition WHERE parent = %s AND day = %s", (parent, day))
        return
    await link.execute(SQL("ALTER TABLE fresh RENAME TO {}").format(Identifier(name)))
    await partitions.attach(link, parent, day)
    await link.execute(SQL("ALTER TABLE {} DROP CONSTRAINT of_day").format(Identifier(name)))
    await link.execute("UPDATE partition SET dirty = false WHERE parent = %s AND day = %s", (parent, day))


async def _rewrite(link: Link, table: str) -> None:
    """Write a whole table anew. Writers wait; readers don't, but for the moment of the exchange."""
    await link.execute(SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(Identifier(table)))
    await _copy(link, table, table)
    await link.execute(SQL("DROP TABLE {}").format(Identifier(table)))
    await link.execute(SQL("ALTER TABLE fresh RENAME TO {}").format(Identifier(table)))


async def _copy(link: Link, like: str, source: str) -> None:
    await partitions.like(link, like, "fresh")
    await link.execute(
        SQL("INSERT INTO fresh SELECT * FROM {} ORDER BY {}").format(Identifier(source), SQL(ORDERS[like]))
    )


async def _patiently(link: Link, step: Callable[[], Awaitable[None]]) -> None:
    """Run a step in a transaction of its own, and again if a reader held it up."""
    for left in reversed(range(LOCK_ATTEMPTS)):
        try:
            async with link.transaction():
                await link.execute(SQL("SET LOCAL lock_timeout = {}").format(Literal(f"{LOCK_SECONDS}s")))
                await step()
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            if not left:
                raise
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return


async def _end_log(link: Link) -> None:
    """Let the server drop the log that has what was deleted, and the files. Its own checkpoint does so later."""
    with suppress(psycopg.errors.InsufficientPrivilege):  # `doctor` tells
        await link.execute("SELECT pg_switch_wal()")
        await link.execute("CHECKPOINT")
