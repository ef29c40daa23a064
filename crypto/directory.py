"""The directory: who may be told, under which keys, signed by the custodian (PROTOCOL 9)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from crypto import signatures
from crypto.directory_form import check_form
from crypto.encoding import b64, day_number, hash_labelled, is_number, parse_object, unb64, write_object
from crypto.errors import DirectoryError
from crypto.signatures import Dsse, is_newer, make_dsse, parse_dsse, read_dsse

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

    def to_json(self) -> dict[str, Any]:
        """As it stands in a directory."""
        return {"threshold": self.threshold, "keys": [b64(key) for key in self.keys]}


def read_signers(value: object) -> Signers:
    """The signers in a JSON value; ValueError if it holds none."""
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
    """A directory as a message, stub, statement or keyring refers to it: version and hash (32 bytes)."""

    version: int
    hash: bytes

    def to_json(self) -> dict[str, Any]:
        """As it stands in JSON."""
        return {"version": self.version, "hash": b64(self.hash)}


def read_quote(value: object) -> Quote:
    """The quote in a JSON value; ValueError if it holds none."""
    if not isinstance(value, dict) or not is_number(value.get("version"), 1, 2**32 - 1):
        raise ValueError("not a reference to a directory")
    return Quote(value["version"], unb64(value.get("hash"), 32))


@dataclass(frozen=True)
class Directory:
    """An accepted directory. `content` is the payload's JSON object, whose form has been checked.

    `signer_hashes` are the hashes (32 bytes) of all sets of signers from the organisation's first to `signers`.
    """

    organisation: bytes
    hash: bytes
    signers: Signers
    content: dict[str, Any]
    signer_hashes: frozenset[bytes] = frozenset()

    @property
    def version(self) -> int:
        """From 1."""
        return int(self.content["version"])

    @property
    def slots(self) -> int:
        """Number of key slots of each opening envelope of this organisation."""
        return int(self.content["slots"])

    @property
    def quote(self) -> Quote:
        """This version, as others refer to it."""
        return Quote(self.version, self.hash)

    def channel(self, id_: str) -> dict[str, Any] | None:
        """The channel of that id."""
        return next((item for item in self.content["channels"] if item["id"] == id_), None)

    def recipient(self, id_: str) -> dict[str, Any] | None:
        """The recipient of that id."""
        return next((item for item in self.content["recipients"] if item["id"] == id_), None)

    def signing_key(self, id_: str) -> bytes | None:
        """The present signing key of a recipient, 32 bytes."""
        found = self.recipient(id_)
        return unb64(found["signing_key"], 32) if found else None

    def author_keys(self, id_: str, channel: str, version: int) -> list[bytes]:
        """The keys under which a recipient may speak in a channel, at the version quoted (PROTOCOL 9.6)."""
        listed = self.channel(channel)
        present = self.signing_key(id_) if listed is not None and id_ in listed["recipients"] else None
        # Who came back under a new key has not unsaid what was said under the old one.
        return ([present] if present else []) + [
            unb64(item["signing_key"], 32)
            for item in self.content["former"]
            if item["id"] == id_ and channel in item["channels"] and item["until"] >= version
        ]

    def knows(self, quote: Quote) -> bool:
        """Whether `quote` is this version or one in its history."""
        if quote.version == self.version:
            return quote.hash == self.hash
        return 1 <= quote.version < self.version and self.content["history"][quote.version - 1] == b64(
            quote.hash
        )

    def check_seen(self, quotes: Iterable[Quote]) -> None:
        """PROTOCOL 9.4 step 9: DirectoryError if any of the versions seen elsewhere does not fit this one."""
        quotes = list(quotes)
        newest = max((quote.version for quote in quotes), default=0)
        if newest > self.version:
            raise DirectoryError("directory-rolled-back", f"It is version {self.version}; seen: {newest}.")
        for quote in quotes:
            if not self.knows(quote):
                detail = f"Version {quote.version} is not the one seen before."
                raise DirectoryError("directory-chain", detail)


def make_directory(content: dict[str, Any], seeds: Iterable[bytes]) -> bytes:
    """The DSSE envelope of a directory with that content, signed with the custodians' root seeds."""
    return make_dsse(signatures.DIRECTORY, write_object(content), seeds)


def make_rotation(
    organisation: bytes, sequence: int, signers: Signers, seeds: Iterable[bytes]
) -> dict[str, Any]:
    """A change of the signers (PROTOCOL 9.5), signed with the seeds of the signers before."""
    content = {"organisation": b64(organisation), "sequence": sequence, "signers": signers.to_json()}
    return parse_object(make_dsse(signatures.ROTATION, write_object(content), seeds))


def _check_type(type_: str, wanted: str, otherwise: str) -> None:
    """DirectoryError `directory-newer` if only the number of the type differs (PROTOCOL 14.3), else `otherwise`."""
    if type_ != wanted:
        raise DirectoryError("directory-newer" if is_newer(type_, wanted) else otherwise)


def _signers(content: dict[str, Any]) -> list[Signers]:
    """PROTOCOL 9.4 step 4: the sets of signers from the first, which the organisation id names, to today's."""
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
    """PROTOCOL 9.4 steps 1 and 2."""
    try:
        dsse = parse_dsse(data)
        _check_type(dsse.type, signatures.DIRECTORY, "directory-format")
        content = parse_object(dsse.payload)
    except ValueError:
        raise DirectoryError("directory-format") from None
    if not dsse.signatures:
        raise DirectoryError("directory-unsigned")
    return dsse, content


def _check_dates(content: dict[str, Any], today: int) -> None:
    """PROTOCOL 9.4 step 8."""
    if day_number(content["expires"]) < today:
        raise DirectoryError("directory-expired", f"It was valid until {content['expires']}.")
    if day_number(content["issued"]) > today + CLOCK_DAYS:
        raise DirectoryError("directory-clock", f"It is dated {content['issued']}.")


def accept_directory(
    data: bytes, today: int, *, pin: bytes | None = None, seen: Sequence[Quote] = ()
) -> Directory:
    """The directory in `data`, if it may be used today (PROTOCOL 9.4); DirectoryError says why not.

    `today` is a day number, `pin` the organisation id of the link (32 bytes), `seen` what was seen of it before.
    """
    dsse, content = _parse(data)
    if pin is not None and content.get("organisation") != b64(pin):
        raise DirectoryError("directory-pin")
    sets = _signers(content)
    signers = sets[-1]
    if len(dsse.signers(signers.keys)) < signers.threshold:
        raise DirectoryError("directory-signature")
    try:
        check_form(content)
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
