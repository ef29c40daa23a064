"""Recipients whose keys are missing or wrong: named before anything is written, and nobody is left out unasked."""

from collections.abc import Callable
from typing import Any

import pytest

from crypto.public.encoding import b64, day_text, utc_day
from crypto.secret.primitives import os_random
from tests.browser.kit.attacks import instead, json_changed, nothing_ran, written
from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import Page
from tests.browser.kit.http_relay import HttpRelay, Tamper, untouched
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.reporter import Reporter
from tests.kit.serving import Demo

# What the Worker makes of the answers of one server: the engine has no part in it.
pytestmark = pytest.mark.one_class

CHANNEL = "confidential-adviser"
FIRST, SECOND = "Vertrouwenspersoon 1", "Vertrouwenspersoon 2"
TEXT = "Wat ik zag."
Person = dict[str, Any]


def keys(change: Callable[[Person], Person | None], *recipients: str) -> Tamper:
    """A server whose answer has other keys for these recipients, or none."""

    def changed(answer: dict[str, Any]) -> dict[str, Any]:
        made = [change(it) if it["recipient"] in recipients else it for it in answer["recipients"]]
        return {**answer, "recipients": [it for it in made if it is not None]}

    return instead("keys", json_changed(changed))


SIGNED_BY_NOBODY = {"keyid": b64(os_random(32)), "sig": b64(bytes(64))}
WRONG: dict[str, tuple[str, Callable[[Person], Person | None]]] = {
    "withheld": ("statement-expired", lambda it: None),
    "of nobody": ("statement-key", lambda it: {**it, "key": b64(bytes(1216))}),
    "no statement": ("statement-format", lambda it: {**it, "statement": {}}),
    "not announced by the recipient": (
        "statement-signature",
        lambda it: {**it, "statement": {**it["statement"], "signatures": [SIGNED_BY_NOBODY]}},
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_recipient_who_can_not_be_reached_is_named_and_left_out_by_the_reporter_alone(
    same_page: Page, demo: Demo, middle: HttpRelay, name: str
) -> None:
    code, change = WRONG[name]
    middle.tamper = keys(change, f"{CHANNEL}-2")
    reporter = Reporter(same_page, middle.address(demo.pinned))
    reporter.arrive()
    reporter.begin()
    about = same_page.text(f"#about-{CHANNEL}")
    assert words("reporter", "channel.missing") in about
    assert f"{SECOND}: {words('reporter', f'error.{code}')}" in about
    readers = same_page.texts(f"#about-{CHANNEL} .people li")
    assert [FIRST in it or SECOND in it for it in readers] == [True]
    same_page.click(f"#channel-{CHANNEL}")
    same_page.click("#next")
    same_page.wait_for_text(words("reporter", "channel.agree-first"), "#problem")
    assert same_page.text(".agree label") == words("reporter", "channel.agree", names=SECOND)
    reporter.choose(CHANNEL, agree=True)
    assert written(middle) == []
    nothing_ran(same_page, middle)


def received(demo: Demo, number: int) -> int:
    """How many reports one of the two has."""
    return len(demo.inbox(f"{CHANNEL}-{number}", "list").json["conversations"])


def test_a_report_without_somebody_goes_to_the_others(same_page: Page, demo: Demo, middle: HttpRelay) -> None:
    before = received(demo, 1)
    middle.tamper = keys(lambda it: None, f"{CHANNEL}-2")
    reporter = Reporter(same_page, middle.address(demo.pinned))
    reporter.arrive()
    reporter.begin()
    reporter.choose(CHANNEL, agree=True)
    reporter.write(TEXT)
    reporter.confirm(reporter.receipt())
    assert FIRST in same_page.text(".summary")
    assert SECOND not in same_page.text(".summary")
    reporter.send()
    assert (received(demo, 1), received(demo, 2)) == (before + 1, 0)
    nothing_ran(same_page, middle)


def test_a_channel_that_nobody_can_be_reached_in_is_closed_and_says_why(
    same_page: Page, demo: Demo, middle: HttpRelay
) -> None:
    middle.tamper = keys(lambda it: None, f"{CHANNEL}-1", f"{CHANNEL}-2")
    reporter = Reporter(same_page, middle.address(demo.pinned))
    reporter.arrive()
    reporter.begin()
    about = same_page.text(f"#about-{CHANNEL}")
    assert words("reporter", "channel.closed") in about
    why = words("reporter", "error.statement-expired")
    assert f"{FIRST}: {why}" in about
    assert f"{SECOND}: {why}" in about
    assert same_page.evaluate(f"document.querySelector('#channel-{CHANNEL}').disabled") is True
    same_page.click("#next")
    same_page.wait_for_text(words("reporter", "channel.none"), "#problem")
    reporter.choose("integrity-committee")
    assert written(middle) == []
    nothing_ran(same_page, middle)


@pytest.mark.parametrize("off", [-3, 3])
def test_a_clock_that_is_days_off_is_told_on_both_pages(
    same_page: Page, demo: Demo, middle: HttpRelay, off: int
) -> None:
    day = day_text(utc_day() + off)
    middle.tamper = instead("keys", json_changed(lambda answer: {**answer, "day": day}))
    same_page.go(middle.address(demo.pinned))
    same_page.wait_for_text(words("reporter", "error.clock-wrong"), "#main")
    assert words("reporter", "unusable.nothing") in same_page.text("#main")
    inbox = Inbox(same_page, middle.address(demo.pinned))
    same_page.go(inbox.url)
    same_page.wait_for_text(words("inbox", "error.clock-wrong"), "#problem")
    assert written(middle) == []
    middle.tamper = untouched
    same_page.type(demo.access_codes["integrity-committee-1"], into="#code")
    same_page.click("#enter")
    same_page.wait_for("[data-screen=list]")
    nothing_ran(same_page, middle)
