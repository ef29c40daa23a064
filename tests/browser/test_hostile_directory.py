"""A directory that must not be used: each page says why, sends nothing, and goes on once the server behaves."""

from collections.abc import Callable
from typing import Any

import pytest

from crypto.public.encoding import b64, day_text, parse_object, unb64, utc_day, write_object
from crypto.public.signatures import DIRECTORY, make_dsse
from crypto.secret.primitives import os_random
from tests.browser.kit.attacks import instead, nothing_ran, written
from tests.browser.kit.catalogue import words
from tests.browser.kit.custodian import Custodian
from tests.browser.kit.driver import Page
from tests.browser.kit.http_relay import HttpRelay, untouched
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.reporter import Reporter
from tests.kit.serving import Demo

# What the page and its Worker make of it: the engine has no part in it.
pytestmark = pytest.mark.one_class


def _changed(data: bytes, **changes: Any) -> bytes:
    return write_object({**parse_object(data), **changes})


def _one_letter(data: bytes) -> bytes:
    payload = unb64(parse_object(data)["payload"])
    return _changed(data, payload=b64(payload.replace(b"Voorbeeld", b"Voorbeeed", 1)))


def _dated(custodian: Custodian, issued: int, expires: int) -> bytes:
    today = utc_day()
    return custodian.signed(issued=day_text(today + issued), expires=day_text(today + expires))


def _signed_by_another(custodian: Custodian) -> bytes:
    return make_dsse(DIRECTORY, unb64(parse_object(custodian.served())["payload"]), [os_random(32)])


NEWER = DIRECTORY.replace(".1+", ".2+")
Variant = Callable[[Custodian], bytes]

VARIANTS: dict[str, tuple[str, Variant]] = {
    "expired": ("directory-expired", lambda it: _dated(it, -30, -1)),
    "from the future": ("directory-clock", lambda it: _dated(it, 3, 30)),
    "unsigned": ("directory-unsigned", lambda it: _changed(it.served(), signatures=[])),
    "a letter changed": ("directory-signature", lambda it: _one_letter(it.served())),
    "signed by another": ("directory-signature", _signed_by_another),
    "no history": ("directory-chain", lambda it: it.signed(version=3)),
    "of another form": ("directory-format", lambda it: it.signed(channels="none")),
    "of a newer form": ("directory-newer", lambda it: _changed(it.served(), payloadType=NEWER)),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_directory_that_must_not_be_used(same_page: Page, demo: Demo, middle: HttpRelay, name: str) -> None:
    code, variant = VARIANTS[name]
    middle.tamper = instead("directory", variant(Custodian(demo)))
    same_page.go(middle.address(demo.pinned))
    same_page.wait_for_text(words("reporter", f"error.{code}"), "#main")
    assert words("reporter", "unusable.nothing") in same_page.text("#main")
    inbox = Inbox(same_page, middle.address(demo.pinned))
    inbox.page.go(inbox.url)
    inbox.page.wait_for_text(words("inbox", f"error.{code}"), "#problem")
    assert written(middle) == []
    nothing_ran(same_page, middle)


def test_a_directory_that_has_run_out_while_the_page_stood_open_costs_no_text(
    same_page: Page, demo: Demo, middle: HttpRelay
) -> None:
    reporter = Reporter(same_page, middle.address(demo.pinned))
    reporter.arrive()
    reporter.begin()
    reporter.choose("confidential-adviser")
    reporter.page.type("Wat ik zag.", into="#text")
    # Another link in the same tab has the page ask anew, and stands for the hours that a test does not have.
    middle.tamper = instead("directory", _dated(Custodian(demo), -30, -1))
    reporter.page.evaluate("location.hash = ''")
    reporter.page.wait_for_text(words("reporter", "error.directory-expired"), "#main")
    assert words("reporter", "unusable.kept") in reporter.page.text("#main")
    middle.tamper = untouched
    reporter.page.click("#retry")
    reporter.page.wait_for("#begin:enabled")
    reporter.begin()
    reporter.page.click("#next")
    reporter.page.wait_for("#text")
    assert reporter.page.value("#text") == "Wat ik zag."
    assert written(middle) == []
    nothing_ran(same_page, middle)
