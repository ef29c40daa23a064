"""Searches bytes for times of day, and for secrets in every form that careless code would leave."""

import base64
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

SLICE = 24
BEGINNING = 8  # no form is shorter

CLOCK = re.compile(rb"(?<![0-9])[0-2][0-9]:[0-5][0-9]:[0-5][0-9](?![0-9])")
ISO = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}")
DIGITS = re.compile(rb"(?<![0-9])1[0-9]{9}(?:[0-9]{3}|[0-9]{6}|[0-9]{9})?(?![0-9])")
ADDRESSES = re.compile(rb"127\.0\.0\.1|::ffff:7f00:1|7f000001|localhost", re.IGNORECASE)
AGENTS = re.compile(rb"user-agent|mozilla|python-httpx|curl/", re.IGNORECASE)


def base64_forms(data: bytes) -> Iterator[bytes]:
    """The base64 of `data` within other data: at each of three alignments, in both alphabets."""
    for shift in range(3):
        whole = base64.b64encode(bytes(shift) + data)
        inner = whole[-(-shift * 8 // 6) : (shift + len(data)) * 8 // 6]
        yield inner
        yield inner.replace(b"+", b"-").replace(b"/", b"_")


def key_forms(key: bytes) -> set[bytes]:
    """The forms of a key or token."""
    return {key, key[::-1], key.hex().encode(), key.hex().upper().encode(), *base64_forms(key)}


def text_forms(text: str) -> set[bytes]:
    """The forms of a text; of a long one, of its pieces, since a page of a database may end anywhere in it."""
    pieces = [text[at : at + SLICE] for at in range(0, len(text), SLICE)]
    forms: set[bytes] = set()
    for piece in (piece for piece in pieces if len(piece) == min(SLICE, len(text))):
        plain = piece.encode("utf-8")
        forms |= {plain, piece.encode("utf-16-le"), quote(piece).encode(), plain.hex().encode()}
        forms |= set(base64_forms(plain))
    return forms


def code_forms(code: str, secret: bytes) -> set[bytes]:
    """The forms of a code: as it is written, joined otherwise, any two groups of it, and its secret bytes."""
    groups = code.split("-")
    joined = {mark.join(groups) for mark in ("-", "", " ", "+", "%20", "_", ",", "\n")}
    pairs = {mark.join(groups[at : at + 2]) for at in range(len(groups) - 1) for mark in ("-", "", " ")}
    spelled = {form.encode() for form in joined | pairs}
    return spelled | {form.upper() for form in spelled} | key_forms(secret) | set(base64_forms(code.encode()))


@dataclass
class Secrets:
    """Secrets by name, each in all its forms."""

    forms: dict[str, set[bytes]] = field(default_factory=dict)

    def key(self, name: str, key: bytes) -> None:
        """Add a key, seed or token."""
        assert len(key) >= 14
        self.forms[name] = key_forms(key)

    def text(self, name: str, text: str) -> None:
        """Add a text."""
        self.forms[name] = text_forms(text)

    def code(self, name: str, code: str, secret: bytes) -> None:
        """Add a code."""
        self.forms[name] = code_forms(code, secret)

    def found(self, data: bytes, without: Iterable[str] = ()) -> set[str]:
        """The names of the secrets that are in `data`."""
        begun: dict[bytes, list[tuple[str, bytes]]] = {}
        for name in self.forms.keys() - set(without):
            for form in self.forms[name]:
                begun.setdefault(form[:BEGINNING], []).append((name, form))
        found = set()
        # One pass over the data for all forms at once: there are more than a thousand.
        for at in range(len(data) - BEGINNING + 1):
            if data[at : at + BEGINNING] in begun:
                candidates = begun[data[at : at + BEGINNING]]
                found |= {name for name, form in candidates if data.startswith(form, at)}
        return found


def _packed(value: int, width: int) -> bytes:
    return value.to_bytes(width, "big")


def numbers_near(data: bytes, first: int, last: int, width: int) -> Iterator[int]:
    """The offsets in `data` of a number from `first` to `last`, in so many bytes, big- or little-endian."""
    low = 0  # bytes of the number that may be anything
    while (last >> 8 * low) - (first >> 8 * low) > 3:
        low += 1
    for high in range(first >> 8 * low, (last >> 8 * low) + 1):
        pattern = _packed(high, width - low)
        orders: tuple[tuple[bytes, int, Literal["big", "little"]], ...]
        orders = (pattern, 0, "big"), (pattern[::-1], low, "little")
        for known, start, order in orders:
            at = data.find(known)
            while at >= 0:
                begin = at - start
                if begin >= 0 and first <= int.from_bytes(data[begin : begin + width], order) <= last:
                    yield begin
                at = data.find(known, at + 1)


def _double(seconds: float) -> int:
    return int(struct.unpack(">Q", struct.pack(">d", seconds))[0])


def binary_times(data: bytes, first: float, last: float) -> set[int]:
    """The offsets in `data` of a time from `first` to `last` (seconds since 1970), as a number of 4 or 8 bytes."""
    found = set(numbers_near(data, int(first), int(last), 4))
    for unit in (1, 1_000, 1_000_000, 1_000_000_000):
        found |= set(numbers_near(data, int(first * unit), int(last * unit), 8))
    found |= set(numbers_near(data, int(first * 1_000), int(last * 1_000), 6))
    return found | set(numbers_near(data, _double(first), _double(last), 8))


def text_times(data: bytes, first: float, last: float) -> list[bytes]:
    """The times of day in `data`: by the clock, as in ISO 8601, or as digits of seconds or parts of them."""
    digits = [match for match in DIGITS.findall(data) if int(first) <= int(match[:10]) <= int(last)]
    return [*CLOCK.findall(data), *ISO.findall(data), *digits]


@dataclass(frozen=True)
class Search:
    """A search through what a server leaves behind, for secrets and for moments between `first` and `last`.

    `random` is all that clients sent and the founding made: ciphertext, hashes and random ids hold any four bytes by
    chance, and what stands among them says nothing of the server.
    """

    secrets: Secrets
    first: float
    last: float
    random: bytes = b""

    def _explained(self, data: bytes, at: int) -> bool:
        """Whether any of the four bytes at `at` is one of eight that are random, and no number with zeros before it."""
        around = (data[start : start + 8] for start in range(max(at - 7, 0), at + 4))
        return any(len(piece) == 8 and len(set(piece)) > 4 and piece in self.random for piece in around)

    def findings(self, data: bytes) -> set[str]:
        """The names of the findings in `data`."""
        found = self.secrets.found(data)
        found |= {f"a time: {match!r}" for match in text_times(data, self.first, self.last)}
        binary = binary_times(data, self.first, self.last)
        found |= {f"a time at {at}" for at in binary if not self._explained(data, at)}
        found |= {f"an address: {match!r}" for match in ADDRESSES.findall(data)}
        found |= {f"an agent: {match!r}" for match in AGENTS.findall(data)}
        packed = [match.start() for match in re.finditer(re.escape(bytes([127, 0, 0, 1])), data)]
        return found | {f"an address at {at}" for at in packed if not self._explained(data, at)}

    def in_files(self, files: Mapping[str, bytes]) -> dict[str, set[str]]:
        """The findings by file; none is an empty dictionary."""
        found = {name: self.findings(data) | self.findings(name.encode()) for name, data in files.items()}
        return {name: findings for name, findings in found.items() if findings}
