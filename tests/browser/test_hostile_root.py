"""Another organisation's keys at the right address: told before anything is sent, and nothing typed is lost by it."""

import pytest

from crypto.public.encoding import b64, utc_day
from crypto.secret.primitives import os_random
from tests.browser.kit.attacks import both, instead, json_changed, nothing_ran, written
from tests.browser.kit.catalogue import words
from tests.browser.kit.custodian import Custodian, content_of
from tests.browser.kit.driver import Page
from tests.browser.kit.http_relay import HttpRelay, Tamper, untouched
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.reporter import Reporter
from tests.kit.organisation import other_organisation
from tests.kit.serving import Demo

# What the Worker makes of the answers of one server: the engine has no part in it.
pytestmark = pytest.mark.one_class

ADVISER = "confidential-adviser-1"
TEXT = "Wat ik zag."


@pytest.fixture(scope="module")
def swapped() -> Tamper:
    """A server with a directory of its own: the same names, another root key."""
    return instead("directory", other_organisation(utc_day()).directory)


def asked_only_for_public_things(middle: HttpRelay) -> None:
    assert written(middle) == []
    assert {it.path.rpartition("/")[2] for it in middle.requests if "/api/" in it.path} <= {
        "directory",
        "keys",
    }


def test_a_reporter_with_a_link_is_warned_and_can_go_on_with_the_right_server(
    same_page: Page, demo: Demo, middle: HttpRelay, swapped: Tamper
) -> None:
    middle.tamper = swapped
    reporter = Reporter(same_page, middle.address(demo.pinned))
    reporter.page.go(reporter.url)
    reporter.page.wait_for("[data-screen=unusable]")
    assert words("reporter", "error.directory-pin") in reporter.page.text("#main")
    assert words("reporter", "unusable.nothing") in reporter.page.text("#main")
    assert "directory-pin" in reporter.page.text("#main code")
    asked_only_for_public_things(middle)
    middle.tamper = untouched
    reporter.page.click("#retry")
    reporter.page.wait_for("#begin:enabled")
    assert reporter.page.text("#verified summary") == words("reporter", "verified")
    nothing_ran(reporter.page, middle)


def test_what_was_typed_outlives_a_wrong_link(
    same_page: Page, demo: Demo, middle: HttpRelay, swapped: Tamper
) -> None:
    reporter = Reporter(same_page, middle.address(demo.pinned))
    reporter.arrive()
    reporter.begin()
    reporter.choose("confidential-adviser")
    reporter.page.type(TEXT, into="#text")
    right = reporter.page.evaluate("location.hash")
    for link, code in (("#half-a-lin", "pin-malformed"), (f"#{b64(os_random(32))}", "directory-pin")):
        reporter.page.evaluate(f"location.hash = '{link}'")
        reporter.page.wait_for_text(words("reporter", f"error.{code}"), "#main")
        assert reporter.screen == "unusable"
        assert words("reporter", "unusable.kept") in reporter.page.text("#main")
    reporter.page.evaluate(f"location.hash = '{right}'")
    reporter.page.wait_for("#begin:enabled")
    reporter.begin()
    reporter.page.click("#next")
    reporter.page.wait_for("[data-screen=write]")
    assert reporter.page.value("#text") == TEXT
    asked_only_for_public_things(middle)
    nothing_ran(reporter.page, middle)


def test_a_receipt_gives_another_organisation_nothing(
    same_page: Page, demo: Demo, middle: HttpRelay, swapped: Tamper
) -> None:
    sent = demo.report(TEXT).json
    middle.tamper = swapped
    reporter = Reporter(same_page, middle.address(demo.url))
    reporter.arrive()
    # Nobody can know better here, so the page promises nothing.
    assert reporter.page.text("#verified summary") == words("reporter", "unverified")
    reporter.enter(sent["receipt"])
    reporter.page.click("#open")
    reporter.page.wait_for_text(words("reporter", "error.receipt-unknown"), "#problem")
    assert reporter.page.value("#code") == sent["receipt"]
    assert not any(
        sent["mailbox"] in it.path or sent["mailbox"] in repr(it.headers) for it in middle.requests
    )
    assert written(middle) == []
    middle.tamper = untouched
    reporter.page.go(middle.address(demo.pinned))
    reporter.page.reload()
    reporter.page.wait_for("#begin:enabled")
    reporter.enter(sent["receipt"])
    reporter.page.click("#open")
    reporter.page.wait_for("[data-screen=thread]")
    assert [it.text for it in reporter.messages()] == [TEXT]
    nothing_ran(reporter.page, middle)


def test_keys_that_do_not_follow_from_the_first_key(same_page: Page, demo: Demo, middle: HttpRelay) -> None:
    custodian = Custodian(demo)
    stranger = content_of(other_organisation(utc_day()).directory)
    document = custodian.signed(
        first_signers=content_of(custodian.served())["signers"], signers=stranger["signers"]
    )
    middle.tamper = instead("directory", document)
    reporter = Reporter(same_page, middle.address(demo.pinned))
    reporter.page.go(reporter.url)
    reporter.page.wait_for_text(words("reporter", "error.directory-signers"), "#main")
    asked_only_for_public_things(middle)
    nothing_ran(reporter.page, middle)


def test_a_recipient_with_a_link_is_warned_before_a_code_is_used(
    same_page: Page, demo: Demo, middle: HttpRelay, swapped: Tamper
) -> None:
    middle.tamper = swapped
    inbox = Inbox(same_page, middle.address(demo.pinned))
    inbox.page.go(inbox.url)
    inbox.page.wait_for_text(words("inbox", "error.directory-pin"), "#problem")
    # Whoever goes on all the same is stopped again, with the code still in the field and in no request.
    inbox.page.type(demo.access_codes[ADVISER], into="#code")
    inbox.page.click("#enter")
    inbox.page.wait_for_text(words("inbox", "error.directory-pin"), "#problem")
    inbox.page.wait_for("#enter:enabled")
    assert inbox.page.value("#code") == demo.access_codes[ADVISER]
    asked_only_for_public_things(middle)
    middle.tamper = untouched
    inbox.page.click("#enter")
    inbox.page.wait_for("[data-screen=list]")
    nothing_ran(inbox.page, middle)


def test_a_recipient_with_half_a_link_is_told_to_copy_it_again(
    same_page: Page, demo: Demo, middle: HttpRelay
) -> None:
    inbox = Inbox(same_page, f"{middle.address(demo.url)}#{demo.codes['fingerprint'][:-3]}")
    inbox.page.go(inbox.url)
    inbox.page.wait_for_text(words("inbox", "error.pin-malformed"), "#problem")
    assert not any("/api/" in it.path for it in middle.requests)
    nothing_ran(inbox.page, middle)


def test_a_second_directory_of_the_same_version_is_no_successor(
    same_page: Page, demo: Demo, middle: HttpRelay
) -> None:
    sent = demo.report(TEXT).json
    twin = Custodian(demo).signed(name={"nl": "Dubbelganger"})
    # The recipients' statements quote the true one. A server that plays two worlds withholds them.
    hidden = json_changed(lambda keys: {**keys, "recipients": []})
    middle.tamper = both(instead("directory", twin), instead("keys", hidden))
    reporter = Reporter(same_page, middle.address(demo.pinned))
    reporter.arrive()
    reporter.enter(sent["receipt"])
    reporter.page.click("#open")
    reporter.page.wait_for_text(words("reporter", "error.directory-chain"), "#problem")
    assert reporter.page.value("#code") == sent["receipt"]
    assert written(middle) == []
    nothing_ran(reporter.page, middle)
