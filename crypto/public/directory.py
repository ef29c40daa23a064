"""The directory: the channels, recipients and keys of an organisation, signed by its custodian (PROTOCOL 9)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from crypto.public import signatures
from crypto.public.directory_schema import Channel, Content, Recipient, SignersMember, check_form
from crypto.public.encoding import (
    b64,
    day_number,
    day_text,
    hash_labelled,
    is_number,
    parse_object,
    unb64,
)
from crypto.public.errors import DirectoryError
from crypto.public.signatures import Dsse, is_newer, parse_dsse, read_dsse

CLOCK_DAYS = 2
MOST_ROTATIONS = 64
MOST_SIGNERS = 16


@dataclass(frozen=True)
class Signers:
    """A set of signing keys (32 bytes each) and how many of them must sign."""

    threshold: int
    keys: tuple[bytes, ...]

    @property
    def hash(self) -> bytes:
        """The signers hash (PROTOCOL 9.2), 32 bytes; that of the first set is the organisation id."""
        head = bytes([self.threshold, len(self.keys)])
        return hash_labelled("signers", head + b"".join(sorted(self.keys)))

    def to_json(self) -> SignersMember:
        """The JSON form in a directory."""
        return {"threshold": self.threshold, "keys": [b64(key) for key in self.keys]}


def read_signers(value: object) -> Signers:
    """Read a set of signers from a JSON value; ValueError if it is malformed."""
    if not isinstance(value, dict) or not isinstance(value.get("keys"), list):
        raise ValueError("not a set of signers")
    keys = tuple(unb64(key, 32) for key in value["keys"])
    if not 1 <= len(set(keys)) == len(keys) <= MOST_SIGNERS or not is_number(
        value.get("threshold"), 1, len(keys)
    ):
        raise ValueError("not a set of signers")
    return Signers(value["threshold"], keys)


@dataclass(frozen=True)
class Quote:
    """A reference to a directory in a message, stub, statement or keyring: version and hash (32 bytes)."""

    version: int
    hash: bytes

    def to_json(self) -> dict[str, Any]:
        """The JSON form."""
        return {"version": self.version, "hash": b64(self.hash)}


def read_quote(value: object) -> Quote:
    """Read a quote from a JSON value; ValueError if it is malformed."""
    if not isinstance(value, dict) or not is_number(value.get("version"), 1, 2**32 - 1):
        raise ValueError("not a reference to a directory")
    return Quote(value["version"], unb64(value.get("hash"), 32))


@dataclass(frozen=True)
class Directory:
    """An accepted directory. `content` is its payload, whose form has been checked.

    `signer_hashes` are the hashes (32 bytes) of all sets of signers from the organisation's first to `signers`.
    """

    organisation: bytes
    hash: bytes
    signers: Signers
    content: Content
    signer_hashes: frozenset[bytes] = frozenset()

    @property
    def version(self) -> int:
        """The number of the version, from 1."""
        return self.content["version"]

    @property
    def slots(self) -> int:
        """The number of key slots of each opening envelope of this organisation."""
        return self.content["slots"]

    @property
    def quote(self) -> Quote:
        """The reference to this version."""
        return Quote(self.version, self.hash)

    def channel(self, id_: str) -> Channel | None:
        """The channel of that id, or None."""
        return next((item for item in self.content["channels"] if item["id"] == id_), None)

    def recipient(self, id_: str) -> Recipient | None:
        """The recipient of that id, or None."""
        return next((item for item in self.content["recipients"] if item["id"] == id_), None)

    def signing_key(self, id_: str) -> bytes | None:
        """The present signing key of a recipient (32 bytes), or None."""
        found = self.recipient(id_)
        return unb64(found["signing_key"], 32) if found else None

    def author_keys(self, id_: str, channel: str, version: int) -> list[bytes]:
        """The keys that a recipient may sign with in a channel, at the quoted version (PROTOCOL 9.6)."""
        listed = self.channel(channel)
        present = self.signing_key(id_) if listed is not None and id_ in listed["recipients"] else None
        # A recipient who came back with a new key has still signed earlier messages with the old one.
        return ([present] if present else []) + [
            unb64(item["signing_key"], 32)
            for item in self.content["former"]
            if item["id"] == id_ and channel in item["channels"] and item["until"] >= version
        ]

    def knows(self, quote: Quote) -> bool:
        """Whether `quote` refers to this version or to one in its history."""
        if quote.version == self.version:
            return quote.hash == self.hash
        return 1 <= quote.version < self.version and self.content["history"][quote.version - 1] == b64(
            quote.hash
        )

    def check_seen(self, quotes: Iterable[Quote]) -> None:
        """Raise DirectoryError if a version seen elsewhere is newer, or is not in the history (PROTOCOL 9.4 step 9)."""
        quotes = list(quotes)
        newest = max((quote.version for quote in quotes), default=0)
        if newest > self.version:
            raise DirectoryError("directory-rolled-back", f"It is version {self.version}; seen: {newest}.")
        for quote in quotes:
            if not self.knows(quote):
                detail = f"Version {quote.version} is not the one seen before."
                raise DirectoryError("directory-chain", detail)


def _check_type(type_: str, wanted: str, otherwise: str) -> None:
    """Check a type; DirectoryError `directory-newer` if only its number differs (PROTOCOL 14.3), else `otherwise`."""
    if type_ != wanted:
        raise DirectoryError("directory-newer" if is_newer(type_, wanted) else otherwise)


def _signers(content: dict[str, Any]) -> list[Signers]:
    """The sets of signers from the first, which the organisation id commits to, to the present one (9.4 step 4)."""
    try:
        stated = read_signers(content.get("signers"))
        if not isinstance(content.get("rotations"), list):
            raise ValueError("not a list of rotations")
        rotations = [read_dsse(item) for item in content["rotations"]]
        sets = [read_signers(content.get("first_signers", content.get("signers")))]
        if content.get("organisation") != b64(sets[0].hash) or len(rotations) > MOST_ROTATIONS:
            raise ValueError("not the organisation's first signers")
        for sequence, rotation in enumerate(rotations, start=1):
            sets.append(_rotated(rotation, sequence, sets[0].hash, sets[-1]))
    except ValueError:
        raise DirectoryError("directory-signers") from None
    if sets[-1].hash != stated.hash:
        raise DirectoryError("directory-signers")
    return sets


def _rotated(rotation: Dsse, sequence: int, organisation: bytes, current: Signers) -> Signers:
    _check_type(rotation.type, signatures.ROTATION, "directory-signers")
    body = parse_object(rotation.payload)
    if len(rotation.signers(current.keys)) < current.threshold:
        raise ValueError("not signed by the signers before")
    if not is_number(body.get("sequence"), sequence, sequence) or body.get("organisation") != b64(
        organisation
    ):
        raise ValueError("another rotation")
    return read_signers(body.get("signers"))


def _parse(data: bytes) -> tuple[Dsse, dict[str, Any]]:
    """Parse the envelope and its payload (PROTOCOL 9.4 steps 1 and 2)."""
    try:
        dsse = parse_dsse(data)
        _check_type(dsse.type, signatures.DIRECTORY, "directory-format")
        content = parse_object(dsse.payload)
    except ValueError:
        raise DirectoryError("directory-format") from None
    if not dsse.signatures:
        raise DirectoryError("directory-unsigned")
    return dsse, content


def _check_dates(content: Content, today: int) -> None:
    """Check the dates (PROTOCOL 9.4 step 8). A wrong clock is more frequent than a wrong directory, hence its date."""
    device = f"This device says that it is {day_text(today)}."
    if day_number(content["expires"]) < today:
        raise DirectoryError("directory-expired", f"It was valid until {content['expires']}. {device}")
    if day_number(content["issued"]) > today + CLOCK_DAYS:
        raise DirectoryError("directory-clock", f"It is dated {content['issued']}. {device}")


def accept_directory(
    data: bytes, today: int, *, pin: bytes | None = None, seen: Sequence[Quote] = ()
) -> Directory:
    """Accept the directory in `data` if it may be used today (PROTOCOL 9.4); DirectoryError says why not.

    `today` is a day number, `pin` the organisation id of the link (32 bytes), `seen` the versions seen before.
    """
    dsse, value = _parse(data)
    if pin is not None and value.get("organisation") != b64(pin):
        raise DirectoryError("directory-pin")
    sets = _signers(value)
    signers = sets[-1]
    if len(dsse.signers(signers.keys)) < signers.threshold:
        raise DirectoryError("directory-signature")
    try:
        content = check_form(value)
    except ValueError as problem:
        raise DirectoryError("directory-format", f"({problem})") from None
    if len(content["history"]) != content["version"] - 1:
        raise DirectoryError("directory-chain")
    _check_dates(content, today)
    hashes = frozenset(item.hash for item in sets)
    hash_ = hash_labelled("directory", dsse.payload)
    directory = Directory(sets[0].hash, hash_, signers, content, hashes)
    directory.check_seen(seen)
    return directory
