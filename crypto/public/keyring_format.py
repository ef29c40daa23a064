"""The layout of a sealed keyring: its unlockers, salt and body (PROTOCOL 11.1)."""

from dataclasses import dataclass

from crypto.public.envelope_format import KEYRING, TAG_LENGTH
from crypto.public.errors import KeyringError
from crypto.public.limits import SUITE

KEYRING_SIZES = tuple(262_144 << n for n in range(8))
ACCESS_CODE = 1
_UNLOCKER_LENGTH = 81


@dataclass(frozen=True)
class SealedKeyring:
    """A keyring as the server stores it: its unlockers (81 bytes each), salt and sealed body."""

    unlockers: tuple[bytes, ...]
    salt: bytes
    body: bytes

    @property
    def header(self) -> bytes:
        """All bytes before the body."""
        head = bytes([SUITE, KEYRING, len(self.unlockers)])
        return head + b"".join(self.unlockers) + self.salt


def parse_keyring(data: bytes) -> SealedKeyring:
    """Parse a sealed keyring into its parts; KeyringError `keyring-format` or `keyring-suite`."""
    if data[:1] and data[0] != SUITE:
        raise KeyringError("keyring-suite")
    if len(data) < 3 or data[1] != KEYRING or not data[2]:
        raise KeyringError("keyring-format")
    salt_at = 3 + data[2] * _UNLOCKER_LENGTH
    if len(data) - salt_at - 32 - TAG_LENGTH not in KEYRING_SIZES:
        raise KeyringError("keyring-format")
    unlockers = tuple(data[at : at + _UNLOCKER_LENGTH] for at in range(3, salt_at, _UNLOCKER_LENGTH))
    return SealedKeyring(unlockers, data[salt_at : salt_at + 32], data[salt_at + 32 :])
