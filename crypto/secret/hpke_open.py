"""Opens key slots with HPKE and X-Wing (PROTOCOL 2.5)."""

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import (
    MLKEM768X25519PrivateKey,
)

from crypto.secret.hpke_seal import HPKE_SUITE
from crypto.secret.primitives import DoesNotOpen


class PrivateKey:
    """A week's private key, expanded once: expanding for each try is five times slower."""

    def __init__(self, seed: bytes) -> None:
        """`seed` is 32 bytes."""
        expanded = hashlib.shake_256(seed).digest(96)
        mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        x25519 = X25519PrivateKey.from_private_bytes(expanded[64:])
        self._key = MLKEM768X25519PrivateKey(mlkem, x25519)
        self.public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        """The public key, 1,216 bytes."""

    def open(self, info: bytes, sealed: bytes) -> bytes:
        """Open the output of `seal_slot`; DoesNotOpen if it was sealed to another key or for another purpose."""
        try:
            return HPKE_SUITE.decrypt(sealed, self._key, info=info)
        except (InvalidTag, ValueError):
            raise DoesNotOpen from None
