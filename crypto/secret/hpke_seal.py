"""Seals key slots with HPKE and X-Wing (PROTOCOL 2.5)."""

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PublicKey, Suite

HPKE_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_MLKEM_LENGTH = 1184


def is_public_key(public: bytes) -> bool:
    """Whether `public` can be sealed to: with an invalid key, a recipient could close a channel to all reports."""
    try:
        seal_slot(public, b"", b"")
    except ValueError:
        return False
    return True


def seal_slot(public: bytes, info: bytes, plaintext: bytes) -> bytes:
    """Seal to a public key; gives `enc || ciphertext`, 1,136 bytes longer. ValueError if it is not a key.

    The library draws its own randomness here, and offers no way to pass it in (PROTOCOL 1.6).
    """
    if len(public) != _MLKEM_LENGTH + 32:
        raise ValueError("an X-Wing public key has 1,216 bytes")
    key = MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_LENGTH]),
        X25519PublicKey.from_public_bytes(public[_MLKEM_LENGTH:]),
    )
    return HPKE_SUITE.encrypt(plaintext, key, info=info)
