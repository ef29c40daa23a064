"""HPKE with X-Wing, for key slots (PROTOCOL 2.5)."""

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from crypto.sealing import DoesNotOpen

SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
MLKEM_LENGTH = 1184


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
        """The plaintext of `seal`; DoesNotOpen if it was sealed to another key or for another purpose."""
        try:
            return SUITE.decrypt(sealed, self._key, info=info)
        except (InvalidTag, ValueError):
            raise DoesNotOpen from None


def is_public_key(public: bytes) -> bool:
    """Whether one can seal to `public`: by announcing another, one recipient could close a channel to all reports."""
    try:
        seal(public, b"", b"")
    except ValueError:
        return False
    return True


def seal(public: bytes, info: bytes, plaintext: bytes) -> bytes:
    """`enc || ciphertext`, 1,136 bytes longer than the plaintext. ValueError if `public` is not a key.

    The library draws its own randomness here, and offers no way to pass it in (PROTOCOL 1.6).
    """
    if len(public) != MLKEM_LENGTH + 32:
        raise ValueError("an X-Wing public key has 1,216 bytes")
    key = MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(public[:MLKEM_LENGTH]),
        X25519PublicKey.from_public_bytes(public[MLKEM_LENGTH:]),
    )
    return SUITE.encrypt(plaintext, key, info=info)
