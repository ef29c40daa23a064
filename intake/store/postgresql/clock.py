"""The store's functions for what is kept of the server's clock, on one connection."""

from __future__ import annotations

from intake.store.interface import Clock
from intake.store.postgresql.connections import Link, one


async def clock(link: Link) -> Clock | None:
    """The clock as it was kept last."""
    kept = await one(link, "SELECT day, doubted_day, steady_seconds FROM clock")
    day, *doubt = kept
    return None if day is None else Clock(day, *doubt)


async def keep_clock(link: Link, kept: Clock) -> None:
    """Replace it."""
    await link.execute(
        "UPDATE clock SET day = %s, doubted_day = %s, steady_seconds = %s",
        (kept.day, kept.doubted_day, kept.steady_seconds),
    )


async def heartbeat(link: Link) -> None:
    """Change the one bit that means nothing."""
    await link.execute("UPDATE clock SET beat = 1 - beat")


async def expired(link: Link, today: int) -> tuple[int, int]:
    """How many mailboxes and unclaimed blobs have expired."""
    counts: tuple[int, int] = await one(
        link,
        "SELECT (SELECT count(*) FROM mailbox_id WHERE expiry_day <= %(today)s),"
        " (SELECT count(*) FROM blob WHERE expiry_day <= %(today)s)",
        {"today": today},
    )
    return counts
