"""Codes are forty letters that a person copies by hand: the page helps, and never stands in the way."""

from collections.abc import Iterator

import pytest

from tests.browser.conftest import BROWSERS, BrowserLauncher
from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import Page
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.thread import at
from tests.kit.serving import Demo

TEXT = "Wat hier staat, is alleen voor de test."
RECIPIENT = "confidential-adviser-1"


@pytest.fixture(scope="module")
def receipt(demo: Demo) -> str:
    return str(demo.report(TEXT).json["receipt"])


@pytest.fixture(scope="module", params=BROWSERS)
def page(launch_once: BrowserLauncher, request: pytest.FixtureRequest) -> Iterator[Page]:
    page = launch_once(request.param)
    yield page
    assert page.errors() == []


@pytest.fixture
def field(page: Page, demo: Demo) -> Page:
    """Where a receipt is asked for."""
    reporter = Reporter(page, demo.pinned)
    if page.url == "about:blank" or reporter.screen != "return":
        reporter.arrive()
        page.click("#return")
        at(page, "return")
    page.clear("#code")
    return page


@pytest.fixture
def sign_in(page: Page, demo: Demo) -> Inbox:
    """Where an access code is asked for."""
    inbox = Inbox(page, demo.pinned)
    inbox.arrive()
    return inbox


def caret(page: Page) -> int:
    return int(page.evaluate("document.querySelector('#code').selectionStart"))


def go_to(page: Page, place: int) -> None:
    """Move the caret by keys."""
    page.press("Home")
    for _ in range(place):
        page.press("ArrowRight")
    assert caret(page) == place


def slipped(code: str) -> str:
    """With the last letter but one another vowel."""
    return f"{code[:-2]}{'a' if code[-2] != 'a' else 'o'}{code[-1]}"


@pytest.mark.parametrize("separator", ["", "-", " "])
def test_hyphens_come_by_themselves(field: Page, receipt: str, separator: str) -> None:
    typed = separator.join(receipt.split("-"))
    field.type(typed[:7])
    assert field.value("#code").startswith(receipt[:7])
    field.type(typed[7:])
    assert (field.value("#code"), caret(field)) == (receipt, len(receipt))
    field.wait_for_text(words("reporter", "code.complete"), "#code-words")
    assert field.texts(".groups.typed li") == receipt.split("-")


def test_a_pasted_code_is_taken_as_people_keep_it(field: Page, receipt: str) -> None:
    groups = receipt.upper().split("-")
    field.insert(f"  {' '.join(groups[:4])}\n{'_'.join(groups[4:])}. \t", into="#code")
    assert field.value("#code") == receipt
    field.wait_for_text(words("reporter", "code.complete"), "#code-words")
    field.press("Enter")
    field.wait_for_text(TEXT, "#thread")


def test_a_letter_put_in_or_taken_out_leaves_the_caret_beside_it(field: Page) -> None:
    field.type("timiznatahmonub")
    go_to(field, 8)
    field.type("b")
    assert (field.value("#code"), caret(field)) == ("timiz-nabta-hmonu-b", 9)
    field.press("Backspace")
    assert (field.value("#code"), caret(field)) == ("timiz-natah-monub", 8)
    field.press("Delete")
    assert (field.value("#code"), caret(field)) == ("timiz-naahm-onub", 8)


def test_whoever_deletes_a_hyphen_deletes_the_letter_beside_it(field: Page) -> None:
    field.type("timiznatahmonub")
    go_to(field, 6)
    field.press("Backspace")
    assert (field.value("#code"), caret(field)) == ("timin-atahm-onub", 4)
    field.press("ArrowRight")
    field.press("Delete")
    assert (field.value("#code"), caret(field)) == ("timin-tahmo-nub", 5)


def test_a_group_that_can_not_be_right_is_named_at_once(field: Page) -> None:
    field.type("timiz natx")
    field.wait_for_text(words("reporter", "code.group", n=2, group="natx"), "#code-words")
    assert field.attribute("#code", "aria-invalid") == "true"
    assert field.texts(".groups .bad") == ["natx"]
    field.press("Backspace")
    field.wait_gone("#code-words .wrong")
    assert field.attribute("#code", "aria-invalid") == "false"


def test_a_slip_is_offered_to_be_put_right_and_then_opens(field: Page, receipt: str) -> None:
    field.type(slipped(receipt))
    field.wait_for_text(words("reporter", "code.checksum"), "#code-words")
    assert field.text("#correction") == receipt
    field.click("#code-correct")
    assert (field.value("#code"), field.is_focused("#code")) == (receipt, True)
    field.wait_for_text(words("reporter", "code.complete"), "#code-words")
    field.press("Enter")
    field.wait_for_text(TEXT, "#thread")


def test_codes_of_others_are_told_from_a_receipt(field: Page, demo: Demo) -> None:
    others = {"access": demo.access_codes[RECIPIENT], "custodian": str(demo.codes["custodian_code"])}
    for kind, code in others.items():
        field.clear("#code")
        field.type(code)
        field.wait_for_text(words("reporter", f"code.kind.{kind}"), "#code-words")


def test_a_password_manager_fills_in_without_a_key(sign_in: Inbox, demo: Demo) -> None:
    page, code = sign_in.page, demo.access_codes[RECIPIENT]
    assert page.attribute("#code", "autocomplete") == "current-password"
    assert (page.value("#username"), page.attribute("#username", "autocomplete")) == ("demo", "username")
    page.evaluate(f"document.querySelector('#code').value = '{code}'")
    page.click("#enter")
    at(page, "list")


def test_what_was_filled_in_before_the_page_could_do_anything_stays(page: Page, demo: Demo) -> None:
    inbox = Inbox(page, demo.pinned)
    page.go("about:blank")
    page.go(inbox.url)
    page.wait_for("#code")
    page.evaluate(f"document.querySelector('#code').value = '{demo.access_codes[RECIPIENT]}'")
    page.wait_for("#enter:enabled")
    page.click("#code")
    page.press("Enter")
    at(page, "list")


def test_an_access_code_in_sight_is_looked_at_while_it_is_typed(sign_in: Inbox, demo: Demo) -> None:
    page, code = sign_in.page, demo.access_codes[RECIPIENT]
    page.click("#show-code")
    page.type("timiz natxh m", into="#code")
    page.wait_for_text(words("inbox", "code.code-malformed.group", group=2), "#code-wrong")
    page.clear("#code")
    page.type(slipped(code))
    page.wait_for("#correction")
    assert code.split("-")[-1] in page.text("#correction")
    page.click("#accept-correction")
    at(page, "list")


def test_a_code_out_of_sight_is_judged_only_when_it_is_sent(sign_in: Inbox, receipt: str) -> None:
    page = sign_in.page
    page.type(receipt, into="#code")
    assert not page.is_visible("#code-wrong")
    page.press("Enter")
    page.wait_for_text(words("inbox", "code.code-wrong-kind.receipt"), "#code-wrong")
    assert page.attribute("#code", "type") == "password"
    assert page.is_focused("#code")
