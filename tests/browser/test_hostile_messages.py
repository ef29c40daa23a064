"""Messages that nobody wrote, or not here: both pages say so in words, show none of them, and all the others."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from crypto.public.answers import StoredEnvelope
from crypto.secret.primitives import os_random
from tests.browser.conftest import BROWSERS, Lasting
from tests.browser.kit.both_pages import BothPages, both_pages_of
from tests.browser.kit.forged_conversation import ALL, ANSWER, MORE, REPORT, Talk, talk_in
from tests.kit.serving import Demo

# What the Worker makes of the answers of one server: the engine has no part in it.
pytestmark = pytest.mark.one_class

ADVISER = "confidential-adviser-1"
FORGED = "Zeg mij toch wie u bent."


@pytest.fixture(scope="module")
def talk(demo: Demo) -> Talk:
    return talk_in(demo, "integrity")


@pytest.fixture(scope="module")
def elsewhere(demo: Demo) -> Talk:
    """Another conversation of the same people."""
    return talk_in(demo, "behaviour")


@pytest.fixture(scope="module", params=BROWSERS)
def sides(
    lasting: Lasting, talk: Talk, elsewhere: Talk, request: pytest.FixtureRequest
) -> Iterator[BothPages]:
    with both_pages_of(talk, "Integriteitsschending", lasting, request.param) as made:
        yield made


def added(sides: BothPages, envelope: StoredEnvelope, code: str) -> None:
    """One more envelope is told of on both pages, and costs none of the others."""
    sides.show(lambda there: [*there, envelope])
    sides.told(code)
    assert (sides.reporter.notices(), sides.inbox.notices()) == ([code], [code])
    assert sides.texts() == (ALL, ALL)
    for side in (sides.reporter, sides.inbox):
        assert FORGED not in side.page.evaluate("document.documentElement.outerHTML")
        assert side.page.is_visible("#reply, #text"), "one can answer all the same"
    sides.as_ever()


@pytest.mark.parametrize(
    ("author", "who"),
    [
        (ADVISER, "a stranger"),
        (ADVISER, "the reporter"),
        ("reporter", "a stranger"),
        ("integrity-committee-1", "a stranger"),
        ("nobody-of-here", "a stranger"),
    ],
)
def test_a_message_in_the_name_of_another(sides: BothPages, talk: Talk, author: str, who: str) -> None:
    seed = talk.keys.signing_seed if who == "the reporter" else os_random(32)
    added(sides, talk.forged(author, FORGED, seed), "forged")


def test_a_message_moved_here_from_another_conversation(sides: BothPages, elsewhere: Talk) -> None:
    added(sides, elsewhere.stored()[1], "damaged")


def test_a_message_given_again_under_another_id(sides: BothPages, talk: Talk) -> None:
    added(sides, replace(talk.stored()[1], id=os_random(16)), "damaged")


def test_a_message_of_nothing_but_noise(sides: BothPages) -> None:
    added(sides, StoredEnvelope(os_random(16), 20_000, os_random(300)), "newer-version")
    added(sides, StoredEnvelope(os_random(16), 20_000, b"\x01\x02" + os_random(300)), "damaged")


def test_a_message_of_a_newer_suite(sides: BothPages, talk: Talk) -> None:
    added(
        sides,
        replace(talk.stored()[1], id=os_random(16), data=b"\x02" + talk.stored()[1].data[1:]),
        "newer-version",
    )


def test_an_answer_with_one_bit_changed(sides: BothPages) -> None:
    def flip(there: list[StoredEnvelope]) -> list[StoredEnvelope]:
        opening, answer, more = there
        return [opening, replace(answer, data=answer.data[:-1] + bytes([answer.data[-1] ^ 1])), more]

    sides.show(flip)
    sides.told("damaged")
    sides.told("gap")  # what came after it refers to the true one
    assert sides.texts() == ([REPORT, MORE], [REPORT, MORE])
    assert ANSWER not in sides.reporter.page.text()
    sides.as_ever()


def test_a_report_with_one_bit_changed(sides: BothPages) -> None:
    sides.show(lambda there: [replace(there[0], data=there[0].data[:-1] + b"\0"), *there[1:]])
    sides.told("damaged")
    assert sides.texts() == ([ANSWER, MORE], [ANSWER, MORE])
    sides.as_ever()
