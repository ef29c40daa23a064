"""Short-lived tokens that the server recognises by their MAC, without a table of them.

The keys are the store's, so that all processes that serve it take each other's tokens. A token counts minutes since its
key was made, on a clock without a date, so that none of them is a time stamp.
"""

import hashlib
import hmac
from collections.abc import Callable
from typing import Final, NamedTuple

from intake.store import Store

STEP_SECONDS: Final = 60
MAC_LENGTH: Final = 32
# So long after it was made, a key is known to all processes that serve the store, which look every few seconds.
KNOWN_SECONDS: Final = 60


class _Key(NamedTuple):
    key: bytes
    made: float  # by this process's clock


class SignedTokens:
    """Issues and checks short-lived tokens, good for one organisation and one purpose: `u32 step || content || MAC`."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        """`clock` counts seconds and never goes back; where it starts does not matter. `load` before anything else."""
        self._store = store
        self._clock = clock
        self._keys: list[_Key] = []  # the newest first

    async def load(self) -> None:
        """Read the keys. Raises `StoreUnavailable`."""
        made = {known.key: known.made for known in self._keys}
        now = self._clock()
        self._keys = [
            _Key(each.key, made.get(each.key, now - each.age_seconds))
            for each in await self._store.token_keys()
        ]

    def issue(self, purpose: bytes, organisation: bytes, content: bytes) -> bytes:
        """A token that carries `content`. `purpose` is at most 16 bytes."""
        now = self._clock()
        known = (key for key in self._keys if now - key.made >= KNOWN_SECONDS)
        key = next(known, self._keys[-1])
        body = self._step(key).to_bytes(4, "big") + content
        return body + _mac(key, purpose, organisation, body)

    def content(self, purpose: bytes, organisation: bytes, issued: bytes, seconds: int) -> bytes | None:
        """The content of a token; None if it is not ours, for another purpose, or older than `seconds`."""
        body, mac = issued[:-MAC_LENGTH], issued[-MAC_LENGTH:]
        for key in self._keys:
            if hmac.compare_digest(mac, _mac(key, purpose, organisation, body)):
                age = self._step(key) - int.from_bytes(body[:4], "big")
                return body[4:] if age * STEP_SECONDS <= seconds else None
        return None

    def _step(self, key: _Key) -> int:
        return max(0, int((self._clock() - key.made) // STEP_SECONDS))


def _mac(key: _Key, purpose: bytes, organisation: bytes, body: bytes) -> bytes:
    # The organisation id has a fixed length, so no other split of the bytes gives the same input.
    return hashlib.blake2b(organisation + body, digest_size=MAC_LENGTH, key=key.key, person=purpose).digest()
