"""What somebody on the line sees of browsers: no text, no code, no person, and the same lengths whatever was said."""

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import pytest

from crypto.public.encoding import unb64
from crypto.secret.codes import new_code, parse_code, reporter_keys
from crypto.secret.primitives import os_random
from tests.browser.conftest import BROWSERS, BrowserLauncher
from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import poll
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.whole_path import ANSWER, CHANNEL, KIND, TEXT, Walk
from tests.browser.kit.wire import Exchange, exchanges
from tests.kit.recorder import Recorder, recording
from tests.kit.secret_search import Secrets
from tests.kit.serving import Demo

# What a browser adds to whatever a page asks; none of it differs from one person with this browser to the other.
BROWSERS_OWN = re.compile(
    r"host|connection|user-agent|accept|accept-encoding|accept-language|origin|pragma|cache-control|priority"
    r"|sec-fetch-[a-z]+|sec-ch-ua(-mobile|-platform)?|upgrade-insecure-requests"
)
# What the pages add.
OURS = {"authorization", "content-type", "content-length", "if-match"}
LINE = re.compile(
    r"/(demo/(inbox)?|static/[\w./-]+|demo/api/1/[\w./-]+)|/demo/api/1/inbox/days\?from=[0-9-]{10}"
)
KEYRING = "/demo/api/1/inbox/keyring"
ID = re.compile(r"(?<=/)[\w-]{22,43}(?=/|$)")
# Whether it is asked again depends on what the browser kept of it, and on nothing else.
ICON = "/static/icon.svg"
# The tokens that a request proves itself with, by its method and path.
NEEDED = (
    (re.compile(r"GET /demo/api/1/mailboxes/[\w-]+"), {"read"}),
    (re.compile(r"PUT /demo/api/1/mailboxes/[\w-]+/envelopes/[\w-]+"), {"write"}),
    (re.compile(r"DELETE /demo/api/1/mailboxes/[\w-]+"), {"delete"}),
)


class Sizes(NamedTuple):
    """What is seen of an exchange without reading it."""

    what: str  # method and path, the latter without ids
    sent: int
    received: int


@dataclass
class Listener:
    """A service behind a recorder."""

    demo: Demo
    recorder: Recorder
    known: dict[int, int] = field(default_factory=dict)  # by line, how much of it was taken

    @property
    def url(self) -> str:
        """The organisation's address, by way of the recorder."""
        return self.recorder.address(self.demo.pinned)

    def take(self) -> list[Exchange]:
        """What was asked and answered since the last time; what is on its way is waited for."""
        lines: list[list[Exchange]] = []

        def complete() -> bool:
            lines[:] = [list(exchanges(line)) for line in list(self.recorder.connections)]
            return all(it.response is not None for line in lines for it in line)

        poll(complete, lambda: "an answer never comes")
        new = [it for at, line in enumerate(lines) for it in line[self.known.get(at, 0) :]]
        self.known = {at: len(line) for at, line in enumerate(lines)}
        return new

    def asked(self, method: str, path: str) -> int:
        """How often this was asked since the last time, and answered."""
        before = dict(self.known)
        found = sum(it.request.method == method and it.request.path == path for it in self.take())
        self.known = before
        return found


@pytest.fixture(scope="module")
def listener(demo: Demo) -> Iterator[Listener]:
    with recording(demo.url) as recorder:
        yield Listener(demo, recorder)


@dataclass(frozen=True)
class Heard:
    """A browser, what it said and was told on a whole path, and what must not be in it."""

    reporter: Reporter
    said: Sequence[Exchange]
    secrets: Secrets
    receipt: str
    access_code: str


@pytest.fixture(scope="module", params=BROWSERS)
def heard(launch_once: BrowserLauncher, listener: Listener, request: pytest.FixtureRequest) -> Heard:
    reporter = Reporter(launch_once(request.param), listener.url)
    inbox = Inbox(launch_once(request.param), listener.url)
    listener.take()
    walk = Walk(listener.demo, reporter, inbox)
    receipt = walk.whole()
    # The last one comes after the page has said that it is locked.
    poll(lambda: listener.asked("PUT", KEYRING) >= 2, lambda: "the keyring is not saved at lock")
    said = listener.take()
    assert [*reporter.page.errors(), *inbox.page.errors()] == []
    return Heard(reporter, said, walk.secrets(receipt), receipt, walk.code)


def needed(exchange: Exchange) -> set[str]:
    """The token that a request can't do without."""
    asked = f"{exchange.request.method} {exchange.request.path}"
    return next((names for pattern, names in NEEDED if pattern.fullmatch(asked)), set())


def leaks(said: Sequence[Exchange], secrets: Secrets) -> list[tuple[str, set[str]]]:
    """The requests that hold what they must not, and the answers that hold anything."""
    found = []
    for it in said:
        answer = it.response.raw + it.response.content if it.response else b""
        names = secrets.found(it.request.raw) - needed(it) | secrets.found(answer)
        names |= {word for word in (CHANNEL, KIND) if word.encode() in it.request.raw}
        if names:
            found.append((f"{it.request.method} {it.request.path}", names))
    return found


def test_no_request_holds_a_text_a_code_or_a_token_it_needs_not(heard: Heard) -> None:
    asked = [(it.request.method, it.request.path) for it in heard.said]
    for method, part in (
        ("PUT", "/api/1/mailboxes/"),
        ("DELETE", "/mailboxes/"),
        ("POST", "/sign-in"),
        ("GET", "/inbox/days/"),
    ):
        assert any(known == method and part in path for known, path in asked), (method, part)
    assert leaks(heard.said, heard.secrets) == []
    # Each token is seen where it is needed: the search reads what was really sent.
    assert {name for it in heard.said for name in heard.secrets.found(it.request.raw)} == {
        "read",
        "write",
        "delete",
    }


def test_the_search_would_see_a_page_that_leaks(heard: Heard) -> None:
    """The same search over the same requests, with each secret put into one of them."""
    secret = parse_code(heard.receipt, "receipt")
    keys = reporter_keys(secret, unb64(heard.reporter.url.partition("#")[2]))
    sealed = next(it for it in heard.said if it.request.method == "PUT" and len(it.request.body) > 8192)
    for name, leak in (
        ("receipt", heard.receipt.replace("-", "%20").encode()),
        ("receipt", base64.b64encode(secret)),
        ("access code", b"?code=" + heard.access_code.upper().encode()),
        ("delete", base64.urlsafe_b64encode(keys.delete)),
        ("conversation", keys.conversation),
        ("text", TEXT.encode("utf-16-le")),
        ("answer", base64.b64encode(ANSWER.encode())),
        (KIND, b'{"kind": "wrongdoing"}'),
    ):
        raw = sealed.request.raw
        planted = sealed._replace(request=replace(sealed.request, raw=raw[:900] + leak + raw[900:]))
        assert [names for _, names in leaks([planted], heard.secrets)] == [{name}]


def test_no_request_says_who_sends_it(heard: Heard) -> None:
    origin = "/".join(heard.reporter.url.split("/")[:3])
    browsers_own = {name for it in heard.said[:1] for name, _ in it.request.headers}
    assert "User-Agent" in browsers_own, "this is no browser"
    for it in heard.said:
        asked, names = it.request, {name.lower() for name, _ in it.request.headers}
        ours = {name for name in names if not BROWSERS_OWN.fullmatch(name)}
        assert ours <= (OURS if "/api/" in asked.path else set()), (asked.path, ours)
        assert LINE.fullmatch(asked.path), asked.path
        assert asked.header("origin") in {"", "null", origin}
        assert it.response is not None
        told = {name.lower() for name, _ in it.response.headers}
        assert not told & {"set-cookie", "date", "server", "last-modified", "location", "link", "refresh"}, (
            told
        )


def sizes(said: Sequence[Exchange]) -> list[Sizes]:
    """What is seen of them, in an order of its own: what is fetched side by side arrives in any."""
    kept = [it for it in said if it.response and it.request.path != ICON]
    seen = (
        Sizes(
            f"{it.request.method} {ID.sub('ID', it.request.path)}", len(it.request.raw), len(it.response.raw)
        )
        for it in kept
        if it.response
    )
    return sorted(seen)


def test_a_short_and_a_long_report_look_the_same(heard: Heard, listener: Listener) -> None:
    listener.take()
    seen = []
    for channel, text, kind, rereadable in (
        ("complaints-committee", "Ten chars.", None, True),
        ("confidential-adviser", "x" * 6 * 1024, "behaviour", False),
    ):
        heard.reporter.report(channel, text, kind=kind, rereadable=rereadable, pasted=True)
        seen.append(sizes(listener.take()))
    assert seen[0] == seen[1]
    assert sum(it.what.startswith("PUT") and it.sent > 8192 for it in seen[0]) == 1
    assert heard.reporter.page.errors() == []


def test_return_visits_look_the_same_whether_or_not_there_is_an_answer(
    heard: Heard, listener: Listener
) -> None:
    reporter, demo = heard.reporter, listener.demo
    answered, silent = (demo.report(text).json for text in (TEXT, "Short."))
    assert demo.inbox("confidential-adviser-1", "reply", answered["mailbox"], text=ANSWER * 30).json
    seen = {}
    listener.take()
    for name, receipt, said in (
        ("answered", answered["receipt"], [TEXT, ANSWER * 30]),
        ("silent", silent["receipt"], ["Short."]),
        ("unknown", new_code("receipt", os_random), None),
        ("deleted", heard.receipt, None),
    ):
        reporter.arrive()
        reporter.enter(receipt)
        reporter.page.click("#open")
        if said is None:
            reporter.page.wait_for("#problem")
            assert reporter.problem == words("reporter", "error.receipt-unknown")
        else:
            reporter.page.wait_for("[data-screen=thread]")
            assert [it.text for it in reporter.messages()] == said
        seen[name] = sizes(listener.take())
    assert all(it == seen["answered"] for it in seen.values()), seen
    mailboxes = [it for it in seen["answered"] if it.what == "GET /demo/api/1/mailboxes/ID"]
    assert [it.received > 64 * 1024 for it in mailboxes] == [True]
    assert reporter.page.errors() == []
