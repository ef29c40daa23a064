"""PROTOCOL 8: a conversation is a graph, and what is missing, moved or forged is told."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.public.answers import StoredEnvelope
from crypto.public.encoding import LARGEST_NUMBER, b64
from crypto.public.errors import EnvelopeError
from crypto.secret.conversation import Thread
from crypto.secret.message_unpack import Message
from tests.crypto.kit.organisation_builders import ANNA, BERT, DIRECTORY, TODAY, flipped, of, successor
from tests.crypto.kit.report_builders import report
from tests.crypto.kit.thread_builders import Mailbox

REPORT = report()


def mailbox() -> Mailbox:
    """A report, two messages at once, and an answer to both."""
    box = Mailbox(REPORT)
    before = box.thread()
    box.says("reporter", "One more thing.", after=before)
    box.says(ANNA, "Thank you.", after=before)
    box.says(BERT, "We look into it.")
    return box


def said(thread: Thread) -> list[str]:
    return [entry.message.text for entry in thread.entries]


def told(thread: Thread) -> list[str]:
    return sorted(notice.code for notice in thread.notices)


def test_an_honest_conversation_is_shown_in_order_and_without_notices() -> None:
    box = mailbox()
    thread = box.thread()
    assert thread.notices == ()
    assert said(thread)[0] == "The tank leaks."
    assert set(said(thread)[1:3]) == {"One more thing.", "Thank you."}
    assert said(thread)[3] == "We look into it."
    assert [entry.message.counter for entry in thread.entries] == [0, 1, 1, 2]


@given(st.randoms(use_true_random=False))
def test_the_server_s_order_does_not_matter(order: random.Random) -> None:
    box = mailbox()
    shuffled = list(box.envelopes)
    order.shuffle(shuffled)
    assert box.thread(only=shuffled).entries == box.thread().entries
    assert box.thread(only=shuffled).notices == ()
    assert box.thread(only=shuffled).heads == box.thread().heads


def test_a_replayed_envelope_is_read_once() -> None:
    box = mailbox()
    twice = box.thread(only=[*box.envelopes, *box.envelopes])
    assert (twice.entries, twice.notices) == (box.thread().entries, ())


def test_an_envelope_replayed_under_another_id_is_damaged() -> None:
    box = mailbox()
    copy = StoredEnvelope(of("another id", 16), TODAY, box.envelopes[1].data)
    thread = box.thread(only=[*box.envelopes, copy])
    assert said(thread) == said(box.thread())
    assert [(notice.code, notice.envelope) for notice in thread.notices] == [("damaged", copy.id)]


@pytest.mark.parametrize("missing", [1, 2])
def test_a_missing_message_is_a_gap_where_it_is_referred_to(missing: int) -> None:
    box = mailbox()
    shown = [item for at, item in enumerate(box.envelopes) if at != missing]
    thread = box.thread(only=shown)
    assert [(notice.code, notice.envelope) for notice in thread.notices] == [("gap", box.envelopes[3].id)]
    assert len(thread.entries) == 3


def test_the_newest_message_is_missed_only_by_who_has_seen_it() -> None:
    box = mailbox()
    without_last = box.envelopes[:3]
    assert box.thread(only=without_last).notices == ()
    noted = sorted(box.thread().heads)
    assert told(box.thread(noted, without_last)) == ["gap"]
    assert box.thread(noted).notices == ()


def test_a_withheld_opening_is_a_gap() -> None:
    box = mailbox()
    assert told(box.thread(only=box.envelopes[1:])) == ["gap", "gap"]


@pytest.mark.parametrize("counter", [1, 3, LARGEST_NUMBER])
def test_a_counter_that_does_not_follow_is_told(counter: int) -> None:
    box = mailbox()
    box.envelopes.pop()
    item = box.says(BERT, "Out of order.", counter=counter)
    assert [(notice.code, notice.envelope) for notice in box.thread().notices] == [("order", item.id)]


def test_the_largest_counter_does_not_stop_the_conversation() -> None:
    box = mailbox()
    box.says(ANNA, "The last word.", counter=LARGEST_NUMBER)
    item = box.says("reporter", "Not so.")
    assert "Not so." in said(box.thread())
    assert ("order", item.id) in [(notice.code, notice.envelope) for notice in box.thread().notices]


def test_a_damaged_message_costs_no_other() -> None:
    box = mailbox()
    for at in range(1, 4):
        item = box.envelopes[at]
        for offset in (1, 10, 40, -1):
            broken = StoredEnvelope(item.id, item.day, flipped(item.data, 8 * (offset % len(item.data))))
            thread = box.thread(only=[broken if other is item else other for other in box.envelopes])
            assert len(thread.entries) == 3
            assert "damaged" in told(thread)


def test_a_parent_that_is_there_but_does_not_open_is_no_gap() -> None:
    box = Mailbox(REPORT)
    newer = StoredEnvelope(of("newer", 16), TODAY, b"\x02" + bytes(4177))
    box.envelopes.append(newer)
    opening = b64(box.hash(REPORT.stored))
    box.says(ANNA, "After what you can't read.", parents=[opening, b64(box.hash(newer))], counter=2)
    thread = box.thread()
    assert [(notice.code, notice.envelope) for notice in thread.notices] == [("newer-version", newer.id)]


def test_a_forged_message_is_told_from_a_damaged_one() -> None:
    box = mailbox()
    forged = box.says("reporter", "I take it back.", seed=ANNA.signing_seed)
    stranger = box.says("carla", "Let me in.")
    thread = box.thread()
    assert {(notice.code, notice.envelope) for notice in thread.notices} == {
        ("forged", forged.id),
        ("forged", stranger.id),
    }
    assert len(thread.entries) == 4


def test_what_a_newer_version_made_is_named_and_costs_no_other() -> None:
    box = mailbox()
    kind = box.says(ANNA, "A hologram.", kind="hologram")
    suite = StoredEnvelope(of("suite 2", 16), TODAY, b"\x02" + box.envelopes[1].data[1:])
    box.envelopes.append(suite)
    box.says("reporter", "Still here.")
    thread = box.thread()
    assert [(notice.code, notice.envelope) for notice in thread.notices] == [
        ("newer-version", suite.id),
        ("newer-version", kind.id),
    ]
    assert said(thread)[-1] == "Still here."
    assert "A hologram." not in said(thread)


def test_a_directory_that_is_not_in_the_history_is_told() -> None:
    box = mailbox()
    for quote in ({"version": 1, "hash": b64(of("x"))}, {"version": 7, "hash": b64(DIRECTORY.hash)}):
        item = box.says(ANNA, f"By another directory, {quote['version']}.", directory=quote)
        assert ("directory-unknown", item.id) in [
            (notice.code, notice.envelope) for notice in box.thread().notices
        ]
        box.envelopes.pop()


def test_an_earlier_directory_of_the_history_is_known() -> None:
    later = successor(DIRECTORY)
    box = Mailbox(report(listed=later))
    box.says(ANNA, "By the one before.", directory=DIRECTORY.quote.to_json())
    assert box.thread().notices == ()


def test_an_opening_that_may_not_be_read_is_a_vertex_all_the_same() -> None:
    box = mailbox()
    readable = box.open_one

    def open_one(item: StoredEnvelope) -> Message | None:
        return None if item.id == REPORT.envelope else readable(item)

    box.open_one = open_one  # type: ignore[method-assign]
    thread = box.thread()
    assert thread.notices == ()
    assert len(thread.entries) == 3
    empty = box.thread(only=box.envelopes[:1])
    assert empty.parents() == ([box.hash(REPORT.stored)], 1)


def test_an_opening_that_does_not_open_can_still_be_answered() -> None:
    box = Mailbox(REPORT)

    def open_one(item: StoredEnvelope) -> Message | None:
        raise EnvelopeError("envelope-stub")

    box.open_one = open_one  # type: ignore[method-assign]
    thread = box.thread()
    assert told(thread) == ["damaged"]
    assert thread.parents() == ([box.hash(REPORT.stored)], 1)


def test_concurrent_writers_merge() -> None:
    box = Mailbox(REPORT)
    for _ in range(3):
        before = box.thread()
        for author in ("reporter", ANNA, BERT):
            box.says(author, f"Round {len(box.envelopes)}", after=before)
        assert len(box.thread().heads) == 3
    box.says("reporter", "All of that seen.")
    thread = box.thread()
    assert thread.notices == ()
    assert len(thread.heads) == 1
    assert thread.entries[-1].message.counter == 4
    assert len(thread.entries[-1].message.parents) == 3


def test_a_message_names_at_most_eight_parents_and_the_newest_first() -> None:
    box = Mailbox(REPORT)
    before = box.thread()
    for number in range(11):
        box.says(ANNA, f"At once {number}", after=before)
    deeper = box.says(BERT, "Deeper.", parents=[b64(box.hash(box.envelopes[1]))], counter=2)
    thread = box.thread()
    assert len(thread.heads) == 11
    parents, counter = thread.parents()
    assert (len(parents), counter) == (8, 3)
    assert parents[0] == box.hash(deeper)
    others = sorted(head for head in thread.heads if head != parents[0])
    assert parents[1:] == others[:7]
    box.says("reporter", "As many as fit.")
    assert box.thread().notices == ()
    assert len(box.thread().heads) == 4


@given(st.lists(st.tuples(st.sampled_from(["reporter", "anna", "bert"]), st.integers(0, 5)), max_size=8))
def test_whatever_each_has_seen_an_honest_conversation_has_no_notices(turns: list[tuple[str, int]]) -> None:
    box = Mailbox(REPORT)
    seen: dict[str, int] = {}
    for author, back in turns:
        # Each reads the server's state of some turns ago, but never older than what they have read before.
        upto = max(seen.get(author, 1), len(box.envelopes) - back)
        seen[author] = upto
        view = box.thread(only=box.envelopes[:upto])
        who = {"anna": ANNA, "bert": BERT}.get(author, "reporter")
        box.says(who, f"Turn {len(box.envelopes)}", after=view)
    thread = box.thread()
    assert thread.notices == ()
    assert len(thread.entries) == 1 + len(turns)
    hashes = [entry.hash for entry in thread.entries]
    for entry in thread.entries:
        assert all(hashes.index(parent) < hashes.index(entry.hash) for parent in entry.message.parents)
