"""What of a server's settings would break a promise: refused at the start, or told by `doctor`."""

from __future__ import annotations

from typing import Final

from intake.store.postgresql.connections import Link, one
from intake.store.postgresql.errors import NotDurable, NotWritable

# Setting: the value that it should have, and what another one does.
WANTED: Final = {
    "data_checksums": ("on", "lets damage on the disk pass unnoticed"),
    "track_commit_timestamp": ("off", "keeps the time of each report"),
    "log_statement": ("none", "writes statements with their times into the server's log"),
    "log_min_duration_statement": ("-1", "writes statements with their times into the server's log"),
    "log_min_duration_sample": ("-1", "writes statements with their times into the server's log"),
    "log_transaction_sample_rate": ("0", "writes statements with their times into the server's log"),
    "log_duration": ("off", "writes the time of each statement into the server's log"),
    "log_parameter_max_length_on_error": ("0", "writes ids and contents into the server's log"),
    "log_error_verbosity": ("terse", "writes ids into the server's log after a mistake of the service"),
    "wal_recycle": ("off", "keeps deleted bytes in segments of the log that wait to be used again"),
}
WHILE_DELETED: Final = "what is deleted stays in the server's log longer than the night"

UNREPLICATED: Final = "a fail-over to the standby that follows this server may lose what was confirmed"


async def require(link: Link) -> None:
    """Make sure that reports may be confirmed here. Raises `NotWritable`, `NotDurable`."""
    row = await one(link, "SELECT pg_is_in_recovery(), current_setting('transaction_read_only')")
    if row != (False, "off"):
        raise NotWritable
    if await _setting(link, "fsync") == "off":  # and `synchronous_commit` is set by each connection
        raise NotDurable("fsync must be on.")


async def weaknesses(link: Link) -> list[str]:
    """A sentence for each setting that weakens a promise."""
    found: list[str] = []
    for name, (wanted, harm) in WANTED.items():
        value = await _setting(link, name)
        if value != wanted:
            found.append(f"{name} should be {wanted}: {value} {harm}.")
    archive = await _setting(link, "archive_mode")
    if archive != "off":
        found.append("archive_mode is on: what is deleted stays in the archive for as long as that is kept.")
    waits = await one(
        link,
        "SELECT current_setting('synchronous_standby_names') <> '' OR NOT EXISTS (SELECT FROM pg_stat_replication)",
    )
    if waits != (True,):
        found.append(f"synchronous_standby_names is empty: {UNREPLICATED}.")
    may = await one(
        link,
        "SELECT has_function_privilege('pg_switch_wal()', 'EXECUTE'), pg_has_role(oid, 'MEMBER')"
        " FROM pg_roles WHERE rolname = 'pg_checkpoint'",
    )
    if may is None or not all(may):
        found.append(f"The role can't end the server's log (pg_switch_wal, pg_checkpoint): {WHILE_DELETED}.")
    return found


async def _setting(link: Link, name: str) -> str:
    row = await one(link, "SELECT current_setting(%s, true)", (name,))
    return str(row[0]) if row else ""
