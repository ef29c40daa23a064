"""Once a day is over, erase the order in which its envelopes came.

Rows lie by their random ids, but not only: contents that overflow a page take pages in the order in which they
are written, and rows of one page lie in it in that order. Whoever seizes the file and knows when a few envelopes
came (because they sent them) could date the others to the hour. So the daily round takes the mailboxes that
got something on a past day, some dozens at a time, deletes them and puts them back in a random order. The freed
pages, overwritten with zeros, are dealt out again. What is left in the file is the day, which is stored anyway.

Today's order, and the log's, are in the file of a running server until the round after midnight.
"""

from __future__ import annotations

import secrets
import sqlite3

from intake.store import blobs, mailboxes
from intake.store.interface import Envelope, Mailbox

# One step is one item of a batch, so it must be short; but the more it takes, the better it shuffles.
STEP_MAILBOXES = 64
STEP_BYTES = 4 * 1024 * 1024
# What the row of a file counts as: it takes as long as that much of an envelope.
ROW_BYTES = 4096


class Settling:
    """One daily round over the days before a day that are not settled yet.

    Call `step` in transactions of the writer until it says that it is done. A round that is given up midway
    loses nothing: the next begins again with the same days.
    """

    def __init__(self, today: int) -> None:
        """A round that settles all days before the day `today`."""
        self._today = today
        self._days: list[tuple[bytes, int]] | None = None  # (organisation, day) still to do
        self._after = b""  # the last mailbox done of the last of these

    def step(self, connection: sqlite3.Connection) -> bool:
        """Put some dozens of mailboxes into a random order; True once everything is done."""
        if self._days is None:
            self._days = _unsettled_days(connection, self._today)
        if not self._days:
            connection.execute("UPDATE settled SET day = ?1 WHERE day < ?1", (self._today - 1,))
            return True
        organisation, day = self._days[-1]
        chosen = _next_mailboxes(connection, organisation, day, self._after)
        if chosen:
            _rewrite(connection, chosen)
            self._after = chosen[-1].id
        else:
            self._days.pop()
            self._after = b""
        return False


def _unsettled_days(connection: sqlite3.Connection, today: int) -> list[tuple[bytes, int]]:
    return connection.execute(
        "SELECT DISTINCT e.organisation, e.day FROM settled s CROSS JOIN organisation o CROSS JOIN envelope e"
        " WHERE e.organisation = o.id AND e.day > s.day AND e.day < ?",
        (today,),
    ).fetchall()


def _next_mailboxes(
    connection: sqlite3.Connection, organisation: bytes, day: int, after: bytes
) -> list[Mailbox]:
    """The next mailboxes by id that got something on that day, as many as one step may take."""
    found = connection.execute(
        "SELECT mailbox, (SELECT sum(size) FROM envelope a WHERE a.mailbox = e.mailbox) FROM envelope e"
        " WHERE organisation = ? AND day = ? AND mailbox > ? GROUP BY mailbox ORDER BY mailbox LIMIT ?",
        (organisation, day, after, STEP_MAILBOXES),
    ).fetchall()
    chosen: list[Mailbox] = []
    total = 0
    for mailbox_id, size in found:
        total += size + ROW_BYTES * blobs.number_of(connection, mailbox_id)
        if chosen and total > STEP_BYTES:
            break
        mailbox = mailboxes.mailbox(connection, organisation, mailbox_id)
        if mailbox is not None:
            chosen.append(mailbox)
    return chosen


def _rewrite(connection: sqlite3.Connection, chosen: list[Mailbox]) -> None:
    """Delete mailboxes with all they have and insert the same rows in a random order."""
    order = secrets.SystemRandom()
    rows: list[tuple[Envelope, bytes]] = []
    claimed = blobs.of_mailboxes(connection, [mailbox.id for mailbox in chosen])
    blobs.remove(connection, claimed)
    for mailbox in chosen:
        rows += [(envelope, mailbox.organisation) for envelope in mailboxes.envelopes(connection, mailbox.id)]
        mailboxes.remove(connection, mailbox.organisation, mailbox.id)
    # Shuffled, so that it does not depend on how SQLite deals out the pages it has just been given back.
    for mailbox in order.sample(chosen, len(chosen)):
        mailboxes.insert_mailbox(connection, mailboxes.row_of(mailbox))
    for envelope, organisation in order.sample(rows, len(rows)):
        mailboxes.insert_envelope(connection, envelope, organisation)
    for blob in order.sample(claimed, len(claimed)):
        blobs.insert(connection, blob)
