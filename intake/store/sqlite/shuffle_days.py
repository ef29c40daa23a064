"""Shuffles the rows of past days, so that their physical order no longer shows when they arrived.

Rows are found by random keys, but contents that overflow a page take pages in the order of writing, and so do
the rows within a page, of indexes too. An attacker who seizes the file and knows when a few envelopes came
(because they sent them) could date the others to the hour. So the daily round deletes the rows of past days and
inserts them in a random order. The freed pages, overwritten with zeros, are used again. The file then shows only
the day, which is stored anyway.

The more rows change places with each other, the less these tell; the fewer a transaction rewrites, the less
others wait. So a window of neighbours is dealt into small steps, three times. Then a row has its old place in
one case of 60, and each other place of the window is as likely; after a single time it would be one of 8.

The order of today's envelopes, and that of the log, is in a running server's file until the round after midnight.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from intake.store.sqlite.mailboxes import COLUMNS

WINDOW_ROWS = 64
TIMES = 3
# A step takes some milliseconds; others write in the pause before the next.
STEP_ROWS = 8
STEP_BYTES = 256 * 1024
PAUSE_SECONDS = 0.02

Named = tuple[int | bytes, int]  # a row: its primary key and its size

_ORDER = secrets.SystemRandom()


@dataclass(frozen=True)
class _Table:
    """How rows of a table are taken out and put back."""

    name: str
    columns: str  # the primary key first

    def rewrite(self, connection: sqlite3.Connection, names: Sequence[int | bytes]) -> None:
        """Delete these rows, those that are still there, and insert them in a random order."""
        key, marks = self.columns.split(",")[0], ", ".join("?" * len(names))
        rows = connection.execute(
            f"DELETE FROM {self.name} WHERE {key} IN ({marks}) RETURNING {self.columns}",  # noqa: S608 - ours
            names,
        ).fetchall()
        marks = ", ".join("?" * len(self.columns.split(",")))
        connection.executemany(
            f"INSERT INTO {self.name} ({self.columns}) VALUES ({marks})",  # noqa: S608 - ours
            _ORDER.sample(rows, len(rows)),
        )

    def shuffle(self, connection: sqlite3.Connection, window: Sequence[Named]) -> Iterator[bool]:
        """Rewrite the rows of a window, yielding False after each step."""
        for _ in range(TIMES):
            for names in _dealt(_ORDER.sample(window, len(window))):
                self.rewrite(connection, names)
                yield False


_OPENINGS = _Table("mailbox", COLUMNS)
_LATER = _Table("envelope", "key, day, mailbox, organisation, id, size, bytes")
_BLOBS = _Table("blob", "id, organisation, number, mailbox, chunks, expiry_day")
# Windows in the order of the keys, and so of the indexes: (key, size, mailbox) and what the next window begins after.
_NEXT_OPENINGS = (
    "SELECT key, size, key, id, x'' FROM mailbox WHERE organisation = ? AND day = ? AND (id, x'') > (?, ?)"
    " ORDER BY id LIMIT ?"
)
_NEXT_LATER = (
    "SELECT key, size, mailbox, mailbox, id FROM envelope WHERE organisation = ? AND day = ?"
    " AND (mailbox, id) > (?, ?) ORDER BY mailbox, id LIMIT ?"
)


class DayShuffle:
    """One daily round over past days that have not been shuffled yet.

    Call `step` in transactions of the writer until it returns True. If a round is interrupted, the next one begins
    again with the same days.
    """

    def __init__(self, today: int) -> None:
        """`today` is the first day that is not shuffled."""
        self._today = today
        self._steps: Iterator[bool] | None = None

    def step(self, connection: sqlite3.Connection) -> bool:
        """Shuffle some rows; True once the round is done."""
        if self._steps is None:
            self._steps = _steps(connection, self._today)
        return next(self._steps)


def _steps(connection: sqlite3.Connection, today: int) -> Iterator[bool]:
    """Yield False after each step, and True after the last. Other transactions come between two steps."""
    # A clock that ran ahead and was set right has settled days that are still to come.
    connection.execute("UPDATE settled SET day = ?1 WHERE day > ?1", (today - 1,))
    for organisation, day in _unshuffled_days(connection, today):
        claimed: set[tuple[bytes, int, int]] = set()
        for table, query, first in ((_OPENINGS, _NEXT_OPENINGS, b""), (_LATER, _NEXT_LATER, -1)):
            after = (first, b"")
            while window := connection.execute(query, (organisation, day, *after, WINDOW_ROWS)).fetchall():
                yield from table.shuffle(connection, [row[:2] for row in window])
                claimed |= _claimed_by(connection, {row[2] for row in window})
                after = window[-1][3:]
        for column in range(3):  # neighbours in each of the trees that they are in
            blobs = [(blob[0], 0) for blob in sorted(claimed, key=itemgetter(column))]
            for start in range(0, len(blobs), WINDOW_ROWS):
                yield from _BLOBS.shuffle(connection, blobs[start : start + WINDOW_ROWS])
    connection.execute("UPDATE settled SET day = ?1 WHERE day < ?1", (today - 1,))
    yield True


def _unshuffled_days(connection: sqlite3.Connection, today: int) -> Iterator[tuple[bytes, int]]:
    """(organisation, day) of past days that have envelopes, each found by a seek."""
    (settled,) = connection.execute("SELECT day FROM settled").fetchone()
    for (organisation,) in connection.execute("SELECT id FROM organisation").fetchall():
        day = _next_day(connection, organisation, settled)
        while day is not None and day < today:
            yield organisation, day
            day = _next_day(connection, organisation, day)


def _next_day(connection: sqlite3.Connection, organisation: bytes, day: int) -> int | None:
    """The first day after this one on which an organisation got an envelope."""
    found: list[tuple[int | None]] = connection.execute(
        "SELECT min(day) FROM mailbox WHERE organisation = ?1 AND day > ?2"
        " UNION ALL SELECT min(day) FROM envelope WHERE organisation = ?1 AND day > ?2",
        (organisation, day),
    ).fetchall()
    return min((first for (first,) in found if first is not None), default=None)


def _claimed_by(connection: sqlite3.Connection, mailboxes: set[int]) -> set[tuple[bytes, int, int]]:
    """(id, number, mailbox) of the files of these mailboxes."""
    query = "SELECT id, number, mailbox FROM blob WHERE mailbox = ?"
    return {row for mailbox in mailboxes for row in connection.execute(query, (mailbox,)).fetchall()}


def _dealt(rows: Sequence[Named]) -> Iterator[list[int | bytes]]:
    """The keys of rows, as many at a time as a step may take."""
    names: list[int | bytes] = []
    total = 0
    for name, size in rows:
        if names and (len(names) == STEP_ROWS or total + size > STEP_BYTES):
            yield names
            names, total = [], 0
        names.append(name)
        total += size
    if names:
        yield names
