"""A store that fails on demand, so that every failure promised can be seen."""

import asyncio
from collections import defaultdict
from typing import Any

from intake.store import SqliteStore

JOBS = ("heartbeat", "retention")  # their tasks' names


class FailingStore:
    """Passes every call on, unless the test has named an error for that method."""

    is_shared = False

    def __init__(self, inner: SqliteStore) -> None:
        self._inner = inner
        self.failures: dict[str, Exception] = {}
        self.calls: list[str] = []  # but for those of background jobs, which come when they like
        self.done: dict[str, asyncio.Event] = defaultdict(asyncio.Event)  # set with each call of a method
        self._later: dict[str, tuple[int, Exception]] = {}

    def fail_after(self, name: str, calls: int, error: Exception) -> None:
        """Let `calls` more calls of a method succeed, and none after."""
        self._later[name] = (self.calls.count(name) + calls, error)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            task = asyncio.current_task()
            if task is None or task.get_name() not in JOBS:
                self.calls.append(name)
            if name in self.failures:
                raise self.failures[name]
            if name in self._later and self.calls.count(name) > self._later[name][0]:
                raise self._later[name][1]
            result = await method(*args, **kwargs)
            self.done[name].set()
            return result

        return call
