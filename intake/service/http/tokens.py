"""Short-lived tokens that the server recognises by their MAC, without a table of them.

The key is in memory only, so a restart invalidates all tokens. They count minutes since the start, on a clock without a
date, so that none of them is a time stamp.
"""

import hashlib
import hmac
import os
from collections.abc import Callable
from typing import Final

STEP_SECONDS: Final = 60
MAC_LENGTH: Final = 32


class SignedTokens:
    """Issues and checks short-lived tokens, good for one organisation and one purpose: `u32 step || content || MAC`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` counts seconds and never goes back; where it starts does not matter."""
        self._clock = clock
        self._start = clock()
        self._key = os.urandom(32)

    def issue(self, purpose: bytes, organisation: bytes, content: bytes) -> bytes:
        """A token that carries `content`. `purpose` is at most 16 bytes."""
        body = self._step().to_bytes(4, "big") + content
        return body + self._mac(purpose, organisation, body)

    def content(self, purpose: bytes, organisation: bytes, issued: bytes, seconds: int) -> bytes | None:
        """The content of a token; None if it is not ours, for another purpose, or older than `seconds`."""
        body, mac = issued[:-MAC_LENGTH], issued[-MAC_LENGTH:]
        if not hmac.compare_digest(mac, self._mac(purpose, organisation, body)):
            return None
        age = self._step() - int.from_bytes(body[:4], "big")
        return body[4:] if age * STEP_SECONDS <= seconds else None

    def _step(self) -> int:
        return int((self._clock() - self._start) // STEP_SECONDS)

    def _mac(self, purpose: bytes, organisation: bytes, body: bytes) -> bytes:
        # The organisation id has a fixed length, so no other split of the bytes gives the same input.
        return hashlib.blake2b(
            organisation + body, digest_size=MAC_LENGTH, key=self._key, person=purpose
        ).digest()
