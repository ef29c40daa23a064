"""A store that fails on demand, so that every failure promised can be seen."""

from typing import Any

from intake.store import SqliteStore


class FaultyStore:
    """Passes every call on, unless the test has named an error for that method."""

    def __init__(self, inner: SqliteStore) -> None:
        self._inner = inner
        self.failures: dict[str, Exception] = {}
        self.calls: list[str] = []
        self._later: dict[str, tuple[int, Exception]] = {}

    def fail_after(self, name: str, calls: int, error: Exception) -> None:
        """Let `calls` more calls of a method succeed, and none after."""
        self._later[name] = (self.calls.count(name) + calls, error)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            self.calls.append(name)
            if name in self.failures:
                raise self.failures[name]
            if name in self._later and self.calls.count(name) > self._later[name][0]:
                raise self._later[name][1]
            return await method(*args, **kwargs)

        return call
