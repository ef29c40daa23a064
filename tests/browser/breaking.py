"""Answers that are broken in themselves: too long, cut off, without end, packed, of another kind, or elsewhere."""

import zlib
from collections.abc import Callable, Iterator
from functools import cache

from tests.browser.tampering import Reply, altered, answer, cut, endless
from tests.browser.wire import Response

MEBIBYTE = 1024 * 1024
PIECE = bytes(MEBIBYTE)
PAGE = b"<!doctype html><title>Welcome</title><script>window.__ran=1</script><h1>Log in to the network</h1>"

Break = Callable[[Response], Reply]


@cache
def bomb(mebibytes: int, first: bytes = b"") -> bytes:
    """`first` and so many MiB of spaces, packed a thousand times smaller. All but its size is right."""
    spaces = PIECE.replace(b"\0", b" ")
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


def unpacked(true: Response) -> Response:
    """The true answer as if nobody had packed it."""
    return altered(true, body=true.content)


def packed(mebibytes: int) -> Break:
    """The true answer with so much room behind it, packed."""
    return lambda true: altered(true, body=bomb(mebibytes, true.content), content_encoding="gzip")


def _spaces(true: Response) -> Iterator[bytes]:
    """The true answer, and room behind it without end."""
    plain = unpacked(true)
    head, *_ = endless(plain, 0)
    yield head + plain.body
    for _ in range(1024):
        yield PIECE.replace(b"\0", b" ")


# What will not get better by asking again, which the page says at once.
DEFINITE: dict[str, Break] = {
    "a bomb of a gigabyte": packed(1024),
    "too long": _spaces,
    "without end": lambda true: endless(unpacked(true)),
    "a page": lambda _: answer(200, PAGE, content_type="text/html"),
    "a page that is not found": lambda _: answer(404, PAGE, content_type="text/html"),
    "nothing": lambda true: altered(true, body=b""),
    "half of it": lambda true: altered(true, body=true.content[: len(true.content) // 2]),
    "noise": lambda true: altered(true, body=bytes(range(256)) * 300),
    # Browsers take this for an answer with nothing in it.
    "cut off in the head": lambda true: cut(true, 30),
    "no content": lambda _: answer(204),
    "not allowed": lambda _: answer(403, b"{}", content_type="application/problem+json"),
}
# What may get better, so the page asks again by itself.
PASSING: dict[str, Break] = {
    "cut off": lambda true: cut(unpacked(true), len(unpacked(true).raw) - 10),
    "no answer": lambda true: cut(true, 0),
    "packed, it says": lambda true: altered(unpacked(true), content_encoding="gzip"),
    "unavailable": lambda _: answer(503, PAGE, content_type="text/html"),
    "busy": lambda _: answer(429, b"", retry_after="3600"),
    "a bad gateway": lambda _: answer(502, PAGE, content_type="text/html"),
}
