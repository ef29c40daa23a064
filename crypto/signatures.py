"""Ed25519 signatures, each for one purpose (PROTOCOL 2.4)."""

from typing import Final

from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

DIRECTORY: Final = "application/vnd.drempel.directory.1+json"
ROTATION: Final = "application/vnd.drempel.rotation.1+json"
STATEMENT: Final = "application/vnd.drempel.statement.1+json"
MESSAGE: Final = "application/vnd.drempel.message.1"
SIGN_IN: Final = "application/vnd.drempel.sign-in.1"
CONSENT: Final = "application/vnd.drempel.consent.1"
PROOF: Final = "application/vnd.drempel.proof.1"
TYPES: Final = (DIRECTORY, ROTATION, STATEMENT, MESSAGE, SIGN_IN, CONSENT, PROOF)

GROUP_ORDER: Final = 2**252 + 27742317777372353535851937790883648493


def pae(type_: str, body: bytes) -> bytes:
    """The pre-authentication encoding of DSSE v1: no body of one type reads as a body of another."""
    name = type_.encode("ascii")
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(body), body)


def public_key(seed: bytes) -> bytes:
    """The 32-byte public key of a 32-byte seed."""
    return bytes(SigningKey(seed).verify_key)


def sign(seed: bytes, type_: str, body: bytes) -> bytes:
    """A 64-byte signature over `body` for the purpose `type_`, which must be one of `TYPES`."""
    if type_ not in TYPES:
        raise ValueError("not a type of signature")
    return SigningKey(seed).sign(pae(type_, body)).signature


def verify(public: bytes, type_: str, body: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) over `body` is by `public` (32 bytes) for the purpose `type_`.

    Points are checked first, since libraries differ on small-order, mixed-order and non-canonical ones.
    """
    if len(public) != 32 or len(signature) != 64:
        return False
    if int.from_bytes(signature[32:], "little") >= GROUP_ORDER:
        return False
    if not crypto_core_ed25519_is_valid_point(public) or not crypto_core_ed25519_is_valid_point(
        signature[:32]
    ):
        return False
    try:
        VerifyKey(public).verify(pae(type_, body), signature)
    except BadSignatureError:
        return False
    return True
