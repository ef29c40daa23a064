"""DSSE envelopes: JSON that is signed over the exact bytes that travel (PROTOCOL 2.7)."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from crypto import signatures
from crypto.encoding import b64, parse_object, unb64, write_object

MOST_SIGNATURES = 64


@dataclass(frozen=True)
class Dsse:
    """A parsed DSSE envelope: type, payload bytes, and (key, signature) pairs, none of them verified yet."""

    type: str
    payload: bytes
    signatures: tuple[tuple[bytes, bytes], ...]

    def signers(self, allowed: Collection[bytes]) -> set[bytes]:
        """Those of the `allowed` public keys that signed the payload; each counts once."""
        return {
            key
            for key, signature in self.signatures
            if key in allowed and signatures.verify(key, self.type, self.payload, signature)
        }


def is_newer(type_: str, known: str) -> bool:
    """Whether `type_` differs from the `known` type by its version number alone (PROTOCOL 14.3)."""
    shape = re.escape(known).replace(r"\.1", r"\.[0-9]+")
    return type_ != known and re.fullmatch(shape, type_) is not None


def make_dsse(type_: str, payload: bytes, seeds: Iterable[bytes]) -> bytes:
    """The DSSE envelope of `payload`, signed with each seed."""
    signed = [
        {"keyid": b64(signatures.public_key(seed)), "sig": b64(signatures.sign(seed, type_, payload))}
        for seed in seeds
    ]
    return write_object({"payloadType": type_, "payload": b64(payload), "signatures": signed})


def read_dsse(value: object) -> Dsse:
    """The envelope in a parsed JSON value; ValueError if it is not one."""
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
    """The envelope in `data`, which is JSON; ValueError if it is not one."""
    return read_dsse(parse_object(data))
