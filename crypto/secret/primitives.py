"""Key derivation and authenticated encryption (PROTOCOL 2.2, 2.3, 2.6)."""

import os

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_ZERO_NONCE = bytes(12)
_KEY_LENGTH = 32
_ARGON2_MEMORY_KIB = 8192


class DoesNotOpen(Exception):
    """The key, the associated data or the bytes differ from those that were sealed."""


def os_random(length: int) -> bytes:
    """Random bytes of the operating system."""
    return os.urandom(length)


def derive(key: bytes, salt: bytes, label: str, length: int = _KEY_LENGTH) -> bytes:
    """Derive `length` bytes for the purpose `label` from a key and a salt, both of any length (HKDF)."""
    info = b"drempel/1/" + label.encode("ascii")
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(key)


def seal(key: bytes, associated: bytes, plaintext: bytes) -> bytes:
    """Encrypt with AES-256-GCM; 16 bytes longer. The 32-byte key seals nothing else, so the nonce may be zero."""
    return AESGCM(key).encrypt(_ZERO_NONCE, plaintext, associated)


def unseal(key: bytes, associated: bytes, sealed: bytes) -> bytes:
    """Decrypt the output of `seal`; DoesNotOpen, and no plaintext at all, if anything differs."""
    if len(sealed) < 16:
        raise DoesNotOpen
    try:
        return AESGCM(key).decrypt(_ZERO_NONCE, sealed, associated)
    except InvalidTag:
        raise DoesNotOpen from None


def argon2id(secret: bytes, salt: bytes) -> bytes:
    """The 32-byte master key of a code's 14 secret bytes, at the same fixed cost for all codes."""
    return hash_secret_raw(
        secret, salt, time_cost=1, memory_cost=_ARGON2_MEMORY_KIB, parallelism=1, hash_len=32, type=Type.ID
    )
