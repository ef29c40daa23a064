"""The store's functions for organisations and recipients, on one sqlite3 connection.

The functions mirror `interface.Store`; those that write run inside a transaction of the group writer. A broken
foreign key (an unknown organisation) and a taken key surface as `NotFound` and `Conflict` there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from intake.store.errors import Conflict, NotFound, VersionMismatch
from intake.store.interface import Member, Organisation


def organisations(connection: sqlite3.Connection) -> list[Organisation]:
    """All organisations, by slug."""
    rows = connection.execute(
        "SELECT id, slug, retention_days, slots, directory_version FROM organisation ORDER BY slug"
    )
    return [Organisation(*row) for row in rows]


def organisation(connection: sqlite3.Connection, slug: str) -> Organisation | None:
    """The organisation under a slug."""
    row = connection.execute(
        "SELECT id, slug, retention_days, slots, directory_version FROM organisation WHERE slug = ?", (slug,)
    ).fetchone()
    return Organisation(*row) if row else None


def add_organisation(
    connection: sqlite3.Connection, org: Organisation, directory: bytes, members: Sequence[Member]
) -> None:
    """Insert an organisation, its directory and its recipients. Raises `Conflict` if the id or slug is taken."""
    connection.execute(
        "INSERT INTO organisation (id, slug, retention_days, slots, directory_version) VALUES (?, ?, ?, ?, ?)",
        (org.id, org.slug, org.retention_days, org.slots, org.directory_version),
    )
    connection.execute(
        "INSERT INTO directory (organisation, version, bytes) VALUES (?, ?, ?)",
        (org.id, org.directory_version, directory),
    )
    for member in members:
        add_login(connection, org.id, member.login_key, member.recipient)
        put_keyring(connection, org.id, member.recipient, 0, member.keyring)
        put_statement(connection, org.id, member.recipient, member.counter, member.statement)
        put_week_keys(
            connection, org.id, member.recipient, member.week_keys, min(member.week_keys, default=0)
        )


def put_directory(
    connection: sqlite3.Connection, organisation: bytes, version: int, bytes: bytes, policy: tuple[int, int]
) -> None:
    """Add the next directory version; `policy` is (retention in days, slots). Raises `Conflict`, `NotFound`."""
    newest = connection.execute(
        "SELECT directory_version FROM organisation WHERE id = ?", (organisation,)
    ).fetchone()
    if newest is None:
        raise NotFound
    if directory(connection, organisation, version) == bytes:
        return
    if version != newest[0] + 1:
        raise Conflict
    connection.execute(
        "INSERT INTO directory (organisation, version, bytes) VALUES (?, ?, ?)",
        (organisation, version, bytes),
    )
    connection.execute(
        "UPDATE organisation SET directory_version = ?, retention_days = ?, slots = ? WHERE id = ?",
        (version, *policy, organisation),
    )


def directory(connection: sqlite3.Connection, organisation: bytes, version: int | None) -> bytes | None:
    """One version of the directory, or the newest."""
    row = connection.execute(
        "SELECT bytes FROM directory WHERE organisation = ?1 AND version = coalesce(?2,"
        " (SELECT directory_version FROM organisation WHERE id = ?1))",
        (organisation, version),
    ).fetchone()
    return row[0] if row else None


def add_login(connection: sqlite3.Connection, organisation: bytes, login_key: bytes, recipient: str) -> None:
    """Let a login key stand for a recipient. Raises `Conflict` if it stands for another."""
    known = recipient_by_login(connection, organisation, login_key)
    if known is None:
        connection.execute(
            "INSERT INTO recipient_login (organisation, login_key, recipient) VALUES (?, ?, ?)",
            (organisation, login_key, recipient),
        )
    elif known != recipient:
        raise Conflict


def recipient_by_login(connection: sqlite3.Connection, organisation: bytes, login_key: bytes) -> str | None:
    """The recipient whose login key this is."""
    row = connection.execute(
        "SELECT recipient FROM recipient_login WHERE organisation = ? AND login_key = ?",
        (organisation, login_key),
    ).fetchone()
    return row[0] if row else None


def put_statement(
    connection: sqlite3.Connection, organisation: bytes, recipient: str, counter: int, bytes: bytes
) -> bool:
    """Replace a statement by one of a higher counter; False if it is the stored one. Raises `Conflict`."""
    stored = connection.execute(
        "SELECT counter, bytes FROM statement WHERE organisation = ? AND recipient = ?",
        (organisation, recipient),
    ).fetchone()
    if stored == (counter, bytes):
        return False
    if stored is not None and counter <= stored[0]:
        raise Conflict
    connection.execute(
        "INSERT INTO statement (organisation, recipient, counter, bytes) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET counter = excluded.counter, bytes = excluded.bytes",
        (organisation, recipient, counter, bytes),
    )
    return True


def put_week_keys(
    connection: sqlite3.Connection,
    organisation: bytes,
    recipient: str,
    week_keys: Mapping[int, bytes],
    before_week: int,
) -> None:
    """Replace all stored week keys by the given ones, leaving out weeks before `before_week`."""
    connection.execute(
        "DELETE FROM week_key WHERE organisation = ? AND recipient = ?", (organisation, recipient)
    )
    connection.executemany(
        "INSERT INTO week_key (organisation, recipient, week, key) VALUES (?, ?, ?, ?)",
        [(organisation, recipient, week, key) for week, key in week_keys.items() if week >= before_week],
    )


def statements(
    connection: sqlite3.Connection, organisation: bytes, week: int
) -> list[tuple[str, bytes, bytes | None]]:
    """(recipient, statement, key of that week or None), by recipient."""
    return connection.execute(
        "SELECT s.recipient, s.bytes, k.key FROM statement s LEFT JOIN week_key k"
        " ON k.organisation = s.organisation AND k.recipient = s.recipient AND k.week = ?"
        " WHERE s.organisation = ? ORDER BY s.recipient",
        (week, organisation),
    ).fetchall()


def keyring(connection: sqlite3.Connection, organisation: bytes, recipient: str) -> tuple[int, bytes] | None:
    """(version, bytes) of a keyring."""
    row: tuple[int, bytes] | None = connection.execute(
        "SELECT version, bytes FROM keyring WHERE organisation = ? AND recipient = ?",
        (organisation, recipient),
    ).fetchone()
    return row


def put_keyring(
    connection: sqlite3.Connection, organisation: bytes, recipient: str, expected_version: int, bytes: bytes
) -> int:
    """Replace a keyring that is at `expected_version` (0: absent). Raises `VersionMismatch`."""
    stored = keyring(connection, organisation, recipient)
    if expected_version != (stored[0] if stored else 0):
        raise VersionMismatch
    connection.execute(
        "INSERT INTO keyring (organisation, recipient, version, bytes) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET version = excluded.version, bytes = excluded.bytes",
        (organisation, recipient, expected_version + 1, bytes),
    )
    return expected_version + 1
