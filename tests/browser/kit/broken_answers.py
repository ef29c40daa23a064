"""Answers that are broken in themselves, made of the true ones as `tests/vectors/answers/` says."""

import json
import threading
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

from crypto.public.encoding import parse_object, unb64, write_object
from tests.browser.kit.http_relay import Reply, altered, answer, cut, endless
from tests.browser.kit.wire import Response
from tests.project import ROOT

MEBIBYTE = 1024 * 1024
FOLDER: Final = ROOT / "tests" / "vectors" / "answers"
LONGEST_SILENCE = 600.0  # seconds: longer than any client waits

Break = Callable[[Response], Reply]
Case = dict[str, Any]
Outcome = str | dict[str, str]

_SLICES: dict[str, Callable[[bytes], bytes]] = {
    "whole": lambda true: true,
    "half": lambda true: true[: len(true) // 2],
    "but-last": lambda true: true[:-1],
    "first-100": lambda true: true[:100],
    "last-flipped": lambda true: true[:-1] + bytes([true[-1] ^ 1]),
}


@cache
def read_groups() -> dict[str, list[Case]]:
    """Return the cases by the name of their file."""
    return {path.stem: json.loads(path.read_text("utf-8"))["cases"] for path in sorted(FOLDER.glob("*.json"))}


def broken(name: str, over: threading.Event | None = None) -> Break:
    """Return what breaks an answer as the case of this name does; its silence ends with `over`."""
    [case] = [case for cases in read_groups().values() for case in cases if case["name"] == name]
    return lambda true: build(case["answer"], true, over or threading.Event())


def expected_of(case: Case, call: str) -> Outcome:
    """Return what a client says of a case, as an answer to this call."""
    expected: dict[str, Outcome] = case["expect"]
    return expected[call] if call in expected else expected["*"]


def build(recipe: dict[str, Any], true: Response, over: threading.Event) -> Reply:
    """Build what a client gets instead of the true answer."""
    body = None if "body" not in recipe else b"".join(_part(part, true) for part in recipe["body"])
    headers: dict[str, Any] = recipe.get("headers", {})
    if "gzip" in recipe:
        body = packed(recipe.get("spaces", 0), true.content if body is None else body)
        headers = {**headers, "content-encoding": "gzip"}
    if "status" in recipe:
        made = answer(recipe["status"], body or b"", **headers)
    else:
        made = altered(true, body=true.content if body is None else body, **headers)
    return _sent(made, recipe.get("line", {}), over)


def _part(part: dict[str, Any], true: Response) -> bytes:
    times: int = part.get("times", 1)
    if "text" in part:
        return str(part["text"]).encode() * times
    if "b64" in part:
        return unb64(part["b64"]) * times
    if "set" in part:
        return write_object({**parse_object(true.content), **part["set"]})
    return _SLICES[part["true"]](true.content)


def _sent(made: Response, line: dict[str, Any], over: threading.Event) -> Reply:
    match line:
        case {"cut": after}:
            return cut(made, after)
        case {"short": missing}:
            return cut(made, len(made.raw) - missing)
        case {"silent": after}:
            return _silent(made.raw[:after], over)
        case {"silent-before-end": missing}:
            return _silent(made.raw[:-missing], over)
        case {"endless": filler}:
            return _endless(made, str(filler).encode() * MEBIBYTE)
    return made


def _silent(begun: bytes, over: threading.Event) -> Iterator[bytes]:
    yield begun
    over.wait(LONGEST_SILENCE)


def _endless(made: Response, filler: bytes) -> Iterator[bytes]:
    head, *_ = endless(made, 0)
    yield head + made.body
    for _ in range(1024):
        yield filler


@cache
def packed(mebibytes: int, first: bytes) -> bytes:
    """`first` and so many MiB of spaces, packed a thousand times smaller. All but its size is right."""
    spaces = b" " * MEBIBYTE
    head = zlib.compressobj(9, zlib.DEFLATED, -15)
    begun = head.compress(first) + head.flush(zlib.Z_FULL_FLUSH)
    # After a full flush nothing refers back, so the same piece may come again and again.
    again = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = again.compress(spaces) + again.flush(zlib.Z_FULL_FLUSH)
    end = zlib.compressobj(9, zlib.DEFLATED, -15).flush()
    checksum = zlib.crc32(first)
    for _ in range(mebibytes):
        checksum = zlib.crc32(spaces, checksum)
    length = (len(first) + mebibytes * MEBIBYTE) % 2**32
    trailer = checksum.to_bytes(4, "little") + length.to_bytes(4, "little")
    return b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + begun + piece * mebibytes + end + trailer


def bomb(mebibytes: int) -> Break:
    """Return what puts so much room behind the true answer, packed."""
    return lambda true: build({"gzip": True, "spaces": mebibytes}, true, threading.Event())
