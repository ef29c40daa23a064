"""Receipts, access codes and custodian's codes: their eight words, and the keys derived from them (PROTOCOL 3, 4)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from crypto.public import signatures
from crypto.public.code_text import groups_of
from crypto.public.encoding import Random
from crypto.public.errors import CodeError
from crypto.public.mailbox import mailbox_id, verifier
from crypto.secret.primitives import argon2id, derive

CONSONANTS = "bdfghjklmnprstvz"
VOWELS = "aiou"
CONSTANTS = {"receipt": 0x5245, "access": 0x4143, "custodian": 0x4355}
NAMES = {"receipt": "a receipt", "access": "an access code", "custodian": "a custodian's code"}
_POLYNOMIAL = 0x10021
_SECRET_LENGTH = 14
GROUPS = 8
_CUSTODIAN_SALT = b"drempel/1/custodian"
_GROUP = re.compile(f"[{CONSONANTS}][{VOWELS}][{CONSONANTS}][{VOWELS}][{CONSONANTS}]")


def crc(secret: bytes) -> int:
    """The remainder of `secret(x) * x^16` modulo x^16 + x^5 + 1 (PROTOCOL 3.2), 16 bits."""
    remainder = 0
    for byte in secret:
        remainder ^= byte << 8
        for _ in range(8):
            remainder <<= 1
            if remainder & 0x10000:
                remainder ^= _POLYNOMIAL
    return remainder


def _word(number: int) -> str:
    return (
        CONSONANTS[number >> 12]
        + VOWELS[number >> 10 & 3]
        + CONSONANTS[number >> 6 & 15]
        + VOWELS[number >> 4 & 3]
        + CONSONANTS[number & 15]
    )


def _number(word: str) -> int:
    number = 0
    for place, letter in enumerate(word):
        number = number << 2 | VOWELS.index(letter) if place % 2 else number << 4 | CONSONANTS.index(letter)
    return number


def format_code(secret: bytes, kind: str) -> str:
    """Write a code of that kind with those 14 secret bytes, as eight words."""
    if len(secret) != _SECRET_LENGTH:
        raise ValueError("a code has 14 secret bytes")
    data = secret + (crc(secret) ^ CONSTANTS[kind]).to_bytes(2, "big")
    return "-".join(_word(int.from_bytes(data[at : at + 2], "big")) for at in range(0, 16, 2))


def new_code(kind: str, random: Random) -> str:
    """Make a new code of that kind from 112 random bits."""
    return format_code(random(_SECRET_LENGTH), kind)


def _kind_of(groups: list[str]) -> str:
    """The kind whose check fits eight well-formed groups, or an empty string."""
    data = b"".join(_number(group).to_bytes(2, "big") for group in groups)
    check = crc(data[:_SECRET_LENGTH]) ^ int.from_bytes(data[_SECRET_LENGTH:], "big")
    return next((kind for kind, constant in CONSTANTS.items() if constant == check), "")


def _slips(letters: str) -> Iterator[str]:
    """All codes of forty letters from which one slip leads to `letters`."""
    malformed = [at for at, letter in enumerate(letters) if letter not in _alphabet(at)]
    # Two malformed places or more can only come from swapped neighbours.
    for at in malformed if len(malformed) == 1 else range(40) if not malformed else ():
        for letter in _alphabet(at):
            yield letters[:at] + letter + letters[at + 1 :]
    for at in range(39):
        yield letters[:at] + letters[at + 1] + letters[at] + letters[at + 2 :]
    for at in range(0, 35, 5):
        yield letters[:at] + letters[at + 5 : at + 10] + letters[at : at + 5] + letters[at + 10 :]


def _alphabet(place: int) -> str:
    return VOWELS if place % 5 % 2 else CONSONANTS


def _correction(groups: list[str], kind: str) -> str:
    """The one code of that kind that a single slip explains, or an empty string (PROTOCOL 3.4)."""
    letters = "".join(groups)
    if len(groups) != GROUPS or any(len(group) != 5 for group in groups):
        return ""
    found = set()
    for candidate in _slips(letters):
        words = [candidate[at : at + 5] for at in range(0, 40, 5)]
        if all(_GROUP.fullmatch(word) for word in words) and _kind_of(words) == kind:
            found.add("-".join(words))
    return found.pop() if len(found) == 1 else ""


def parse_code(text: str, kind: str) -> bytes:
    """Parse a code into its 14 secret bytes; CodeError names the group at fault, and may offer a correction."""
    groups = groups_of(text)
    if len(groups) != GROUPS:
        raise CodeError("code-malformed", f"Groups found: {len(groups)}.")
    for place, group in enumerate(groups, start=1):
        if not _GROUP.fullmatch(group):
            correction = _correction(groups, kind)
            raise CodeError("code-malformed", f"Look at group {place}.", group=place, correction=correction)
    found = _kind_of(groups)
    if not found:
        raise CodeError("code-checksum", correction=_correction(groups, kind))
    if found != kind:
        raise CodeError("code-wrong-kind", f"This is {NAMES[found]}, not {NAMES[kind]}.", kind=found)
    return b"".join(_number(group).to_bytes(2, "big") for group in groups)[:_SECRET_LENGTH]


@dataclass(frozen=True)
class ReporterKeys:
    """The keys of a receipt in one organisation: tokens, keys and seeds of 32 bytes each."""

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
        """The id of the receipt's mailbox, 32 bytes."""
        return mailbox_id(verifier("read", self.read), self.signing_key)


@dataclass(frozen=True)
class AccessKeys:
    """The keys of an access code in one organisation: the seed of the login key and an unlocker, 32 bytes each."""

    login_seed: bytes
    unlocker: bytes

    @property
    def login_key(self) -> bytes:
        """The Ed25519 public key (32 bytes) by which the server recognises the code."""
        return signatures.public_key(self.login_seed)


def reporter_keys(secret: bytes, organisation: bytes) -> ReporterKeys:
    """Derive the keys of a receipt's 14 secret bytes. Slow on purpose (Argon2id)."""
    master = argon2id(secret, organisation)
    labels = ("read", "write", "delete", "conversation", "signing", "xwing", "stub")
    return ReporterKeys(*(derive(master, b"", f"receipt/{label}") for label in labels))


def access_keys(secret: bytes, organisation: bytes) -> AccessKeys:
    """Derive the keys of an access code's 14 secret bytes. Slow on purpose (Argon2id)."""
    master = argon2id(secret, organisation)
    return AccessKeys(derive(master, b"", "access/login"), derive(master, b"", "access/unlocker"))


def root_seed(secret: bytes) -> bytes:
    """Derive the organisation's Ed25519 root seed (32 bytes) from a custodian's code. Slow on purpose (Argon2id)."""
    return derive(argon2id(secret, _CUSTODIAN_SALT), b"", "custodian/root")
