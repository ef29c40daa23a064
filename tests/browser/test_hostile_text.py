"""A script in every text field: each is shown to the letter, none runs, and the narrowest page keeps its width."""

import json
from collections.abc import Iterator

import pytest

from intake.cli.shared.texts import with_line_ends
from tests.browser.kit import hostile_plan as plan
from tests.browser.kit.attacks import nothing_ran
from tests.browser.kit.driver import Page
from tests.browser.kit.hostile_plan import Serving, hostile_organisation
from tests.browser.kit.http_relay import HttpRelay, relaying
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.reporter import Reporter

# One engine shows that the page does it; the other one is in `make test-all`.
pytestmark = pytest.mark.one_class

NARROW = (360, 740)


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with hostile_organisation(tmp_path_factory.mktemp("hostile")) as made:
        yield made


@pytest.fixture
def middle(serving: Serving) -> Iterator[HttpRelay]:
    with relaying(serving.url) as made:
        yield made


@pytest.fixture
def narrow(same_page: Page) -> Page:
    same_page.resize(*NARROW)
    return same_page


def literally(page: Page, css: str, text: str) -> None:
    """Assert that an element shows the very text, and keeps its direction to itself."""
    found = page.evaluate(
        f"Array.from(document.querySelectorAll({json.dumps(css)}), "
        "(e) => [e.textContent, getComputedStyle(e).unicodeBidi.replace('plaintext', 'isolate')])"
    )
    assert [text, "isolate"] in found, (css, [(it[0][:200], it[1]) for it in found])


def in_shape(page: Page, middle: HttpRelay) -> None:
    """Assert that nothing ran, and that nobody has to scroll sideways."""
    nothing_ran(page, middle)
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), page.evaluate(
        "Array.from(document.querySelectorAll('body *')).filter((e) => e.getBoundingClientRect().right > innerWidth)"
        ".map((e) => `${e.tagName} ${e.id} ${e.className}`).slice(0, 9)"
    )


def test_a_reporter_reads_what_the_directory_says_and_nothing_else_happens(
    narrow: Page, serving: Serving, middle: HttpRelay
) -> None:
    reporter = Reporter(narrow, middle.address(serving.pinned))
    reporter.arrive()
    literally(narrow, ".organisation strong", plan.ORGANISATION)
    in_shape(narrow, middle)
    reporter.begin()
    literally(narrow, "label[for=channel-first] bdi", plan.CHANNEL["name"])
    literally(narrow, "#about-first p", plan.CHANNEL["description"])
    literally(narrow, "#about-first li", plan.CHANNEL["informed"])
    literally(narrow, "#about-first li span", plan.CHANNEL["route"])
    literally(narrow, "#about-first li strong", plan.PERSON)
    literally(narrow, "#about-first li span", plan.ROLE)
    literally(narrow, "#about-long p", plan.ENDLESS)
    link = "#about-first a"
    assert narrow.evaluate(f"document.querySelector('{link}').textContent") == plan.ROUTE
    assert narrow.attribute(link, "href") == plan.ROUTE
    assert (narrow.attribute(link, "rel"), narrow.attribute(link, "target")) == (
        "noreferrer noopener",
        "_blank",
    )
    in_shape(narrow, middle)


KINDS = {"first": ("kind", plan.KIND, "person"), "long": ("long", plan.LONG, "long")}


def reported(reporter: Reporter, middle: HttpRelay, channel: str) -> tuple[str, str]:
    """Report, looking at each screen on the way; the receipt, and the text as it is to be shown."""
    page = reporter.page
    kind, name, _ = KINDS[channel]
    reporter.arrive()
    reporter.begin()
    reporter.choose(channel)
    literally(page, f"label[for=kind-{kind}] bdi", name)
    page.click(f"#kind-{kind}")
    page.insert(plan.hostile("report") if channel == "first" else plan.ENDLESS, into="#text")
    written = page.value("#text")
    in_shape(page, middle)
    page.click("#next")
    receipt = reporter.receipt()
    in_shape(page, middle)
    reporter.confirm(receipt)
    literally(page, ".summary bdi", name)
    in_shape(page, middle)
    reporter.send()
    in_shape(page, middle)
    return receipt, with_line_ends(written)


@pytest.mark.parametrize("channel", ["first", "long"])
def test_a_report_of_markup_arrives_to_the_letter(
    narrow: Page, serving: Serving, middle: HttpRelay, channel: str
) -> None:
    reporter = Reporter(narrow, middle.address(serving.pinned))
    receipt, written = reported(reporter, middle, channel)
    reporter.come_back(receipt)
    assert [it.text for it in reporter.messages()] == [written]
    literally(narrow, ".message .text", written)
    in_shape(narrow, middle)

    _, name, person = KINDS[channel]
    inbox = Inbox(narrow, middle.address(serving.pinned))
    inbox.open(serving.access_codes[person])
    literally(narrow, ".conversation strong", name)
    in_shape(narrow, middle)
    assert [it.text for it in inbox.read(inbox.fresh())] == [written]
    literally(narrow, "h1 bdi", name)
    in_shape(narrow, middle)
    inbox.reply("Dank u.")
    inbox.back()
    inbox.lock()
    in_shape(narrow, middle)


MESSAGES = [
    plan.hostile("message"),
    plan.ENDLESS,
    plan.HEBREW,
    f"{plan.TURNED} en verder",
    "\u0000",
    "# {n}\n" * 300,
]


def test_what_no_keyboard_gives_is_shown_to_the_letter_as_well(
    narrow: Page, serving: Serving, middle: HttpRelay
) -> None:
    sent = serving.report(plan.hostile("message"))
    for text in MESSAGES[1:]:
        serving.reply(sent["mailbox"], text)
    reporter = Reporter(narrow, middle.address(serving.pinned))
    reporter.come_back(sent["receipt"])
    shown = [with_line_ends(text) for text in MESSAGES]
    assert [it.text for it in reporter.messages()] == shown
    literally(narrow, ".message header strong", plan.PERSON)
    literally(narrow, ".message header span span", plan.ROLE)
    for text in shown:
        literally(narrow, ".message .text", text)
    in_shape(narrow, middle)
    inbox = Inbox(narrow, middle.address(serving.pinned))
    inbox.open(serving.access_codes["person"])
    titles = [it.title for it in inbox.conversations()]
    assert [it.text for it in inbox.read(titles.index("Melding"))] == shown
    in_shape(narrow, middle)
