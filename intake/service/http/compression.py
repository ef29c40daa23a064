"""Compresses answers that are public and the same for every client, and no others.

A compressed length leaks something of the content. So sealed, padded or personal content is never compressed: no
mailbox, no inbox, no problem document. Answers carry no `Vary`, since they are `no-store`: no cache can mix them up.
"""

import asyncio
import gzip
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

import brotli
from starlette.requests import Request
from starlette.responses import Response

BEST: Final = 9
BEST_BROTLI: Final = 11
# The best quality takes a second for each megabyte. Files of this size are not part of a page's start.
LARGE: Final = 256 * 1024
LARGE_BROTLI: Final = 9
_WEIGHT: Final = re.compile(r"\s*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*")


class Content(NamedTuple):
    """Bytes to send, and those of their compressed forms that are smaller, by the name of the coding."""

    plain: bytes
    packed: Mapping[str, bytes]

    def with_form(self, coding: str, form: bytes) -> "Content":
        """The content with one more form, if that is smaller."""
        return Content(self.plain, {**self.packed, coding: form}) if len(form) < len(self.plain) else self


def compress(plain: bytes) -> Content:
    """Compress with gzip, which every browser takes, and without its time stamp."""
    return Content(plain, {}).with_form("gzip", gzip.compress(plain, BEST, mtime=0))


def compress_further(content: Content) -> Content:
    """Compress with brotli too: an eighth smaller, accepted by browsers over https, and slow to make."""
    quality = BEST_BROTLI if len(content.plain) < LARGE else LARGE_BROTLI
    return content.with_form("br", brotli.compress(content.plain, quality=quality))


def choose(request: Request, content: Content) -> str:
    """The coding to answer in (RFC 9110, 12.5.3), '' for none. Without the header it is none."""
    weights = _weights(request)
    taken = {coding: weights.get(coding, weights.get("*", 0.0)) for coding in content.packed}
    least = weights.get("identity", 0.0)
    wanted = [coding for coding, weight in taken.items() if weight > 0 and weight >= least]
    return min(wanted, key=lambda coding: (-taken[coding], len(content.packed[coding])), default="")


def _weights(request: Request) -> dict[str, float]:
    weights = {}
    for item in ",".join(request.headers.getlist("accept-encoding")).lower().split(","):
        coding, given, parameters = item.partition(";")
        weight = _WEIGHT.fullmatch(parameters)
        weights[coding.strip()] = 1.0 if not given else float(weight[1]) if weight else 0.0
    return weights


def respond(request: Request, content: Content, media_type: str) -> Response:
    """The answer in the coding that the client accepts."""
    # As a header and not as `media_type`, to which Starlette would add a second charset.
    headers = {"content-type": media_type}
    coding = choose(request, content)
    if not coding:
        return Response(content.plain, headers=headers)
    return Response(content.packed[coding], headers={**headers, "content-encoding": coding})


class PublicAnswers:
    """Caches the gzip form of public answers, which change about once a day at most.

    Brotli would save one byte in forty. But it takes so long that a client could tell from the time whether another
    client had asked on this day.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[bytes, str], Content] = {}

    async def respond(
        self, request: Request, of: tuple[bytes, str], plain: bytes, media_type: str
    ) -> Response:
        """The answer `plain`, which is one of those `of` an organisation."""
        content = self._kept.get(of)
        if content is None or content.plain != plain:
            # A megabyte takes long enough for other requests to notice.
            content = self._kept[of] = await asyncio.to_thread(compress, plain)
        return respond(request, content, media_type)
