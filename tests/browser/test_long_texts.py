"""The longest texts, and the worst, are laid out in pieces: what the page does meanwhile does not wait for them.

How long a layout takes depends on the machine, and what is asked here does not: how much is laid out as one, and how
much at all.
"""

import unicodedata
from pathlib import Path

import pytest

from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import Page
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.reporter import Reporter
from tests.kit.serving import Demo

LONGEST_PIECE, MOST_PIECES = 2000, 50
RECIPIENT = "confidential-adviser-1"
WORST = {
    "accents": "a" + "\u0300" * 500_000,
    "right to left, without a break": "\u0627\u0644\u0639\u0631\u0628\u064a\u0629" * 70_000,
    "directions that change": "\u0627a" * 330_000,
}
PIECES = "[...document.querySelectorAll('#thread .text')].at(-1).children"
NAME = "zal" + "\u0300" * 30 + "go" + "\u0316" * 15 + ".txt"


def pieces(page: Page) -> list[int]:
    """The lengths of what the last text is laid out in."""
    found: list[int] = page.evaluate(f"Array.from({PIECES}, (e) => e.textContent.length)")
    return found


def in_pieces(page: Page, most: int = MOST_PIECES) -> None:
    """Assert that no more than `most` pieces are there, that none is long and that none out of sight is laid out."""
    lengths = pieces(page)
    assert 1 < len(lengths) <= most
    assert max(lengths) <= LONGEST_PIECE
    styles = page.evaluate(f"Array.from({PIECES}, (e) => getComputedStyle(e).contentVisibility)")
    assert set(styles) == {"auto"}


@pytest.mark.parametrize("kind", WORST)
def test_lock_and_leave_work_while_the_worst_text_is_open(same_page: Page, demo: Demo, kind: str) -> None:
    text = WORST[kind]
    receipt = demo.report(text).json["receipt"]
    page = same_page
    inbox = Inbox(page, demo.pinned)
    inbox.open(demo.access_codes[RECIPIENT])
    inbox.read(inbox.fresh())
    in_pieces(page)
    left = len(text) - sum(pieces(page))
    inbox.speak("en")
    assert f"{left:,}" in page.text(".more-text")
    page.click(".more-text")
    in_pieces(page, 2 * MOST_PIECES)
    assert page.evaluate(f"document.activeElement === {PIECES}[{MOST_PIECES}]")
    inbox.lock()
    assert page.count("#thread") == 0

    reporter = Reporter(page, demo.pinned)
    reporter.come_back(receipt)
    in_pieces(page)
    reporter.leave()


def test_all_of_a_long_text_can_be_seen(same_page: Page, demo: Demo) -> None:
    text = "".join(f"regel {number}\n" for number in range(20_000))
    demo.report(text)
    inbox = Inbox(same_page, demo.pinned)
    inbox.open(demo.access_codes[RECIPIENT])
    inbox.read(inbox.fresh())
    while same_page.count(".more-text"):
        same_page.click(".more-text")
    assert inbox.messages()[-1].text == text
    inbox.lock()


def test_signs_heaped_on_a_name_stay_in_its_box(same_page: Page, demo: Demo, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("x")
    demo.report("Zie bijlage.", "--attach", str(tmp_path / NAME))
    inbox = Inbox(same_page, demo.pinned)
    inbox.open(demo.access_codes[RECIPIENT])
    inbox.read(inbox.fresh())
    assert same_page.text(".received-name") == unicodedata.normalize("NFC", NAME)
    style = "getComputedStyle(document.querySelector('.received-name'))"
    assert same_page.evaluate(f"[{style}.contain, {style}.display]") == ["paint", "block"]
    assert words("inbox", "file.called") not in same_page.text(".received")
    inbox.lock()


@pytest.mark.parametrize("end", ["\r", "\r\n", "\u0085", "\u2028", "\n"], ids=ascii)
def test_a_line_ends_where_its_writer_ended_it(same_page: Page, demo: Demo, end: str) -> None:
    # To others, so that the recipient above has nothing new of it.
    report = demo.report(f"regel een{end}regel twee{end}", channel="integrity-committee")
    receipt = report.json["receipt"]
    reporter = Reporter(same_page, demo.pinned)
    reporter.come_back(receipt)
    assert reporter.messages()[0].text == "regel een\nregel twee\n"
    assert same_page.text("#thread .text").split("\n")[:2] == ["regel een", "regel twee"]
