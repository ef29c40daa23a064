"""Ed25519 signatures, each for one purpose, and the DSSE envelopes that carry them (PROTOCOL 2.4, 2.7)."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from crypto.public.encoding import b64, parse_object, unb64, write_object

DIRECTORY: Final = "application/vnd.drempel.directory.1+json"
ROTATION: Final = "application/vnd.drempel.rotation.1+json"
STATEMENT: Final = "application/vnd.drempel.statement.1+json"
MESSAGE: Final = "application/vnd.drempel.message.1"
SIGN_IN: Final = "application/vnd.drempel.sign-in.1"
_CONSENT: Final = "application/vnd.drempel.consent.1"
_PROOF: Final = "application/vnd.drempel.proof.1"
TYPES: Final = (DIRECTORY, ROTATION, STATEMENT, MESSAGE, SIGN_IN, _CONSENT, _PROOF)

GROUP_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
MOST_SIGNATURES: Final = 64


def pae(type_: str, body: bytes) -> bytes:
    """The pre-authentication encoding of DSSE v1: a body of one type can't be taken for one of another."""
    name = type_.encode("ascii")
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(body), body)


def public_key(seed: bytes) -> bytes:
    """The 32-byte public key of a 32-byte seed."""
    return bytes(SigningKey(seed).verify_key)


def sign(seed: bytes, type_: str, body: bytes) -> bytes:
    """Sign `body` for the purpose `type_`, one of `TYPES`; gives a signature of 64 bytes."""
    if type_ not in TYPES:
        raise ValueError("not a type of signature")
    return SigningKey(seed).sign(pae(type_, body)).signature


def verify(public: bytes, type_: str, body: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) over `body` is by `public` (32 bytes) for the purpose `type_`.

    Points are checked first, since libraries differ on small-order, mixed-order and non-canonical points.
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


@dataclass(frozen=True)
class Dsse:
    """A parsed DSSE envelope: type, payload bytes, and (key, signature) pairs, none of them verified yet."""

    type: str
    payload: bytes
    signatures: tuple[tuple[bytes, bytes], ...]

    def signers(self, allowed: Collection[bytes]) -> set[bytes]:
        """The public keys among `allowed` that signed the payload; each counts once."""
        return {
            key
            for key, signature in self.signatures
            if key in allowed and verify(key, self.type, self.payload, signature)
        }


def is_newer(type_: str, known: str) -> bool:
    """Whether `type_` differs from the `known` type by its version number alone (PROTOCOL 14.3)."""
    shape = re.escape(known).replace(r"\.1", r"\.[0-9]+")
    return type_ != known and re.fullmatch(shape, type_) is not None


def make_dsse(type_: str, payload: bytes, seeds: Iterable[bytes]) -> bytes:
    """Make the DSSE envelope of `payload`, signed with each seed."""
    signed = [{"keyid": b64(public_key(seed)), "sig": b64(sign(seed, type_, payload))} for seed in seeds]
    return write_object({"payloadType": type_, "payload": b64(payload), "signatures": signed})


def read_dsse(value: object) -> Dsse:
    """Read the DSSE envelope in a parsed JSON value; ValueError if it is malformed."""
    if not isinstance(value, dict):
        raise ValueError("not a DSSE envelope")
    type_, listed = value.get("payloadType"), value.get("signatures")
    if not isinstance(type_, str) or not isinstance(listed, list) or len(listed) > MOST_SIGNATURES:
        raise ValueError("not a DSSE envelope")
    pairs = []
    for item in listed:
        if not isinstance(item, dict):
            raise ValueError("not a DSSE envelope")
        pairs.append((unb64(item.get("keyid"), 32), unb64(item.get("sig"), 64)))
    return Dsse(type_, unb64(value.get("payload")), tuple(pairs))


def parse_dsse(data: bytes) -> Dsse:
    """Parse the DSSE envelope in the JSON of `data`; ValueError if it is malformed."""
    return read_dsse(parse_object(data))
