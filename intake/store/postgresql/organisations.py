"""The store's functions for organisations and recipients, on one connection.

They mirror `interface.Store`. Those that write hold the organisation's row, so that two hosts take turns; it does not
keep reports waiting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from intake.store.errors import Conflict, NotFound, VersionMismatch
from intake.store.interface import Member, Organisation
from intake.store.postgresql.connections import Link, every, one

_COLUMNS = "id, slug, retention_days, slots, directory_version"


async def organisations(link: Link) -> list[Organisation]:
    """All organisations, by slug."""
    rows = await every(link, f'SELECT {_COLUMNS} FROM organisation ORDER BY slug COLLATE "C"')  # noqa: S608 - ours
    return [Organisation(*row) for row in rows]


async def organisation(link: Link, slug: str) -> Organisation | None:
    """The organisation under a slug."""
    row = await one(link, f"SELECT {_COLUMNS} FROM organisation WHERE slug = %s", (slug,))  # noqa: S608 - ours
    return Organisation(*row) if row else None


async def add_organisation(
    link: Link, org: Organisation, directory: bytes, members: Sequence[Member]
) -> None:
    """Insert an organisation, its directory and its recipients."""
    await link.execute(
        f"INSERT INTO organisation ({_COLUMNS}) VALUES (%s, %s, %s::int, %s::int, %s::int)",  # noqa: S608 - ours
        (org.id, org.slug, org.retention_days, org.slots, org.directory_version),
    )
    await _insert_directory(link, org.id, org.directory_version, directory)
    for member in members:
        await add_login(link, org.id, member.login_key, member.recipient)
        await put_keyring(link, org.id, member.recipient, 0, member.keyring)
        await put_statement(
            link,
            org.id,
            member.recipient,
            member.counter,
            member.statement,
            member.week_keys,
            min(member.week_keys, default=0),
        )


async def put_directory(
    link: Link, organisation: bytes, version: int, bytes: bytes, policy: tuple[int, int]
) -> None:
    """Add the next directory version; `policy` is (retention in days, slots). Raises `Conflict`, `NotFound`."""
    newest = await _hold(link, organisation)
    if await directory(link, organisation, version) == bytes:
        return
    if version != newest + 1:
        raise Conflict
    await _insert_directory(link, organisation, version, bytes)
    await link.execute(
        "UPDATE organisation SET directory_version = %s, retention_days = %s, slots = %s WHERE id = %s",
        (version, *policy, organisation),
    )


async def directory(link: Link, organisation: bytes, version: int | None) -> bytes | None:
    """One version of the directory, or the newest."""
    row = await one(
        link,
        "SELECT d.bytes FROM organisation o JOIN directory d ON d.organisation = o.id"
        " WHERE o.id = %s AND d.version = coalesce(%s::int, o.directory_version)",
        (organisation, version),
    )
    return row[0] if row else None


async def add_login(link: Link, organisation: bytes, login_key: bytes, recipient: str) -> None:
    """Let a login key stand for a recipient. Raises `Conflict` if it stands for another, `NotFound`."""
    await _hold(link, organisation)
    known = await recipient_by_login(link, organisation, login_key)
    if known is None:
        await link.execute(
            "INSERT INTO recipient_login (organisation, login_key, recipient) VALUES (%s, %s, %s)",
            (organisation, login_key, recipient),
        )
    elif known != recipient:
        raise Conflict


async def recipient_by_login(link: Link, organisation: bytes, login_key: bytes) -> str | None:
    """The recipient whose login key this is."""
    row = await one(
        link,
        "SELECT recipient FROM recipient_login WHERE organisation = %s AND login_key = %s",
        (organisation, login_key),
    )
    return row[0] if row else None


async def put_statement(
    link: Link,
    organisation: bytes,
    recipient: str,
    counter: int,
    bytes: bytes,
    week_keys: Mapping[int, bytes],
    before_week: int,
) -> None:
    """Replace a statement and its week keys by those of a higher counter. Raises `Conflict`, `NotFound`."""
    await _hold(link, organisation)
    stored = await one(
        link,
        "SELECT counter, bytes FROM statement WHERE organisation = %s AND recipient = %s",
        (organisation, recipient),
    )
    if stored == (counter, bytes):
        return
    if stored is not None and counter <= stored[0]:
        raise Conflict
    await link.execute(
        "INSERT INTO statement (organisation, recipient, counter, bytes) VALUES (%s, %s, %s::bigint, %s)"
        " ON CONFLICT (organisation, recipient)"
        " DO UPDATE SET counter = excluded.counter, bytes = excluded.bytes",
        (organisation, recipient, counter, bytes),
    )
    await link.execute(
        "DELETE FROM week_key WHERE organisation = %s AND recipient = %s", (organisation, recipient)
    )
    kept = {week: key for week, key in week_keys.items() if week >= before_week}
    await link.execute(
        "INSERT INTO week_key (organisation, recipient, week, key)"
        " SELECT %s, %s, week, key FROM unnest(%b::int[], %b::bytea[]) AS sent (week, key)",
        (organisation, recipient, list(kept), list(kept.values())),
    )


async def statements(link: Link, organisation: bytes, week: int) -> list[tuple[str, bytes, bytes | None]]:
    """(recipient, statement, key of that week or None), by recipient."""
    return await every(
        link,
        "SELECT s.recipient, s.bytes, k.key FROM statement s LEFT JOIN week_key k"
        " ON k.organisation = s.organisation AND k.recipient = s.recipient AND k.week = %s"
        ' WHERE s.organisation = %s ORDER BY s.recipient COLLATE "C"',
        (week, organisation),
    )


async def keyring(link: Link, organisation: bytes, recipient: str) -> tuple[int, bytes] | None:
    """(version, bytes) of a keyring."""
    row: tuple[int, bytes] | None = await one(
        link,
        "SELECT version, bytes FROM keyring WHERE organisation = %s AND recipient = %s",
        (organisation, recipient),
    )
    return row


async def put_keyring(
    link: Link, organisation: bytes, recipient: str, expected_version: int, bytes: bytes
) -> int:
    """Replace a keyring that is at `expected_version` (0: absent). Raises `VersionMismatch`, `NotFound`."""
    await _hold(link, organisation)
    stored = await keyring(link, organisation, recipient)
    if expected_version != (stored[0] if stored else 0):
        raise VersionMismatch
    await link.execute(
        "INSERT INTO keyring (organisation, recipient, version, bytes) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (organisation, recipient)"
        " DO UPDATE SET version = excluded.version, bytes = excluded.bytes",
        (organisation, recipient, expected_version + 1, bytes),
    )
    return expected_version + 1


async def _hold(link: Link, organisation: bytes) -> int:
    """Keep others from changing an organisation until the transaction ends; its version. Raises `NotFound`."""
    row = await one(
        link, "SELECT directory_version FROM organisation WHERE id = %s FOR NO KEY UPDATE", (organisation,)
    )
    if row is None:
        raise NotFound
    return int(row[0])


async def _insert_directory(link: Link, organisation: bytes, version: int, bytes: bytes) -> None:
    await link.execute(
        "INSERT INTO directory (organisation, version, bytes) VALUES (%s, %s, %s)",
        (organisation, version, bytes),
    )
