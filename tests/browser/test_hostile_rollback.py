"""An older directory than somebody has seen: its witnesses are the recipients, the receipt, the keyring, a message."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.browser.kit.attacks import both, instead, nothing_ran, written
from tests.browser.kit.catalogue import words
from tests.browser.kit.custodian import Custodian
from tests.browser.kit.driver import Page
from tests.browser.kit.http_relay import HttpRelay, Tamper, untouched
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.reporter import Reporter
from tests.kit.serving import Demo, demo_in

# What the Worker makes of the answers of one server: the engine has no part in it.
pytestmark = pytest.mark.one_class

ADVISER = "confidential-adviser-1"
TEXT = "Wat ik zag."
ANSWER = "Dank u."
LATER = "Nog iets."


@dataclass(frozen=True)
class Before:
    """What the server said before a second version came, and who noted it."""

    directory: Tamper
    everything: Tamper  # what no recipient's statement contradicts
    early: str  # the receipt of a report of that time, which was answered later
    late: str  # the receipt of a report that knows the second version


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One whose directory has changed, so no other test's."""
    with demo_in(tmp_path_factory.mktemp("demo")) as made:
        yield made


@pytest.fixture(scope="module")
def before(demo: Demo) -> Before:
    custodian = Custodian(demo)
    old = instead("directory", custodian.served())
    keys = httpx.get(f"{demo.url}api/1/keys").content
    early = demo.report(TEXT).json
    custodian.publish(custodian.following())
    demo.inbox(ADVISER, "reply", early["mailbox"], text=ANSWER)
    late = demo.report(LATER).json
    return Before(old, both(old, instead("keys", keys)), early["receipt"], late["receipt"])


def test_a_reporter_hears_of_it_from_the_recipients(
    same_page: Page, demo: Demo, middle: HttpRelay, before: Before
) -> None:
    middle.tamper = before.directory
    same_page.go(middle.address(demo.pinned))
    same_page.wait_for_text(words("reporter", "error.directory-rolled-back"), "#main")
    assert words("reporter", "unusable.nothing") in same_page.text("#main")
    assert written(middle) == []
    middle.tamper = untouched
    same_page.click("#retry")
    same_page.wait_for("#begin:enabled")
    nothing_ran(same_page, middle)


def test_a_receipt_remembers_the_version_it_was_made_under(
    same_page: Page, demo: Demo, middle: HttpRelay, before: Before
) -> None:
    middle.tamper = before.everything
    reporter = Reporter(same_page, middle.address(demo.pinned))
    reporter.arrive()
    reporter.enter(before.late)
    same_page.click("#open")
    same_page.wait_for_text(words("reporter", "error.directory-rolled-back"), "#problem")
    assert same_page.value("#code") == before.late
    assert written(middle) == []
    middle.tamper = untouched
    same_page.click("#open")
    same_page.wait_for("[data-screen=thread]")
    assert [it.text for it in reporter.messages()] == [LATER]
    nothing_ran(same_page, middle)


def test_an_answer_remembers_the_version_its_author_saw(
    same_page: Page, demo: Demo, middle: HttpRelay, before: Before
) -> None:
    middle.tamper = before.everything
    reporter = Reporter(same_page, middle.address(demo.pinned))
    reporter.come_back(before.early)
    assert [it.text for it in reporter.messages()] == [TEXT, ANSWER]
    assert reporter.notices() == ["directory-unknown"]
    assert words("reporter", "notice.directory-unknown") in same_page.text("[data-notice]")
    middle.tamper = untouched
    # The page asks for the directory anew where a message knows more than it does.
    reporter.refresh()
    assert reporter.notices() == []
    nothing_ran(same_page, middle)


def test_a_keyring_remembers_the_version_it_was_written_under(
    same_page: Page, demo: Demo, middle: HttpRelay, before: Before
) -> None:
    middle.tamper = before.everything
    inbox = Inbox(same_page, middle.address(demo.pinned))
    inbox.arrive()
    same_page.type(demo.access_codes[ADVISER], into="#code")
    same_page.click("#enter")
    same_page.wait_for_text(words("inbox", "error.directory-rolled-back"), "#problem")
    assert same_page.value("#code") == demo.access_codes[ADVISER]
    assert not any(it.startswith("PUT") for it in written(middle))
    middle.tamper = untouched
    same_page.wait_for("#enter:enabled")
    same_page.click("#enter")
    same_page.wait_for("[data-screen=list]")
    nothing_ran(same_page, middle)
