"""gzip for what is public and the same for everybody, and for nothing else.

A compressed length tells of its content. So what is sealed, padded or somebody's own never comes here: not a mailbox,
not the inbox, not a problem. Answers carry no `Vary`, since they are `no-store`: nothing may be kept to be mixed up.
"""

import asyncio
import gzip
import re
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

BEST: Final = 9
_WEIGHT: Final = re.compile(r"\s*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*")


class Content(NamedTuple):
    """Bytes to send, and their gzip form if that is smaller."""

    plain: bytes
    gzipped: bytes | None


def compress(plain: bytes) -> Content:
    """Without the time of the compression, which gzip would write into it."""
    gzipped = gzip.compress(plain, BEST, mtime=0)
    return Content(plain, gzipped if len(gzipped) < len(plain) else None)


def takes_gzip(request: Request) -> bool:
    """Whether the client asks for it (RFC 9110, 12.5.3). Who says nothing gets the bytes as they are."""
    weights = {}
    for item in ",".join(request.headers.getlist("accept-encoding")).lower().split(","):
        coding, given, parameters = item.partition(";")
        weight = _WEIGHT.fullmatch(parameters)
        weights[coding.strip()] = 1.0 if not given else float(weight[1]) if weight else 0.0
    wanted = weights.get("gzip", weights.get("*", 0.0))
    return wanted > 0 and wanted >= weights.get("identity", 0.0)


def respond(request: Request, content: Content, media_type: str) -> Response:
    """The answer in the form that the client takes."""
    # As a header and not as `media_type`, to which Starlette would add a second charset.
    headers = {"content-type": media_type}
    if content.gzipped is None or not takes_gzip(request):
        return Response(content.plain, headers=headers)
    return Response(content.gzipped, headers={**headers, "content-encoding": "gzip"})


class PublicAnswers:
    """Keeps the gzip form of answers that everybody gets and that change at most once a day or so."""

    def __init__(self) -> None:
        self._kept: dict[tuple[bytes, str], Content] = {}

    async def respond(
        self, request: Request, of: tuple[bytes, str], plain: bytes, media_type: str
    ) -> Response:
        """The answer `plain`, which is one of those `of` an organisation."""
        content = Content(plain, None)
        if takes_gzip(request):
            content = self._kept.get(of, content)
            if content.plain != plain or of not in self._kept:
                # A megabyte takes long enough for other requests to notice.
                content = self._kept[of] = await asyncio.to_thread(compress, plain)
        return respond(request, content, media_type)
