"""Commits a small write every few seconds, so that it can be told whether the service still works."""

from collections.abc import Callable

from intake.service.jobs.notify import Tell, notify
from intake.store import Store, StoreError


class Heartbeat:
    """Notes when the last write was committed. `monotonic` gives seconds that never go back."""

    def __init__(
        self, store: Store, monotonic: Callable[[], float], longest: float, tell: Tell = notify
    ) -> None:
        """`longest` is for how many seconds a commit shows that the service works."""
        self._store = store
        self._monotonic = monotonic
        self._longest = longest
        self._last = monotonic()
        self._tell = tell

    async def beat(self) -> None:
        """Commit a write, and tell the watchdog. A store in trouble is told of by its silence."""
        try:
            await self._store.heartbeat()
        except StoreError:
            return
        self._last = self._monotonic()
        self._tell("WATCHDOG=1")

    def is_alive(self) -> bool:
        """Whether a write was committed lately."""
        return self._monotonic() - self._last <= self._longest
