"""Attacks of a malicious server on its answers, and the check that none had an effect."""

from collections.abc import Callable
from typing import Any

from crypto.public.encoding import parse_object, write_object
from tests.browser.kit.driver import Page
from tests.browser.kit.http_relay import HttpRelay, Reply, Tamper, altered
from tests.browser.kit.wire import Request, Response

Ask = Callable[[], Response]
Change = Callable[[bytes], bytes]

API = "/api/1/"


def meddled(part: str, reply: Callable[[Response], Reply], method: str = "GET") -> Tamper:
    """Alters the answers to requests below the API whose path begins with `part`."""

    def tamper(request: Request, ask: Ask) -> Reply:
        below = request.path.partition(API)[2]
        return reply(ask()) if request.method == method and below.startswith(part) else ask()

    return tamper


def instead(part: str, change: bytes | Change, method: str = "GET") -> Tamper:
    """Answers such requests with other content, or with the true content as `change` alters it."""
    made: Change = change if callable(change) else lambda _: change
    return meddled(part, lambda true: altered(true, body=made(true.content)), method)


def both(first: Tamper, then: Tamper) -> Tamper:
    """Applies both attacks; `then` sees the result of `first`, which has to be an answer."""

    def tamper(request: Request, ask: Ask) -> Reply:
        def asking() -> Response:
            reply = first(request, ask)
            assert isinstance(reply, Response)
            return reply

        return then(request, asking)

    return tamper


def json_changed(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Change:
    """A change of a JSON answer."""
    return lambda data: write_object(change(parse_object(data)))


def written(middle: HttpRelay) -> list[str]:
    """The requests so far that could have changed data on the server, or leaked any."""
    return [f"{it.method} {it.path}" for it in middle.requests if it.method not in {"GET", "HEAD"} or it.body]


# A script that runs leaves one of these, whichever way it was started: see `payload`.
TRACES = """[
  typeof window.__ran,
  document.querySelectorAll('[data-planted], script:not([src^="../static/"]), iframe, object, embed, base').length,
  document.querySelectorAll('body img, body svg, body link, body style, [onerror], [onclick], [onload]').length,
  document.querySelectorAll('a[href^="javascript:" i], a[href^="data:" i]').length,
]"""
PLANTED = "planted-by-a-stranger"


def payload(name: str) -> str:
    """Markup that leaves a trace if a page interprets it: an element, a request, a script."""
    return (
        f"{name} <img data-planted src=/{PLANTED}.png onerror=window.__ran=1>"
        f"<script data-planted>window.__ran=1</script><svg data-planted onload=window.__ran=1>"
        f"<a data-planted href=javascript:window.__ran=1>{{n}} {{names}} ${{name}} {{{{7*7}}}} &lt;b&gt; %3Cb%3E</a>"
    )


def nothing_ran(page: Page, middle: HttpRelay | None = None) -> None:
    """Assert that no text became an element, a request or a script, and that the page has no errors."""
    found = {"traces": page.evaluate(TRACES), "errors": page.errors()}
    found["requests"] = [it.path for it in middle.asked("GET", PLANTED)] if middle else []
    assert found == {"traces": ["undefined", 0, 0, 0], "errors": [], "requests": []}, found
