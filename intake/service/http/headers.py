"""Adds the same headers to every response, for all routes and statuses.

It is a promise that they are the same everywhere: one check of a page's headers (WEBCAT) holds for good, and they don't
distinguish one answer from another.
"""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from intake.service.http.problems import problem

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types drempel",
)
CONTENT_SECURITY_POLICY = "; ".join(_POLICY)

# Features that reveal a person, a device or a place. No others, since each answer carries the list: twenty more bytes
# are half a kilobyte of a visit. Copying by hand needs none of these.
_DENIED_FEATURES = (
    "accelerometer",
    "bluetooth",
    "browsing-topics",
    "camera",
    "clipboard-read",
    "clipboard-write",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
    "window-management",
)

HEADERS: tuple[tuple[bytes, bytes], ...] = tuple(
    (name.encode("ascii"), value.encode("ascii"))
    for name, value in (
        # The second: a proxy that compresses an answer would show how much of it is padding.
        ("cache-control", "no-store, no-transform"),
        ("content-security-policy", CONTENT_SECURITY_POLICY),
        ("cross-origin-embedder-policy", "require-corp"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", ", ".join(f"{feature}=()" for feature in _DENIED_FEATURES)),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-robots-tag", "noindex"),
    )
)


class HeaderMiddleware:
    """Adds `HEADERS` to each response. It is outside the error middleware, or faults would be answered without."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and add the headers to its response."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message = {**message, "headers": [*message.get("headers", ()), *HEADERS]}
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except asyncio.CancelledError:
            # The service stops, and no longer waits for this request. uvicorn would answer without these headers.
            if not started:
                answer = problem("server-unavailable", headers={"connection": "close"})
                await answer(scope, receive, send_with_headers)
            raise
