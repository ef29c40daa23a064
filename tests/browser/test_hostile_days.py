"""What a server withholds or spoils of a recipient's list: said above the list, and made up for by the next look."""

from collections.abc import Callable, Iterator

import pytest

from crypto import wire
from crypto.encoding import unb64
from tests.browser.catalogue import words
from tests.browser.driver import Page
from tests.browser.inbox import Inbox
from tests.browser.meddling import instead, nothing_ran
from tests.browser.tampering import Tampering, untouched
from tests.serving import Demo

ADVISER = "confidential-adviser-1"
Items = list[wire.DayItem]


def days(change: Callable[[wire.DayItem], Items]) -> Callable[[bytes], bytes]:
    """A change of each envelope in a day's answer."""
    return lambda data: wire.day_answer(made for item in wire.parse_day_answer(data) for made in change(item))


@pytest.fixture
def inbox(same_page: Page, demo: Demo, middle: Tampering) -> Iterator[Inbox]:
    """An inbox with one conversation at least."""
    demo.report("Al eerder gemeld.")
    inbox = Inbox(same_page, middle.address(demo.pinned))
    inbox.open(demo.access_codes[ADVISER])
    assert inbox.conversations()
    yield inbox
    nothing_ran(same_page, middle)


def reading(inbox: Inbox, place: int) -> str:
    """What the first message of a conversation says, and back."""
    [message] = inbox.read(place)
    inbox.back()
    return message.text


def test_a_report_withheld_from_its_day_comes_when_it_is_given(
    inbox: Inbox, demo: Demo, middle: Tampering
) -> None:
    before = len(inbox.conversations())
    text = f"Achtergehouden voor {inbox.page.browser}."
    new = unb64(demo.report(text, "--kind", "behaviour").json["mailbox"])
    middle.tamper = instead("inbox/days/", days(lambda it: [] if it.mailbox == new else [it]))
    inbox.refresh()
    assert len(inbox.conversations()) == before
    middle.tamper = untouched
    inbox.refresh()
    found = [
        place for place, it in enumerate(inbox.conversations()) if it.title == "Ongewenste omgangsvormen"
    ]
    assert len(inbox.conversations()) == before + 1
    assert text in [reading(inbox, place) for place in found]


def test_a_spoilt_report_is_counted_and_costs_no_other(inbox: Inbox, demo: Demo, middle: Tampering) -> None:
    before = len(inbox.conversations())
    new = unb64(demo.report("Beschadigd.").json["mailbox"])

    def spoil(item: wire.DayItem) -> Items:
        if item.mailbox != new:
            return [item]
        data = item.envelope.data
        spoilt = wire.StoredEnvelope(item.envelope.id, item.envelope.day, data[:-1] + bytes([data[-1] ^ 1]))
        return [wire.DayItem(item.mailbox, spoilt, item.creation)]

    middle.tamper = instead("inbox/days/", days(spoil))
    inbox.refresh()
    assert inbox.page.text("#damaged") == words("inbox", "list.damaged.one")
    assert len(inbox.conversations()) == before
    middle.tamper = untouched
    inbox.refresh()
    assert not inbox.page.is_visible("#damaged")
    assert len(inbox.conversations()) == before + 1


def test_conversations_that_the_server_no_longer_lists_come_back_with_it(
    inbox: Inbox, middle: Tampering
) -> None:
    before = len(inbox.conversations())
    middle.tamper = instead("inbox/mailboxes", b"")
    inbox.refresh()
    key = "list.gone.one" if before == 1 else "list.gone.other"
    assert inbox.page.text("#gone") == words("inbox", key, n=before)
    assert inbox.conversations() == []
    middle.tamper = untouched
    inbox.refresh()
    assert not inbox.page.is_visible("#gone")
    assert len(inbox.conversations()) == before


@pytest.mark.parametrize("part", ["inbox/days?", "inbox/days/", "inbox/mailboxes"])
def test_a_list_that_can_not_be_fetched_stays_as_it_was(
    inbox: Inbox, demo: Demo, middle: Tampering, part: str
) -> None:
    before = inbox.conversations()
    middle.tamper = instead(part, lambda true: true[: len(true) // 2] + b"x")
    inbox.page.click("#refresh")
    inbox.page.wait_for_text(words("inbox", "error.answer-damaged"), "#problem")
    assert inbox.conversations() == before
    middle.tamper = untouched
    inbox.refresh()
    assert inbox.problem == ""
    assert inbox.conversations() == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda true: true[:-1] + bytes([true[-1] ^ 1]), "keyring-damaged"),
        (lambda true: b"\x02" + true[1:], "keyring-suite"),
        (lambda true: true[:100], "keyring-format"),
        (lambda true: b"<!doctype html><p>Welcome", "keyring-suite"),
    ],
)
def test_a_keyring_that_does_not_open_is_not_written_over(
    same_page: Page, demo: Demo, middle: Tampering, change: Callable[[bytes], bytes], code: str
) -> None:
    inbox = Inbox(same_page, middle.address(demo.pinned))
    inbox.arrive()
    middle.tamper = instead("inbox/keyring", change)
    same_page.type(demo.access_codes[ADVISER], into="#code")
    same_page.click("#enter")
    same_page.wait_for_text(words("inbox", f"error.{code}"), "#problem")
    assert same_page.value("#code") == demo.access_codes[ADVISER]
    assert middle.asked("PUT", "/api/") == []
    middle.tamper = untouched
    same_page.wait_for("#enter:enabled")
    same_page.click("#enter")
    same_page.wait_for("[data-screen=list]")
    nothing_ran(same_page, middle)
