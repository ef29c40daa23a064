"""A recipient's week keys, from a ratchet that only goes forward (PROTOCOL 11.4)."""

from dataclasses import dataclass

from crypto.public.encoding import week_of
from crypto.public.statement import WEEKS
from crypto.secret.hpke_open import PrivateKey
from crypto.secret.primitives import derive

GRACE_WEEKS = 8


@dataclass(frozen=True)
class Ratchet:
    """A ratchet: the chain (32 bytes) of the earliest week whose key can still be computed."""

    week: int
    chain: bytes

    def at(self, week: int) -> "Ratchet":
        """The ratchet advanced to a week. ValueError for a week that is gone."""
        if week < self.week:
            raise ValueError("this week's key is gone")
        chain = self.chain
        for _ in range(week - self.week):
            chain = derive(chain, b"", "ratchet/next")
        return Ratchet(week, chain)

    @property
    def key(self) -> PrivateKey:
        """The private key of its week."""
        return PrivateKey(derive(self.chain, b"", "ratchet/week"))

    def announced(self, first_week: int) -> list[bytes]:
        """The public keys (1,216 bytes) of the 26 weeks that a statement announces."""
        step, keys = self.at(first_week), []
        for week in range(first_week, first_week + WEEKS):
            step = step.at(week)
            keys.append(step.key.public)
        return keys

    def forgotten(self, synced: int, today: int) -> "Ratchet":
        """The ratchet without weeks that are both synced (their days are before `synced`) and past their grace."""
        done = min(week_of(synced) - 1, week_of(today) - GRACE_WEEKS - 1)
        return self.at(max(self.week, done + 1))


class WeekKeys:
    """Gives private keys by week, and expands each once."""

    def __init__(self, ratchet: Ratchet, latest: int) -> None:
        """`latest` is the last week with a key: a forged header must not advance the ratchet without end."""
        self._ratchet = ratchet
        self._latest = latest
        self._keys: dict[int, PrivateKey] = {}

    def __call__(self, week: int) -> list[PrivateKey]:
        """The key of that week, or none if the week is gone or too far ahead."""
        if not self._ratchet.week <= week <= self._latest:
            return []
        if week not in self._keys:
            self._keys[week] = self._ratchet.at(week).key
        return [self._keys[week]]
