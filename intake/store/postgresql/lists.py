"""The store's functions for what recipients fetch, on one connection: without what has expired, erased or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, LiteralString

from intake.store.interface import Envelope, MailboxDays
from intake.store.postgresql.connections import Link, every
from intake.store.postgresql.mailboxes import DAYS_AT_ONCE

# The mailbox ids of an answer's worth of rows are looked at before any content is read.
PAGE_ROWS = 1024
_EXPIRED: Final = "(SELECT id FROM mailbox_id WHERE expiry_day <= %(today)s)"
_OF_DAY: Final = f"day = %(day)s AND organisation = %(organisation)s AND mailbox NOT IN {_EXPIRED}"
_AFTER: Final = f"FROM envelope WHERE {_OF_DAY} AND (mailbox, id) > (%(mailbox)s, %(id)s)"
# One look-up for each, whatever the planner knows: it might walk through the whole day for each of them.
_WANTED: Final = (
    "FROM unnest(%(mailbox)s::bytea[], %(id)s::bytea[]) AS wanted (mailbox, id), LATERAL"  # noqa: S608 - ours
    " (SELECT day, size, creation, bytes FROM envelope e WHERE e.day = %(day)s AND e.organisation = %(organisation)s"
    "  AND e.mailbox = wanted.mailbox AND e.id = wanted.id LIMIT 1) AS found"
    f" WHERE mailbox NOT IN {_EXPIRED}"
)


async def mailboxes(
    link: Link, organisation: bytes, after: MailboxDays | None, limit: int, today: int
) -> list[MailboxDays]:
    """A page of an organisation's mailboxes, by id."""
    rows = await every(
        link,
        "SELECT id, days[1], expiry_day FROM mailbox_id"
        " WHERE organisation = %s AND id > %s AND expiry_day > %s ORDER BY id LIMIT %s",
        (organisation, after.id if after else b"", today, limit),
    )
    return [MailboxDays(*row) for row in rows]


async def days(link: Link, organisation: bytes, first_day: int, today: int) -> list[tuple[int, int, int]]:
    """(day, envelopes, bytes), oldest first."""
    rows = await every(
        link,
        "SELECT day FROM partition WHERE parent = 'envelope' AND day >= %s::bigint ORDER BY day",
        (first_day,),
    )
    there = [day for (day,) in rows]
    counted: list[tuple[int, int, int]] = []
    for at in range(0, len(there), DAYS_AT_ONCE):
        some = await every(
            link,
            "SELECT day, count(*), sum(size) FROM envelope"  # noqa: S608 - ours
            " WHERE day = ANY(%(days)s::int[]) AND organisation = %(organisation)s"
            f" AND mailbox NOT IN {_EXPIRED} GROUP BY day ORDER BY day",
            {"days": there[at : at + DAYS_AT_ONCE], "organisation": organisation, "today": today},
        )
        counted += some
    return counted


async def envelopes_by_day(
    link: Link,
    organisation: bytes,
    day: int,
    after: tuple[bytes, bytes] | None,
    limit_bytes: int,
    today: int,
) -> list[tuple[Envelope, bytes | None]]:
    """One page of a day's envelopes with the creation records of openings."""
    mailbox, envelope_id = after or (b"", b"")
    return await _page(link, _AFTER, _names(organisation, day, today, mailbox, envelope_id), limit_bytes)


async def envelope_ids(
    link: Link, organisation: bytes, day: int, after: tuple[bytes, bytes] | None, limit: int, today: int
) -> list[tuple[bytes, bytes]]:
    """The (mailbox, id) of some of a day's envelopes, ascending."""
    mailbox, envelope_id = after or (b"", b"")
    return await every(
        link,
        f"SELECT mailbox, id {_AFTER} ORDER BY mailbox, id LIMIT %(limit)s",
        {**_names(organisation, day, today, mailbox, envelope_id), "limit": limit},
    )


async def envelopes_among(
    link: Link,
    organisation: bytes,
    day: int,
    wanted: Sequence[tuple[bytes, bytes]],
    limit_bytes: int,
    today: int,
) -> list[tuple[Envelope, bytes | None]]:
    """One page of those of a day's envelopes that are wanted, with the creation records of openings."""
    mailboxes, ids = [mailbox for mailbox, _ in wanted], [id_ for _, id_ in wanted]
    return await _page(link, _WANTED, _names(organisation, day, today, mailboxes, ids), limit_bytes)


def _names(organisation: bytes, day: int, today: int, mailbox: object, id: object) -> dict[str, object]:
    return {"organisation": organisation, "day": day, "today": today, "mailbox": mailbox, "id": id}


async def _page(
    link: Link, source: LiteralString, names: dict[str, object], limit_bytes: int
) -> list[tuple[Envelope, bytes | None]]:
    """A page of what comes from `source`, envelopes of a day: first what fits, then its contents."""
    while True:
        keys = await every(
            link,
            f"SELECT mailbox, id, size {source} ORDER BY mailbox, id LIMIT {PAGE_ROWS}",
            names,
        )
        if not keys:
            return []
        last_mailbox, last_id, _ = keys[_fitting([size for _, _, size in keys], limit_bytes) - 1]
        found = await every(
            link,
            f"SELECT mailbox, id, day, creation, bytes {source}"
            " AND (mailbox, id) <= (%(last_mailbox)s, %(last_id)s) ORDER BY mailbox, id",
            {**names, "last_mailbox": last_mailbox, "last_id": last_id},
        )
        # Some may have come in between. If all were deleted, an empty page would be taken for the end.
        if fitting := _fitting([len(content) for *_, content in found], limit_bytes):
            return [
                (Envelope(mailbox, id_, day, creation is not None, content), creation)
                for mailbox, id_, day, creation, content in found[:fitting]
            ]


def _fitting(sizes: Sequence[int], limit: int) -> int:
    """How many of these, one after another, are together at most `limit`, but at least the first."""
    for number, size in enumerate(sizes):
        limit -= size
        if number and limit < 0:
            return number
    return len(sizes)
