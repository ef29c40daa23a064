"""The partitions of a day: made when they are needed or before, and held by who writes into them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from psycopg.sql import SQL, Identifier, Literal

from intake.store.postgresql.connections import Link, every, one

# Locks that any session of this service may ask for: to make a partition or a schema, to do a night's work, to do the
# rounds for all, to make a key, and to fill a store.
MAKING, NIGHT, LEADING, KEYS, FILLING = (0x44726D70_0000 + number for number in (1, 2, 3, 4, 5))
AHEAD_DAYS: Final = 2
# Columns of random or sealed values: see migrations/0001.sql. LIKE does not copy this.
_UNSAMPLED: Final = {
    "envelope": ("mailbox", "id", "creation", "bytes"),
    "chunk": ("blob", "sha256", "bytes"),
    "mailbox_id": ("id",),
    "tombstone": ("hash",),
    "blob": ("id", "mailbox"),
}


async def hold(link: Link, parent: str, days: Iterable[int]) -> None:
    """Make sure that there are partitions for these days, and keep the night from them until the transaction ends."""
    wanted = sorted(set(days))
    rows = await every(
        link,
        "SELECT day, dirty FROM partition WHERE parent = %s AND day = ANY(%s::int[]) ORDER BY day FOR SHARE",
        (parent, wanted),
    )
    there = dict(rows)
    for day in wanted:
        if day not in there:
            await make(link, parent, day)
    if not all(there.values()):
        await link.execute(
            "UPDATE partition SET dirty = true WHERE parent = %s AND day = ANY(%s::int[])", (parent, wanted)
        )


async def make(link: Link, parent: str, day: int) -> None:
    """Make the partition of a day, if it is not there."""
    await link.execute("SELECT pg_advisory_xact_lock(%s)", (MAKING,))
    there = await one(link, "SELECT 1 FROM partition WHERE parent = %s AND day = %s", (parent, day))
    if there is None:
        await like(link, parent, f"{parent}_{day}")
        await attach(link, parent, day)
        await link.execute("INSERT INTO partition (parent, day) VALUES (%s, %s)", (parent, day))


async def like(link: Link, original: str, name: str) -> None:
    """Make an empty table with the columns, checks and indexes of another."""
    await link.execute(
        SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(Identifier(name), Identifier(original))
    )
    changes = SQL(", ").join(
        SQL("ALTER {} SET STATISTICS 0").format(Identifier(column)) for column in _UNSAMPLED[original]
    )
    await link.execute(SQL("ALTER TABLE {} {}").format(Identifier(name), changes))


async def attach(link: Link, parent: str, day: int) -> None:
    """Let a table be the partition of a day."""
    name = Identifier(f"{parent}_{day}")
    await link.execute(
        SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES IN ({})").format(
            Identifier(parent), name, Literal(day)
        )
    )
