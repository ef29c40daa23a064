"""A second Content-Security-Policy, as an extension such as NoScript adds: scripts refused, or all but scripts."""

import pytest

from tests.browser.kit.attacks import Ask
from tests.browser.kit.driver import Page
from tests.browser.kit.http_relay import HttpRelay, Reply, Tamper, altered
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.unscripted import says_what_to_do_without
from tests.browser.kit.whole_path import CHANNEL, TEXT
from tests.browser.kit.wire import Request
from tests.kit.serving import Demo

NO_SCRIPTS = "script-src 'none'"
# At "Safer", of a site whose scripts are let through.
SAFER = "script-src 'self'; object-src 'none'; media-src 'none'; font-src 'none'"


def adding(policy: str) -> Tamper:
    """A browser that holds every answer to one policy more."""

    def tamper(request: Request, ask: Ask) -> Reply:
        true = ask()
        own = dict(true.headers).get("content-security-policy")
        return altered(true, content_security_policy=f"{own}, {policy}") if own else true

    return tamper


@pytest.mark.parametrize("path", ["", "inbox"])
def test_a_page_whose_scripts_are_refused_says_what_to_do(
    same_page: Page, demo: Demo, middle: HttpRelay, path: str
) -> None:
    middle.tamper = adding(NO_SCRIPTS)
    address, _, pin = middle.address(demo.pinned).partition("#")
    same_page.go(f"{address}{path}#{pin}")
    says_what_to_do_without(same_page)
    same_page.forget()


def test_where_scripts_are_let_through_a_report_arrives(
    same_page: Page, demo: Demo, middle: HttpRelay
) -> None:
    middle.tamper = adding(SAFER)
    address = middle.address(demo.pinned)
    reporter = Reporter(same_page, address)
    receipt = reporter.report(CHANNEL, TEXT)
    reporter.come_back(receipt)
    assert [it.text for it in reporter.messages()] == [TEXT]
    reporter.leave()
