"""The store's functions for what recipients fetch, on one connection: without what has expired, erased or not."""

from __future__ import annotations

from collections.abc import Sequence

from intake.store.interface import Envelope
from intake.store.postgresql.connections import Link, every
from intake.store.postgresql.mailboxes import DAYS_AT_ONCE

# The mailbox ids of an answer's worth of rows are looked at before any content is read.
PAGE_ROWS = 1024
_EXPIRED = "(SELECT id FROM mailbox_id WHERE expiry_day <= %(today)s)"


async def ids(link: Link, organisation: bytes, today: int) -> list[bytes]:
    """The ids of an organisation's mailboxes, ascending."""
    rows = await every(
        link,
        "SELECT id FROM mailbox_id WHERE organisation = %s AND expiry_day > %s ORDER BY id",
        (organisation, today),
    )
    return [name for (name,) in rows]


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
    """One page of a day's envelopes with the creation records of openings: first what fits, then its contents."""
    after = after or (b"", b"")
    of_day = (
        "FROM envelope WHERE day = %(day)s AND organisation = %(organisation)s"
        f" AND (mailbox, id) > (%(mailbox)s, %(id)s) AND mailbox NOT IN {_EXPIRED}"
    )
    names = {"day": day, "organisation": organisation, "mailbox": after[0], "id": after[1], "today": today}
    keys = await every(
        link,
        f"SELECT mailbox, id, size {of_day} ORDER BY mailbox, id LIMIT {PAGE_ROWS}",
        names,
    )
    fitting = _fitting([size for _, _, size in keys], limit_bytes)
    if not fitting:
        return []
    last_mailbox, last_id, _ = keys[fitting - 1]
    found = await every(
        link,
        f"SELECT mailbox, id, creation, bytes {of_day} AND (mailbox, id) <= (%(last_mailbox)s, %(last_id)s)"
        " ORDER BY mailbox, id",
        {**names, "last_mailbox": last_mailbox, "last_id": last_id},
    )
    fitting = _fitting([len(content) for *_, content in found], limit_bytes)  # some may have come in between
    return [
        (Envelope(mailbox_id, envelope_id, day, creation is not None, content), creation)
        for mailbox_id, envelope_id, creation, content in found[:fitting]
    ]


def _fitting(sizes: Sequence[int], limit: int) -> int:
    """How many of these, one after another, are together at most `limit`, but at least the first."""
    for number, size in enumerate(sizes):
        limit -= size
        if number and limit < 0:
            return number
    return len(sizes)
