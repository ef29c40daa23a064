"""The store's functions for files, on one connection; those that write run in a transaction.

Who changes a blob or its chunks holds its row in `blob`, taken after that of its mailbox and before the partition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from intake.store.errors import Conflict, Incomplete, NotFound, StorageFull
from intake.store.interface import BlobClaim, ClaimedBlob
from intake.store.postgresql import partitions
from intake.store.postgresql.connections import Link, every, one


@dataclass(frozen=True, repr=False)
class Blob:
    """A row: until it is claimed it has an expiry day, then a mailbox and its number of chunks."""

    organisation: bytes
    day: int  # the partition
    mailbox: bytes | None
    chunks: int | None
    expiry_day: int | None


async def put(
    link: Link,
    organisation: bytes,
    id: bytes,
    numbered: Mapping[int, bytes],
    expiry_day: int,
    quota: int | None,
) -> None:
    """Store chunks by their numbers, all or none. Raises `Conflict`, `NotFound`, `StorageFull` over the quota."""
    found = await _held(link, id)
    if found is None:
        found = await _make(link, organisation, id, expiry_day)
    if found.organisation != organisation:
        raise Conflict
    hashes = {number: sha256(content).digest() for number, content in numbered.items()}
    stored = await _stored(link, id, found.day, numbered)
    if any(hashes[number] != there for number, there in stored.items()):
        raise Conflict
    new = [number for number in numbered if number not in stored]
    if not new:
        return  # a repetition does not extend the blob's life
    if found.mailbox is not None:
        raise Conflict
    size = sum(len(numbered[number]) for number in new)
    if quota is not None and await file_bytes(link, organisation) + size > quota:
        raise StorageFull
    await partitions.hold(link, "chunk", [found.day])
    await link.execute(
        "INSERT INTO chunk (day, blob, chunk, sha256, bytes) SELECT %s::int, %s, sent.*"
        " FROM unnest(%b::int[], %b::bytea[], %b::bytea[]) AS sent",
        (found.day, id, new, [hashes[number] for number in new], [numbered[number] for number in new]),
    )
    await link.execute(
        "UPDATE blob SET expiry_day = %(day)s WHERE id = %(id)s AND expiry_day < %(day)s",
        {"day": expiry_day, "id": id},
    )
    # Last, and once more: who else sends for this organisation waits for it.
    counted = await link.execute(
        "UPDATE organisation SET file_bytes = file_bytes + %(size)s::bigint"
        " WHERE id = %(id)s AND file_bytes + %(size)s::bigint <= coalesce(%(quota)s::bigint, 9223372036854775807)",
        {"size": size, "id": organisation, "quota": quota},
    )
    if counted.rowcount == 0:
        raise StorageFull


async def file_bytes(link: Link, organisation: bytes) -> int:
    """How many bytes the chunks of an organisation take, those still to be erased among them."""
    row = await one(link, "SELECT file_bytes FROM organisation WHERE id = %s", (organisation,))
    return int(row[0]) if row else 0


async def give_back(link: Link, day: int) -> None:
    """Count no more what was deleted from a partition, which is written anew in this transaction."""
    await link.execute(
        "WITH gone AS (DELETE FROM erasing WHERE day = %s RETURNING organisation, bytes)"
        " UPDATE organisation SET file_bytes = file_bytes - gone.bytes FROM gone WHERE id = gone.organisation",
        (day,),
    )


async def claim(link: Link, organisation: bytes, mailbox: bytes, claims: Sequence[BlobClaim]) -> None:
    """Give blobs to a mailbox, all or none. Raises `Incomplete`."""
    # In one order, so that two never wait for each other.
    for wanted in sorted(claims, key=lambda claim: claim.blob):
        found = await _held(link, wanted.blob)
        if found is None or found.organisation != organisation:
            raise Incomplete
        if found.mailbox is None and await _is_whole(link, wanted.blob, found.day, wanted.chunks):
            await link.execute(
                "UPDATE blob SET mailbox = %s, chunks = %s, expiry_day = NULL WHERE id = %s",
                (mailbox, wanted.chunks, wanted.blob),
            )
        elif (found.mailbox, found.chunks) != (mailbox, wanted.chunks):
            raise Incomplete


async def number_of(link: Link, mailbox: bytes) -> int:
    """How many blobs a mailbox has claimed."""
    row = await one(link, "SELECT count(*) FROM blob WHERE mailbox = %s", (mailbox,))
    return int(row[0])


async def delete(link: Link, organisation: bytes, id: bytes) -> None:
    """Delete a blob that is not claimed. Raises `Conflict` if it is."""
    found = await _held(link, id)
    if found is None or found.organisation != organisation:
        return
    if found.mailbox is not None:
        raise Conflict
    await link.execute("DELETE FROM blob WHERE id = %s", (id,))
    await _drop_chunks(link, [(id, organisation, found.day)])


async def delete_of(link: Link, mailboxes: Sequence[bytes]) -> None:
    """Delete the blobs of mailboxes."""
    gone = await every(
        link,
        "DELETE FROM blob WHERE mailbox = ANY(%b::bytea[]) RETURNING id, organisation, day",
        (list(mailboxes),),
    )
    await _drop_chunks(link, gone)


async def expire(link: Link, today: int, limit: int) -> int:
    """Delete at most `limit` blobs that were never claimed and whose day has come; returns how many."""
    rows = await every(
        link,
        "DELETE FROM blob WHERE id IN"
        " (SELECT id FROM blob WHERE expiry_day <= %s ORDER BY id LIMIT %s FOR UPDATE) RETURNING id, organisation, day",
        (today, limit),
    )
    await _drop_chunks(link, rows)
    return len(rows)


async def claimed(link: Link, organisation: bytes, id: bytes) -> ClaimedBlob | None:
    """A blob of an organisation that is claimed."""
    row = await one(
        link,
        "SELECT b.chunks, m.expiry_day FROM blob b JOIN mailbox_id m ON m.id = b.mailbox"
        " WHERE b.id = %s AND b.organisation = %s",
        (id, organisation),
    )
    return ClaimedBlob(*row) if row else None


async def stored(link: Link, organisation: bytes, id: bytes) -> list[tuple[int, int]]:
    """The numbers of the stored chunks of a blob, as ascending half-open ranges."""
    found = await _blob(link, id)
    if found is None or found.organisation != organisation:
        return []
    return await every(
        link,
        "SELECT min(chunk), max(chunk) + 1 FROM"
        " (SELECT chunk, chunk - row_number() OVER (ORDER BY chunk) AS run"
        "  FROM chunk WHERE day = %s AND blob = %s) numbered GROUP BY run ORDER BY 1",
        (found.day, id),
    )


async def chunks(link: Link, organisation: bytes, id: bytes, first: int, limit: int) -> list[bytes]:
    """At most `limit` chunks of a claimed blob, from `first` up to the first that is missing."""
    found = await _blob(link, id)
    if found is None or found.organisation != organisation or found.chunks is None:
        return []
    rows = await every(
        link,
        "SELECT chunk, bytes FROM chunk"
        " WHERE day = %s AND blob = %s AND chunk >= %s::bigint AND chunk < %s::bigint ORDER BY chunk",
        (found.day, id, first, min(found.chunks, first + limit)),
    )
    read: list[bytes] = []
    for number, content in rows:
        if number != first + len(read):
            break
        read.append(content)
    return read


async def _blob(link: Link, id: bytes, lock: str = "") -> Blob | None:
    row = await one(
        link,
        f"SELECT organisation, day, mailbox, chunks, expiry_day FROM blob WHERE id = %s {lock}",  # noqa: S608 - ours
        (id,),
    )
    return Blob(*row) if row else None


async def _held(link: Link, id: bytes) -> Blob | None:
    return await _blob(link, id, "FOR UPDATE")


async def _make(link: Link, organisation: bytes, id: bytes, expiry_day: int) -> Blob:
    """Make a blob, or hold the one that another request makes at this moment. Raises `NotFound`."""
    made = await link.execute(
        "INSERT INTO blob (id, organisation, day, expiry_day) SELECT %s, id, %s::int, %s::int"
        " FROM organisation WHERE id = %s ON CONFLICT DO NOTHING",
        (id, expiry_day, expiry_day, organisation),
    )
    found = await _held(link, id)
    if made.rowcount == 0 and found is None:
        raise NotFound
    assert found is not None  # noqa: S101 - this transaction has made or held it
    return found


async def _stored(link: Link, id: bytes, day: int, numbers: Mapping[int, bytes]) -> dict[int, bytes]:
    """The hashes of those of these chunks that are stored."""
    rows = await every(
        link,
        "SELECT chunk, sha256 FROM chunk WHERE day = %s AND blob = %s AND chunk = ANY(%s::int[])",
        (day, id, list(numbers)),
    )
    return dict(rows)


async def _is_whole(link: Link, id: bytes, day: int, count: int) -> bool:
    """Whether exactly the chunks 0 to `count` - 1 of a blob are stored."""
    row: tuple[int, int | None] = await one(
        link, "SELECT count(*), max(chunk) FROM chunk WHERE day = %s AND blob = %s", (day, id)
    )
    return row == (count, count - 1)


async def _drop_chunks(link: Link, gone: Sequence[tuple[bytes, bytes, int]]) -> None:
    """Delete the chunks of deleted blobs (id, organisation, day), and note the room that they still take."""
    if not gone:
        return
    days = sorted({day for *_, day in gone})
    await partitions.hold(link, "chunk", days)
    await link.execute(
        "WITH gone AS (SELECT * FROM unnest(%b::bytea[], %b::bytea[]) AS gone (blob, organisation)),"
        " deleted AS (DELETE FROM chunk USING gone"
        "  WHERE chunk.day = ANY(%b::int[]) AND chunk.blob = gone.blob"
        "  RETURNING chunk.day, gone.organisation, octet_length(chunk.bytes) AS size)"
        " INSERT INTO erasing (organisation, day, bytes)"
        "  SELECT organisation, day, sum(size) FROM deleted GROUP BY organisation, day"
        "  ON CONFLICT (organisation, day) DO UPDATE SET bytes = erasing.bytes + excluded.bytes",
        ([blob for blob, *_ in gone], [organisation for _, organisation, _ in gone], days),
    )
