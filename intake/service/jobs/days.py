"""Decides which day it is for promises, and whether anything may be erased on the clock's word.

A clock that is wrong by years looks like one that is right after a long stop. What is answered as expired comes back
when the clock is set right; what is erased does not. So nothing is erased on a day that does not follow from the days
before it.
"""

from collections.abc import Callable
from typing import Final

from crypto.public.encoding import day_text
from intake.service.http.problems import log
from intake.store import Clock, Store

# More than this from one round to the next is a jump.
PLAIN_DAYS: Final = 2
# A doubted clock within so many days of the last day is believed once it has run well for a day: a holiday, a move.
PATIENT_DAYS: Final = 31
STEADY_SECONDS: Final = 24 * 3600


def judge(kept: Clock | None, today: int, ran: float) -> Clock:
    """What to keep of the clock when a round finds `today`, after `ran` seconds of running since the one before."""
    if kept is None or 0 <= today - kept.day <= PLAIN_DAYS:
        return Clock(today)
    goes_on = kept.doubted_day is not None and 0 <= today - kept.doubted_day <= PLAIN_DAYS
    steady = kept.steady_seconds + int(ran) if goes_on else 0
    if steady >= STEADY_SECONDS and not needs_operator(kept, today):
        return Clock(today)
    return Clock(kept.day, today, steady)


def needs_operator(kept: Clock, today: int) -> bool:
    """Whether the clock has jumped too far to be believed by waiting."""
    return abs(today - kept.day) > PATIENT_DAYS


def doubt(kept: Clock, today: int) -> str:
    """A sentence about a doubted clock, and what ends the doubt."""
    shown = f"The clock shows {day_text(today)}, but the last round of erasing was on {day_text(kept.day)}."
    if needs_operator(kept, today):
        return f"{shown} Nothing is erased: set the clock right, or run `drempel doctor --accept-clock`."
    return f"{shown} Nothing is erased until the service has run for a day with this clock."


class Days:
    """The server's days. `clock` gives that of the machine, in days since 1970-01-01 UTC."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self.clock = clock
        self.kept: Clock | None = None  # as the last round left it

    def today(self) -> int:
        """The day that answers and promises count from, never before one that was believed.

        A term that began on a day of a clock that is behind would end too early.
        """
        return max(self.clock(), self.believed())

    def believed(self) -> int:
        """The newest day on whose word something may be erased."""
        return self.kept.day if self.kept else self.clock()

    async def look(self, store: Store, ran: float, *, leads: bool) -> bool:
        """Judge the clock, and tell whether this day is believed. Raises `StoreError`.

        Whoever `leads` the rounds keeps the judgement, so that its steady running counts once. The others judge for
        themselves, and their right clock says that one which is doubted has not gone on steadily.
        """
        today, before = self.clock(), await store.clock()
        judged = judge(before, today, ran if leads else 0)
        is_believed = judged.doubted_day is None
        if leads:
            if judged != before:
                await store.keep_clock(judged)
        elif is_believed and before is not None and before.doubted_day is not None:
            await store.keep_clock(Clock(before.day))
        was_doubted = self.kept is not None and self.kept.doubted_day is not None
        if not is_believed and not was_doubted:
            log.error("%s", doubt(judged, today))
        elif is_believed and (was_doubted or (before is not None and before.doubted_day is not None)):
            log.info("The clock is believed again.")
        self.kept = judged
        return is_believed
