"""All that follows from a code (PROTOCOL 4)."""

from dataclasses import dataclass

from crypto import signatures, wire
from crypto.sealing import argon2id, derive

CUSTODIAN_SALT = b"drempel/1/custodian"


@dataclass(frozen=True)
class ReporterKeys:
    """What a receipt gives, for one organisation. Tokens, keys and seeds of 32 bytes each."""

    read: bytes
    write: bytes
    delete: bytes
    conversation: bytes
    signing_seed: bytes
    xwing_seed: bytes
    stub: bytes

    @property
    def signing_key(self) -> bytes:
        """The reporter's Ed25519 public key, 32 bytes."""
        return signatures.public_key(self.signing_seed)

    @property
    def mailbox(self) -> bytes:
        """The id of the mailbox this receipt opens, 32 bytes."""
        return wire.mailbox_id(wire.verifier("read", self.read), self.signing_key)


@dataclass(frozen=True)
class AccessKeys:
    """What an access code gives, for one organisation: the seed of the login key and an unlocker, 32 bytes each."""

    login_seed: bytes
    unlocker: bytes

    @property
    def login_key(self) -> bytes:
        """The Ed25519 public key the server knows the recipient's device by, 32 bytes."""
        return signatures.public_key(self.login_seed)


def reporter_keys(secret: bytes, organisation: bytes) -> ReporterKeys:
    """The keys of a receipt's 14 secret bytes. Slow on purpose (Argon2id)."""
    master = argon2id(secret, organisation)
    labels = ("read", "write", "delete", "conversation", "signing", "xwing", "stub")
    return ReporterKeys(*(derive(master, b"", f"receipt/{label}") for label in labels))


def access_keys(secret: bytes, organisation: bytes) -> AccessKeys:
    """The keys of an access code's 14 secret bytes. Slow on purpose (Argon2id)."""
    master = argon2id(secret, organisation)
    return AccessKeys(derive(master, b"", "access/login"), derive(master, b"", "access/unlocker"))


def root_seed(secret: bytes) -> bytes:
    """The organisation's Ed25519 root seed (32 bytes) from a custodian's code. Slow on purpose (Argon2id)."""
    return derive(argon2id(secret, CUSTODIAN_SALT), b"", "custodian/root")
