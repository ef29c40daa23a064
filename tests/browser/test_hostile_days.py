"""What a server withholds or spoils of a recipient's list: said above the list, and made up for by the next look."""

from collections.abc import Callable, Iterator

import pytest

from crypto.public.answers import DayItem, StoredEnvelope
from crypto.public.encoding import unb64
from tests.browser.kit.attacks import instead, meddled, nothing_ran
from tests.browser.kit.broken_answers import broken
from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import Page
from tests.browser.kit.http_relay import HttpRelay, untouched
from tests.browser.kit.inbox import Inbox
from tests.kit.protocol import build_day_answer, build_list, parse_day_answer, parse_list
from tests.kit.serving import Demo

# What the Worker makes of the answers of one server: the engine has no part in it.
pytestmark = pytest.mark.one_class

ADVISER = "confidential-adviser-1"
Items = list[DayItem]


def days(change: Callable[[DayItem], Items]) -> Callable[[bytes], bytes]:
    """A change of each envelope in a day's answer."""
    return lambda data: build_day_answer(made for item in parse_day_answer(data) for made in change(item))


@pytest.fixture
def inbox(same_page: Page, demo: Demo, middle: HttpRelay) -> Iterator[Inbox]:
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
    inbox: Inbox, demo: Demo, middle: HttpRelay
) -> None:
    before = len(inbox.conversations())
    text = f"Achtergehouden voor {inbox.page.browser}."
    new = unb64(demo.report(text, "--kind", "behaviour").json["mailbox"])

    def withheld(ids: bytes) -> bytes:
        return build_list([item for item in parse_list(ids, 16) if item[0] != new])

    middle.tamper = instead("inbox/days/", withheld)
    inbox.refresh()
    assert len(inbox.conversations()) == before
    middle.tamper = untouched
    inbox.refresh()
    found = [
        place for place, it in enumerate(inbox.conversations()) if it.title == "Ongewenste omgangsvormen"
    ]
    assert len(inbox.conversations()) == before + 1
    assert text in [reading(inbox, place) for place in found]


def test_a_spoilt_report_is_counted_and_costs_no_other(inbox: Inbox, demo: Demo, middle: HttpRelay) -> None:
    before = len(inbox.conversations())
    new = unb64(demo.report("Beschadigd.").json["mailbox"])

    def spoil(item: DayItem) -> Items:
        if item.mailbox != new:
            return [item]
        data = item.envelope.data
        spoilt = StoredEnvelope(item.envelope.id, item.envelope.day, data[:-1] + bytes([data[-1] ^ 1]))
        return [DayItem(item.mailbox, spoilt, item.creation)]

    middle.tamper = instead("inbox/days/", days(spoil), "POST")
    inbox.refresh()
    middle.tamper = untouched
    asked = len(middle.asked("POST", "inbox/days/"))
    for _ in range(2):
        assert inbox.page.text("#damaged") == words("inbox", "list.damaged.one")
        assert len(inbox.conversations()) == before
        inbox.refresh()
    # To ask for it again would tell the server that it is for this recipient.
    assert len(middle.asked("POST", "inbox/days/")) == asked
    inbox.open(demo.access_codes[ADVISER])
    assert not inbox.page.is_visible("#damaged")
    assert len(inbox.conversations()) == before + 1


def test_conversations_that_the_server_no_longer_lists_come_back_with_it(
    inbox: Inbox, middle: HttpRelay
) -> None:
    before = len(inbox.conversations())
    middle.tamper = instead("inbox/mailboxes", build_list([]))
    inbox.refresh()
    key = "list.gone.one" if before == 1 else "list.gone.other"
    assert inbox.page.text("#gone") == words("inbox", key, n=before)
    assert inbox.conversations() == []
    middle.tamper = untouched
    inbox.refresh()
    assert not inbox.page.is_visible("#gone")
    assert len(inbox.conversations()) == before


def test_a_list_that_can_not_be_fetched_stays_as_it_was(inbox: Inbox, middle: HttpRelay) -> None:
    before = inbox.conversations()
    middle.tamper = meddled("inbox/days/", broken("half"))
    inbox.page.click("#refresh")
    inbox.page.wait_for_text(words("inbox", "error.answer-damaged"), "#problem")
    assert inbox.conversations() == before
    middle.tamper = untouched
    inbox.refresh()
    assert inbox.problem == ""
    assert inbox.conversations() == before


@pytest.mark.parametrize(
    ("name", "code"), [("last-byte", "keyring-damaged"), ("page-as-bytes", "keyring-suite")]
)
def test_a_keyring_that_does_not_open_is_not_written_over(
    same_page: Page, demo: Demo, middle: HttpRelay, name: str, code: str
) -> None:
    inbox = Inbox(same_page, middle.address(demo.pinned))
    inbox.arrive()
    middle.tamper = meddled("inbox/keyring", broken(name))
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
