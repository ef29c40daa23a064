"""The store's functions for mailboxes and envelopes, on one connection; those that write run in a transaction.

The row in `mailbox_id` decides: who adds to a mailbox or deletes it holds that row, on whatever host. It also names
the days, and so the partitions, in which the envelopes are; a statement that named none would look into all.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import psycopg

from intake.store.errors import Conflict, MailboxFull, NotFound
from intake.store.interface import BlobClaim, Envelope, Mailbox
from intake.store.postgresql import blobs, partitions
from intake.store.postgresql.connections import Link, every, one
from intake.store.tombstone import tombstone_of

# Days in one statement: each partition is two locks, and a server has some thousands for all.
DAYS_AT_ONCE = 64
_OF_MAILBOX = "day = ANY(%(days)s::int[]) AND organisation = %(organisation)s AND mailbox = %(mailbox)s"


@dataclass(frozen=True, repr=False)
class Creation:
    """A new mailbox with its opening."""

    mailbox: Mailbox
    envelope_id: bytes
    bytes: bytes


async def create_all(link: Link, created: Sequence[Creation]) -> set[bytes]:
    """Store new mailboxes with their openings, durably, by one request; the ids of those that are new.

    No two may have the same id. Of the others nothing is known: `create` tells. Raises `Conflict` if one of them was
    deleted at this moment.
    """
    rows = await every(
        link,
        "SELECT store_reports(%b::bytea[], %b::bytea[], %b::bytea[], %b::int[], %b::int[], %b::int[],"
        " %b::bytea[], %b::bytea[], %b::bytea[])",
        (
            [new.mailbox.id for new in created],
            [tombstone_of(new.mailbox.id) for new in created],
            [new.mailbox.organisation for new in created],
            [new.mailbox.day for new in created],
            [new.mailbox.expiry_day for new in created],
            [new.mailbox.tombstone_day for new in created],
            [new.mailbox.creation for new in created],
            [new.envelope_id for new in created],
            [new.bytes for new in created],
        ),
    )
    return {name for (name,) in rows}


async def create(link: Link, new: Creation, claims: Sequence[BlobClaim]) -> bool:
    """Store a mailbox with its opening and claim blobs for it; False if it is stored already.

    Raises `Conflict`, `NotFound`, `Incomplete`.
    """
    m = new.mailbox
    found = await one(link, "SELECT 1 FROM organisation WHERE id = %s", (m.organisation,))
    if found is None:
        raise NotFound
    inserted = await link.execute(
        "INSERT INTO mailbox_id (id, organisation, expiry_day, tombstone_day, days)"
        " VALUES (%s, %s, %s::int, %s::int, ARRAY[%s::int]) ON CONFLICT DO NOTHING",
        (m.id, m.organisation, m.expiry_day, m.tombstone_day, m.day),
    )
    if inserted.rowcount:
        await _refuse_gone(link, [m.id])
        await blobs.claim(link, m.organisation, m.id, claims)
        await _insert(
            link, m.organisation, Envelope(m.id, new.envelope_id, m.day, True, new.bytes), m.creation
        )
        return True
    if not await _is_same(link, new):
        raise Conflict
    return False


async def append(
    link: Link, envelope: Envelope, limits: tuple[int, int, int], claims: Sequence[BlobClaim]
) -> bool:
    """Add an envelope within the limits and claim blobs for its mailbox; False if it is stored already.

    `limits`: bytes, envelopes, files. Raises `Conflict`, `NotFound`, `MailboxFull`, `Incomplete`.
    """
    max_bytes, max_envelopes, max_files = limits
    placed = await _place(link, envelope.mailbox, "FOR UPDATE")
    if placed is None:
        raise NotFound
    stored = await one(
        link,
        f"SELECT bytes = %(bytes)s FROM envelope WHERE {_OF_MAILBOX} AND id = %(id)s",  # noqa: S608 - ours
        {**placed.names, "id": envelope.id, "bytes": envelope.bytes},
    )
    if stored is not None:
        if not stored[0]:
            raise Conflict
        return False
    count, held = await _total(link, placed)
    if count >= max_envelopes or held + len(envelope.bytes) > max_bytes:
        raise MailboxFull
    await blobs.claim(link, placed.organisation, envelope.mailbox, claims)
    if claims and await blobs.number_of(link, envelope.mailbox) > max_files:
        raise MailboxFull
    await _insert(link, placed.organisation, envelope, None)
    if envelope.day not in placed.days:
        await link.execute(
            "UPDATE mailbox_id SET days = days || %s::int WHERE id = %s", (envelope.day, envelope.mailbox)
        )
    return True


async def mailbox(link: Link, organisation: bytes, id: bytes) -> Mailbox | None:
    """A mailbox of an organisation."""
    placed = await _place(link, id)
    if placed is None or placed.organisation != organisation:
        return None
    row = await one(
        link,
        "SELECT creation FROM envelope"
        " WHERE day = %s AND organisation = %s AND mailbox = %s AND creation IS NOT NULL",
        (placed.days[0], organisation, id),
    )
    return _mailbox(placed, row[0]) if row else None


async def size(link: Link, id: bytes) -> int:
    """The bytes of all envelopes of a mailbox."""
    placed = await _place(link, id)
    return 0 if placed is None else (await _total(link, placed))[1]


async def envelopes(link: Link, id: bytes) -> list[Envelope]:
    """All envelopes of a mailbox, by id."""
    placed = await _place(link, id)
    if placed is None:
        return []
    rows = await every(
        link,
        f"SELECT id, day, creation IS NOT NULL, bytes FROM envelope WHERE {_OF_MAILBOX} ORDER BY id",  # noqa: S608 - ours
        placed.names,
    )
    return [Envelope(id, *row) for row in rows]


async def delete(link: Link, organisation: bytes, id: bytes) -> bool:
    """Delete a mailbox with its envelopes and blobs; False if there was none."""
    placed = await _place(link, id, "FOR UPDATE")
    if placed is None or placed.organisation != organisation:
        return False
    await _drop(link, [placed])
    return True


async def expire(link: Link, today: int, limit: int) -> int:
    """Delete at most `limit` expired mailboxes with their envelopes and files; returns how many."""
    rows = await every(
        link,
        "SELECT id, organisation, expiry_day, tombstone_day, days FROM mailbox_id WHERE expiry_day <= %s"
        " ORDER BY id LIMIT %s FOR UPDATE",
        (today, limit),
    )
    expired = [_Placed(*row) for row in rows]
    if expired:
        await _drop(link, expired)
    return len(expired)


async def forget(link: Link, today: int, limit: int) -> int:
    """Delete at most `limit` tombstones whose day has come; returns how many."""
    gone = await link.execute(
        "DELETE FROM tombstone WHERE hash IN"
        " (SELECT hash FROM tombstone WHERE expiry_day <= %s ORDER BY hash LIMIT %s FOR UPDATE)",
        (today, limit),
    )
    return gone.rowcount


def _mailbox(placed: _Placed, creation: bytes) -> Mailbox:
    p = placed
    return Mailbox(p.id, p.organisation, creation, p.days[0], p.expiry_day, p.tombstone_day)


@dataclass(frozen=True, repr=False)
class _Placed:
    """A row of `mailbox_id`: where a mailbox's envelopes are."""

    id: bytes
    organisation: bytes
    expiry_day: int
    tombstone_day: int
    days: list[int]

    @property
    def names(self) -> dict[str, object]:
        """The values of `_OF_MAILBOX`."""
        return {"days": self.days, "organisation": self.organisation, "mailbox": self.id}


async def _place(link: Link, id: bytes, lock: str = "") -> _Placed | None:
    row = await one(
        link,
        f"SELECT id, organisation, expiry_day, tombstone_day, days FROM mailbox_id WHERE id = %s {lock}",  # noqa: S608 - ours
        (id,),
    )
    return _Placed(*row) if row else None


async def _is_same(link: Link, new: Creation) -> bool:
    """Whether the mailbox of this id has the same record and opening."""
    placed = await _place(link, new.mailbox.id, "FOR SHARE")
    if placed is None:  # it was deleted at this moment
        raise psycopg.errors.SerializationFailure
    found = await one(
        link,
        "SELECT id = %(id)s AND creation = %(creation)s AND bytes = %(bytes)s FROM envelope"  # noqa: S608 - ours
        f" WHERE {_OF_MAILBOX} AND creation IS NOT NULL",
        {**placed.names, "id": new.envelope_id, "creation": new.mailbox.creation, "bytes": new.bytes},
    )
    return placed.organisation == new.mailbox.organisation and found == (True,)


async def _total(link: Link, placed: _Placed) -> tuple[int, int]:
    """(number, bytes) of all envelopes of a mailbox."""
    total: tuple[int, int] = await one(
        link,
        f"SELECT count(*), coalesce(sum(size), 0) FROM envelope WHERE {_OF_MAILBOX}",  # noqa: S608 - ours
        placed.names,
    )
    return total


async def _insert(link: Link, organisation: bytes, envelope: Envelope, creation: bytes | None) -> None:
    e = envelope
    await partitions.hold(link, "envelope", [e.day])
    await link.execute(
        "INSERT INTO envelope (day, organisation, mailbox, id, creation, size, bytes)"
        " VALUES (%s::int, %s, %s, %s, %s, %s, %s)",
        (e.day, organisation, e.mailbox, e.id, creation, len(e.bytes), e.bytes),
    )


async def _drop(link: Link, gone: Sequence[_Placed]) -> None:
    ids = [placed.id for placed in gone]
    days = sorted({day for placed in gone for day in placed.days})
    await blobs.delete_of(link, ids)
    await partitions.hold(link, "envelope", days)
    for at in range(0, len(days), DAYS_AT_ONCE):
        await link.execute(
            "DELETE FROM envelope WHERE day = ANY(%s::int[])"
            " AND organisation = ANY(%b::bytea[]) AND mailbox = ANY(%b::bytea[])",
            (days[at : at + DAYS_AT_ONCE], list({placed.organisation for placed in gone}), ids),
        )
    await link.execute("DELETE FROM mailbox_id WHERE id = ANY(%b::bytea[])", (ids,))
    await link.execute(
        "INSERT INTO tombstone (hash, expiry_day) SELECT * FROM unnest(%b::bytea[], %b::int[])",
        ([tombstone_of(name) for name in ids], [placed.tombstone_day for placed in gone]),
    )


async def _refuse_gone(link: Link, ids: Collection[bytes]) -> None:
    """Raise `Conflict` if one of these is remembered as gone.

    Asked after the insert, which has waited for a deletion that was under way.
    """
    hashes = [tombstone_of(name) for name in ids]
    if hashes and await one(link, "SELECT 1 FROM tombstone WHERE hash = ANY(%b::bytea[]) LIMIT 1", (hashes,)):
        raise Conflict
