"""Retrying what failed for now, with growing pauses and a time-out: the one place that sleeps and repeats."""

import asyncio
import random
import time
from collections.abc import Callable

from crypto.public.errors import DrempelError

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0


class ConnectionProblem(DrempelError):
    """The server could not be reached or could not do it, or its answer makes no sense.

    `is_transient`: whether the same request may be answered otherwise in a while.
    """

    def __init__(self, code: str, detail: str = "", *, is_transient: bool = False) -> None:
        super().__init__(code, detail)
        self.is_transient = is_transient


class Retry:
    """The pauses and the time-out of something that is repeated while its failure is transient.

    Several tasks may share one, so that none of them gives up while another makes progress.
    """

    def __init__(self, retry_for: float, on_retry: Callable[[str], None]) -> None:
        """`retry_for`: seconds until the time-out; `on_retry` gets the problem's text before each pause.

        The time-out counts from the first failure since the last progress, not from the first try: a connection that
        goes dead in silence lets that try alone wait longer than this.
        """
        self._retry_for = retry_for
        self._on_retry = on_retry
        self.progressed()

    def progressed(self) -> None:
        """Start over: something has arrived, so the time-out counts from the next failure."""
        self._end: float | None = None
        self._pause = FIRST_PAUSE

    async def pause(self, problem: ConnectionProblem) -> None:
        """Wait before the next try; raises the problem instead if it is not transient, or the time-out has come."""
        now = time.monotonic()
        if self._end is None:
            self._end = now + self._retry_for
        if not problem.is_transient or now + self._pause > self._end:
            raise problem
        self._on_retry(str(problem))
        await asyncio.sleep(self._pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads clients, guards nothing
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
