"""A server that withholds, repeats and mixes up what it keeps: what can be noticed is told, and nothing is lost."""

import threading
from collections.abc import Iterator

import pytest

from tests.browser.conftest import BROWSERS, Lasting
from tests.browser.kit.attacks import instead, meddled
from tests.browser.kit.both_pages import BothPages, both_pages_of
from tests.browser.kit.catalogue import words
from tests.browser.kit.forged_conversation import ALL, ANSWER, MORE, REPORT, Talk, talk_in
from tests.browser.kit.http_relay import Tamper, held, untouched
from tests.kit.serving import Demo

# What the Worker makes of the answers of one server: the engine has no part in it.
pytestmark = pytest.mark.one_class

TYPED = "Dit had ik al getypt."


@pytest.fixture(scope="module")
def talk(demo: Demo) -> Talk:
    return talk_in(demo, "integrity")


@pytest.fixture(scope="module", params=BROWSERS)
def sides(lasting: Lasting, talk: Talk, request: pytest.FixtureRequest) -> Iterator[BothPages]:
    with both_pages_of(talk, "Integriteitsschending", lasting, request.param) as made:
        yield made


def test_a_message_that_others_refer_to_is_missing(sides: BothPages) -> None:
    sides.show(lambda there: [there[0], there[2]])
    sides.told("gap")
    assert sides.texts() == ([REPORT, MORE], [REPORT, MORE])
    sides.as_ever()


def test_the_newest_message_is_missing(sides: BothPages) -> None:
    sides.show(lambda there: there[:2])
    assert sides.texts() == ([REPORT, ANSWER], [REPORT, ANSWER])
    # Only who saw it can know: the keyring had noted it. The reporter's page says how far it can see.
    assert sides.reporter.notices() == []
    day = sides.reporter.page.text(".message:last-child time")
    assert sides.reporter.page.text("#last-seen") == words("reporter", "thread.seen", day=day)
    assert words("inbox", "read.newest") in sides.inbox.page.text("#last-seen")
    assert sides.inbox.notices() == ["gap"]
    sides.as_ever()


def test_the_report_itself_is_missing(sides: BothPages) -> None:
    sides.show(lambda there: there[1:])
    sides.told("gap")
    assert sides.texts() == ([ANSWER, MORE], [ANSWER, MORE])
    assert words("reporter", "thread.unknown") in sides.reporter.page.text()
    sides.as_ever()


def test_all_messages_are_missing_and_what_was_typed_is_not(sides: BothPages) -> None:
    sides.reporter.page.type(TYPED, into="#reply")
    sides.inbox.page.type(TYPED, into="#text")
    sides.show(lambda there: [])
    sides.told("gap")
    assert sides.texts() == ([], [])
    assert sides.reporter.page.text("#closed") == words("reporter", "thread.closed")
    assert sides.inbox.page.text("#cannot-write") == words("inbox", "reply.cannot")
    sides.as_ever()
    assert sides.reporter.page.value("#reply") == TYPED
    assert sides.inbox.page.value("#text") == TYPED
    sides.reporter.page.clear("#reply")
    sides.inbox.page.clear("#text")


def test_another_order_changes_nothing(sides: BothPages) -> None:
    sides.show(lambda there: there[::-1])
    assert sides.texts() == (ALL, ALL)
    assert (sides.reporter.notices(), sides.inbox.notices()) == ([], [])
    sides.as_ever()


def refused(sides: BothPages, tamper: Tamper, reporter: str, inbox: str) -> None:
    """No answer at all to what was asked: told, the reporter keeps conversation and text, the recipient tries again."""
    sides.reporter.page.type(TYPED, into="#reply")
    sides.inbox.back()
    sides.middle.tamper = tamper
    sides.reporter.page.click("#refresh")
    sides.reporter.page.wait_for_text(words("reporter", f"error.{reporter}"), "#problem")
    assert [it.text for it in sides.reporter.messages()] == ALL
    assert sides.reporter.page.value("#reply") == TYPED
    sides.inbox.page.click(f"#conversation-{sides.place}")
    sides.inbox.page.wait_for_text(words("inbox", f"error.{inbox}"), "#problem")
    assert not sides.inbox.page.is_visible("#thread")
    sides.middle.tamper = untouched
    if inbox != "conversation-gone":
        sides.inbox.page.click("#retry")
        sides.inbox.page.wait_for("#thread")
    sides.as_ever()
    assert sides.reporter.page.value("#reply") == TYPED
    sides.reporter.page.clear("#reply")


def test_an_envelope_that_comes_twice(sides: BothPages, talk: Talk) -> None:
    refused(sides, talk.showing(lambda there: [*there, there[1]]), "answer-damaged", "answer-damaged")


def test_an_answer_as_if_there_were_nothing(sides: BothPages, talk: Talk) -> None:
    noise = bytes(range(256)) * 256
    refused(sides, instead("mailboxes/", noise), "receipt-unknown", "conversation-gone")


def test_a_server_that_takes_its_time_is_said_to(sides: BothPages) -> None:
    reporter, inbox = sides.reporter.page, sides.inbox.page
    now = threading.Event()
    sides.inbox.back()
    sides.middle.tamper = meddled("mailboxes/", lambda true: held(true, now))
    reporter.click("#refresh")
    inbox.click(f"#conversation-{sides.place}")
    reporter.wait_for_text(words("reporter", "waiting.slow"), "#status")
    inbox.wait_for_text(words("inbox", "activity.slow"), "#slow")
    now.set()
    reporter.wait_for("[data-screen=thread] #done")
    inbox.wait_for("#thread")
    assert sides.texts() == (ALL, ALL)
    sides.as_ever()
