"""Both pages where a browser gives less: no secure context and so no crypto.subtle, no WebAssembly, no compiler."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import BrowserLauncher
from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import Page
from tests.browser.kit.http_relay import Reply, Tamper, altered, gone, relaying, untouched
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.whole_path import Walk
from tests.browser.kit.wire import Request, Response
from tests.kit.serving import Demo

WORKERS = ("/static/pages/reporter-worker.js", "/static/pages/recipient-worker.js")
CIPHER = "/static/vendor/noble-cipher.js"
HERE = "[isSecureContext, typeof crypto.subtle, typeof WebAssembly]"
INSECURE = "globalThis.isSecureContext || globalThis.crypto.subtle"
WITHOUT_WASM = "typeof WebAssembly !== 'undefined'"


def only_without(what: str) -> Tamper:
    """Lets no worker start that has what it must do without. Nobody else can see into one."""

    def tamper(request: Request, ask: Callable[[], Response]) -> Reply:
        response = ask()
        if request.path not in WORKERS:
            return response
        check = f"if ({what}) throw new Error('there is more than there should be');\n"
        return altered(response, body=check.encode() + response.content)

    return tamper


def one_person(page: Page, demo: Demo, url: str) -> Walk:
    """Reporter and recipient in turn at the same window."""
    return Walk(demo, Reporter(page, url), Inbox(page, url))


def test_without_a_secure_context_everything_works_and_is_warned_of(same_page: Page, demo: Demo) -> None:
    page = same_page
    with relaying(demo.url, only_without(INSECURE)) as middle:
        walk = one_person(page, demo, middle.address(demo.pinned, "drempel.test"))
        for person, name in ((walk.reporter, "reporter"), (walk.inbox, "inbox")):
            person.arrive()
            assert page.evaluate(HERE)[:2] == [False, "undefined"]
            assert page.text("#unencrypted") == words(name, "unencrypted")
            assert page.is_visible("#unencrypted")
            person.speak("en")
            assert page.text("#unencrypted") == words(name, "unencrypted", "en")
        receipt = walk.report()
        walk.answer()
        assert page.text("#unencrypted") == words("inbox", "unencrypted"), "a locked inbox warns no more"
        walk.follow(receipt)
        assert not page.is_visible("#unencrypted")
        walk.reporter.delete()
        assert all(middle.asked("GET", path) for path in (*WORKERS, CIPHER))
        assert page.errors() == []


def test_a_cipher_that_does_not_arrive_is_told_before_anything_is_typed(same_page: Page, demo: Demo) -> None:
    page = same_page
    with relaying(demo.url, lambda request, ask: gone() if request.path == CIPHER else ask()) as middle:
        page.go(middle.address(demo.pinned, "drempel.test"))
        page.wait_for("[data-screen=unusable]")
        assert words("reporter", "error.page-incomplete") in page.text()
        middle.tamper = untouched
        page.reload()
        page.wait_for("#begin:enabled")


@pytest.mark.parametrize(
    ("browser", "setting"),
    [("chromium", {"safer": True}), ("firefox", {"wasm": False})],
    ids=["no JIT", "no wasm"],
)
def test_without_webassembly_everything_works_and_nothing_is_warned_of(
    launch: BrowserLauncher, demo: Demo, browser: str, setting: dict[str, Any]
) -> None:
    with relaying(demo.url, only_without(WITHOUT_WASM)) as middle:
        page = launch(browser, **setting)
        walk = one_person(page, demo, middle.address(demo.pinned))
        for person in (walk.reporter, walk.inbox):
            person.arrive()
            assert page.evaluate(HERE) == [True, "object", "undefined"]
            assert not page.is_visible("#unencrypted")
        walk.whole()
        assert all(middle.asked("GET", path) for path in WORKERS)
        assert not middle.asked("GET", CIPHER), "there is a better one"
        assert page.errors() == []


def test_a_worker_with_more_than_it_should_have_is_seen(same_page: Page, demo: Demo) -> None:
    """So the walks above would fail in a browser that has what they do without."""
    page = same_page
    for more in (INSECURE, WITHOUT_WASM):
        with relaying(demo.url, only_without(more)) as middle:
            page.go(middle.address(demo.pinned))
            page.wait_for("[data-screen=unusable]")
            assert words("reporter", "error.page-incomplete") in page.text()
