"""Bytes, text, JSON and days (PROTOCOL 1), and the one hash of the protocol (PROTOCOL 2.1)."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, NoReturn

from nacl.encoding import RawEncoder
from nacl.hash import blake2b

Random = Callable[[int], bytes]
"""A source of randomness: it gives as many random bytes as it is asked for (PROTOCOL 1.6)."""

_EPOCH = date(1970, 1, 1)
LARGEST_NUMBER = 2**53 - 1
LARGEST_DAY = (date.max - _EPOCH).days
_DEEPEST = 32
_NESTING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]')


def hash_labelled(label: str, data: bytes) -> bytes:
    """`H(label, data)`, 32 bytes. The label separates purposes: a hash for one can't be used for another."""
    return blake2b(b"drempel/1/" + label.encode("ascii") + b"\x00" + data, digest_size=32, encoder=RawEncoder)


def b64(data: bytes) -> str:
    """base64url without padding (PROTOCOL 1.2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(text: object, length: int | None = None) -> bytes:
    """Decode `text`; ValueError unless it is the canonical form, and has `length` bytes if that is given."""
    if not isinstance(text, str) or not text.isascii() or "=" in text:
        raise ValueError("not base64url")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("not base64url") from None
    # A second spelling of the same bytes would let one item count as two.
    if b64(data) != text or (length is not None and len(data) != length):
        raise ValueError("not base64url of that length")
    return data


def _refused(_: str) -> NoReturn:
    raise ValueError("not JSON")


def _whole(text: str) -> int | float:
    # Longer numbers are outside PROTOCOL 1.3 and refused where they are used; parsing them takes quadratic time.
    return int(text) if len(text) < 20 else float("inf")


def _is_too_deep(text: str) -> bool:
    """Whether JSON is nested too deeply for some reader. A member that a duplicate hides counts too."""
    if text.count("[") + text.count("{") <= _DEEPEST:
        return False
    depth = 0
    for found in _NESTING.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > _DEEPEST:
            return True
    return False


def parse_object(data: bytes) -> dict[str, Any]:
    """Parse the JSON object in `data` (PROTOCOL 1.3); ValueError if it is anything else."""
    text = data.decode("utf-8")
    try:
        value = json.loads(text, parse_constant=_refused, parse_int=_whole)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict) or _is_too_deep(text):
        raise ValueError("not an object")
    return value


def write_object(value: Mapping[str, object]) -> bytes:
    """Write `value` as compact JSON in UTF-8. These bytes are signed, never a second serialisation."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def is_number(value: object, smallest: int = 0, largest: int = LARGEST_NUMBER) -> bool:
    """Whether `value` is a whole number of PROTOCOL 1.3 within the bounds."""
    return isinstance(value, int) and not isinstance(value, bool) and smallest <= value <= largest


def is_id(value: object) -> bool:
    """Whether `value` is an id of PROTOCOL 1.5."""
    return (
        isinstance(value, str)
        and 1 <= len(value) <= 40
        and all(character in "abcdefghijklmnopqrstuvwxyz0123456789-" for character in value)
    )


def day_number(text: object) -> int:
    """Days since 1970-01-01 of `YYYY-MM-DD`; ValueError for anything else."""
    if not isinstance(text, str) or len(text) != 10 or not text.isascii():
        raise ValueError("not a day")
    number = (date.fromisoformat(text) - _EPOCH).days
    if number < 0 or day_text(number) != text:
        raise ValueError("not a day")
    return number


def day_text(day: int) -> str:
    """`YYYY-MM-DD` of days since 1970-01-01; ValueError after the year 9999, which has no such form."""
    if not 0 <= day <= LARGEST_DAY:
        raise ValueError("not a day")
    return date.fromordinal(_EPOCH.toordinal() + day).isoformat()


def week_of(day: int) -> int:
    """The calendar week, Monday to Sunday, of a day (PROTOCOL 1.4)."""
    return (day + 3) // 7


def utc_day() -> int:
    """Today, in days since 1970-01-01 UTC. The protocol uses no finer time."""
    return (datetime.now(UTC).date() - _EPOCH).days
