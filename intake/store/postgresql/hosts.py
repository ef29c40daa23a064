"""The store's functions for several processes on one database: which one does the rounds, and what all sign with."""

from __future__ import annotations

import os
from typing import Final

from intake.store.interface import TokenKey
from intake.store.postgresql.connections import Link, every, one
from intake.store.postgresql.partitions import KEYS, LEADING

DAY_SECONDS: Final = 24 * 3600
KEPT: Final = 2  # what the last but one has signed may still be good


async def leads(link: Link) -> bool:
    """Take the lock of who does the rounds, if nobody has it; whether this connection has it now."""
    held: tuple[bool] = await one(link, "SELECT pg_try_advisory_lock(%s)", (LEADING,))
    return held[0]


async def token_keys(link: Link) -> list[TokenKey]:
    """The keys for tokens, the newest first; makes one if none was made within a day. In a transaction."""
    if found := await _unless_old(link):
        return found
    await link.execute("SELECT pg_advisory_xact_lock(%s)", (KEYS,))
    if found := await _unless_old(link):  # another has made one just now
        return found
    await link.execute("INSERT INTO token_key (key) VALUES (%s)", (os.urandom(32),))
    found = await _keys(link)
    await link.execute("DELETE FROM token_key WHERE NOT key = ANY(%s)", ([each.key for each in found],))
    return found


async def _unless_old(link: Link) -> list[TokenKey]:
    """The keys, or none if it is time for a new one."""
    found = await _keys(link)
    return found if found and found[0].age_seconds <= DAY_SECONDS else []


async def _keys(link: Link) -> list[TokenKey]:
    rows = await every(
        link,
        "SELECT key, extract(epoch FROM clock_timestamp() - made)::float8 FROM token_key ORDER BY made DESC LIMIT %s",
        (KEPT,),
    )
    return [TokenKey(*row) for row in rows]
