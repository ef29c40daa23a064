"""Key derivation and authenticated encryption (PROTOCOL 2.2, 2.3, 2.6). The service must not import this."""

import os

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ZERO_NONCE = bytes(12)
KEY_LENGTH = 32
ARGON2_MEMORY_KIB = 8192


class DoesNotOpen(Exception):
    """The key, the associated data or the bytes are not the ones that were sealed."""


def os_random(length: int) -> bytes:
    """Randomness of the operating system."""
    return os.urandom(length)


def derive(key: bytes, salt: bytes, label: str, length: int = KEY_LENGTH) -> bytes:
    """`length` bytes for the purpose `label` from a key and a salt (both may have any length)."""
    info = b"drempel/1/" + label.encode("ascii")
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(key)


def seal(key: bytes, associated: bytes, plaintext: bytes) -> bytes:
    """AES-256-GCM under a 32-byte key that seals nothing else: that is why the nonce may be zero. 16 bytes longer."""
    return AESGCM(key).encrypt(ZERO_NONCE, plaintext, associated)


def unseal(key: bytes, associated: bytes, sealed: bytes) -> bytes:
    """The plaintext of `seal`; DoesNotOpen, and no plaintext at all, if anything differs."""
    if len(sealed) < 16:
        raise DoesNotOpen
    try:
        return AESGCM(key).decrypt(ZERO_NONCE, sealed, associated)
    except InvalidTag:
        raise DoesNotOpen from None


def argon2id(secret: bytes, salt: bytes) -> bytes:
    """The 32-byte master key of a code's 14 secret bytes: one fixed cost for everybody."""
    return hash_secret_raw(
        secret, salt, time_cost=1, memory_cost=ARGON2_MEMORY_KIB, parallelism=1, hash_len=32, type=Type.ID
    )
