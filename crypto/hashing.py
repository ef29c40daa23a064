"""The one hash of the protocol (PROTOCOL 2.1)."""

from nacl.encoding import RawEncoder
from nacl.hash import blake2b


def hash_labelled(label: str, data: bytes) -> bytes:
    """`H(label, data)`, 32 bytes. The label keeps a hash made for one purpose from serving another."""
    return blake2b(b"drempel/1/" + label.encode("ascii") + b"\x00" + data, digest_size=32, encoder=RawEncoder)
