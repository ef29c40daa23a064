"""The store's functions for what is kept of the server's clock, on one sqlite3 connection."""

from __future__ import annotations

import sqlite3

from intake.store.interface import Clock


def clock(connection: sqlite3.Connection) -> Clock | None:
    """The clock as it was kept last."""
    day, *doubt = connection.execute("SELECT day, doubted_day, steady_seconds FROM clock").fetchone()
    return None if day is None else Clock(day, *doubt)


def keep_clock(connection: sqlite3.Connection, kept: Clock) -> None:
    """Replace it."""
    connection.execute(
        "UPDATE clock SET day = ?, doubted_day = ?, steady_seconds = ?",
        (kept.day, kept.doubted_day, kept.steady_seconds),
    )


def heartbeat(connection: sqlite3.Connection) -> None:
    """Change the one bit that means nothing."""
    connection.execute("UPDATE clock SET beat = 1 - beat")


def expired(connection: sqlite3.Connection, today: int) -> tuple[int, int]:
    """How many mailboxes and unclaimed blobs have expired."""
    counts: tuple[int, int] = connection.execute(
        "SELECT (SELECT count(*) FROM mailbox WHERE expiry_day <= ?1),"
        " (SELECT count(*) FROM blob WHERE expiry_day <= ?1)",
        (today,),
    ).fetchone()
    return counts
