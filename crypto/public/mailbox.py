"""Mailboxes: capabilities, ids and creation records (PROTOCOL 5)."""

from dataclasses import dataclass

from crypto.public.encoding import hash_labelled
from crypto.public.errors import WireError
from crypto.public.limits import CREATION_LENGTH, SUITE

CAPABILITIES = ("read", "write", "close", "replace", "delete")  # in the order of their verifiers in a record


def verifier(capability: str, token: bytes) -> bytes:
    """The verifier of a token (32 bytes), which the server stores instead of it (PROTOCOL 5.1, 16.1)."""
    return hash_labelled(f"verifier/{capability}", token)


def mailbox_id(read_verifier: bytes, signing_key: bytes) -> bytes:
    """The mailbox id (32 bytes), a commitment to its reader and to its maker's signing key (PROTOCOL 5.2)."""
    return hash_labelled("mailbox", read_verifier + signing_key)


@dataclass(frozen=True)
class CreationRecord:
    """The public record a mailbox is created from (PROTOCOL 5.3): ids and verifiers of 32 bytes each, no token."""

    organisation: bytes
    mailbox: bytes
    read: bytes
    write: bytes
    close: bytes
    replace: bytes
    delete: bytes

    def to_bytes(self) -> bytes:
        """The record's 225 bytes."""
        parts = (
            self.organisation,
            self.mailbox,
            self.read,
            self.write,
            self.close,
            self.replace,
            self.delete,
        )
        return bytes([SUITE]) + b"".join(parts)


def parse_creation(data: bytes) -> CreationRecord:
    """Parse the 225 bytes of a creation record; WireError `envelope-header` or `envelope-suite`."""
    if len(data) != CREATION_LENGTH:
        raise WireError("envelope-header")
    if data[0] != SUITE:
        raise WireError("envelope-suite")
    return CreationRecord(*(data[1 + 32 * n : 33 + 32 * n] for n in range(7)))


def recorded_verifier(creation: bytes, capability: str) -> bytes:
    """The verifier of a capability in a creation record of 225 bytes, which is not looked at otherwise."""
    start = 65 + 32 * CAPABILITIES.index(capability)
    return creation[start : start + 32]
