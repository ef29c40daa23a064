"""What a server, or a holder of some keys, can do to a conversation, and what its readers are told (PROTOCOL 8.3)."""

import os
import random
from collections.abc import Callable, Sequence

import pytest

from crypto import wire
from crypto.codes import parse_code
from crypto.conversation import Thread
from crypto.encoding import b64, day_text
from crypto.envelope import ConversationPlace, seal_conversation
from crypto.errors import DrempelError
from crypto.sealing import os_random
from crypto.signatures import public_key
from crypto.wire import StoredEnvelope
from intake.client import inbox, receipt
from intake.client.organisation import fetch_organisation
from intake.client.report import SealedReport
from intake.client.sending import send_message
from tests.client.house import Change, House, instead

ONE, OTHER = "confidential-adviser-1", "confidential-adviser-2"
TEXTS = ["A report.", "First answer.", "Second message.", "Second answer."]

Envelopes = Sequence[StoredEnvelope]


def texts(thread: Thread) -> list[str]:
    return [entry.message.text for entry in thread.entries]


def codes(thread: Thread) -> list[str]:
    return [notice.code for notice in thread.notices]


def lying(house: House, report: SealedReport, change: Callable[[Envelopes], Envelopes]) -> Change:
    """A server that gives other envelopes for the mailbox of a report. It knows the read token, as any server does."""
    token = house.reporter_keys(report).read

    def rebuilt(data: bytes) -> bytes:
        true = wire.parse_mailbox_answer(data, token)
        return wire.build_mailbox_answer(token, true.creation, change(true.envelopes))

    return instead(f"mailboxes/{b64(report.mailbox)}", rebuilt)


async def talk(house: House) -> SealedReport:
    """A conversation of four messages, each after the one before."""
    report = await house.report(TEXTS[0])
    await house.reply(ONE, report, TEXTS[1])
    await house.write(report, TEXTS[2])
    await house.reply(OTHER, report, TEXTS[3])
    return report


async def order_of(house: House, report: SealedReport) -> list[bytes]:
    """The ids of the envelopes in the order of the conversation."""
    return [entry.envelope for entry in (await house.visit(report)).thread.entries]


async def test_the_order_in_which_a_server_gives_envelopes_means_nothing(house: House) -> None:
    report = await talk(house)
    for seed in range(4):
        shuffled = lying(house, report, lambda all_: random.Random(seed).sample(all_, len(all_)))  # noqa: B023
        thread = (await house.visit(report, shuffled)).thread
        assert (texts(thread), codes(thread)) == (TEXTS, [])


async def test_a_message_that_others_refer_to_is_missed(house: House) -> None:
    report = await talk(house)
    ids = await order_of(house, report)
    for missing in range(3):
        change = lying(house, report, lambda all_: [item for item in all_ if item.id != ids[missing]])  # noqa: B023
        thread = (await house.visit(report, change)).thread
        assert texts(thread) == [text for text in TEXTS if text != TEXTS[missing]]
        assert "gap" in codes(thread)
    session, _ = await house.synced(
        ONE, lying(house, report, lambda all_: [i for i in all_ if i.id != ids[1]])
    )
    assert "gap" in codes(await inbox.show(session, report.mailbox))


async def test_a_recipient_who_has_seen_the_newest_message_misses_it(house: House) -> None:
    report = await talk(house)
    ids = await order_of(house, report)
    await house.synced(ONE)
    change = lying(house, report, lambda all_: [item for item in all_ if item.id != ids[3]])
    session, _ = await house.synced(ONE, change)
    assert codes(await inbox.show(session, report.mailbox)) == ["gap"]
    # A receipt keeps nothing between visits, so the reporter can't know: this is what the protocol leaves open.
    assert codes((await house.visit(report, change)).thread) == []


async def test_an_envelope_moved_from_another_mailbox_or_changed_is_told(house: House) -> None:
    report, other = await talk(house), await talk(house)
    foreign = wire.parse_mailbox_answer((await _raw(house, other)), house.reporter_keys(other).read).envelopes
    ids = await order_of(house, report)

    def moved(all_: Envelopes) -> Envelopes:
        return [*all_, *(item for item in foreign if item.data[1] == wire.CONVERSATION)]

    thread = (await house.visit(report, lying(house, report, moved))).thread
    assert texts(thread) == TEXTS
    assert codes(thread) == ["damaged"] * 3

    def swapped(all_: Envelopes) -> Envelopes:
        data = {item.id: item.data for item in all_}
        data[ids[1]], data[ids[2]] = data[ids[2]], data[ids[1]]
        return [StoredEnvelope(item.id, item.day, data[item.id]) for item in all_]

    thread = (await house.visit(report, lying(house, report, swapped))).thread
    assert texts(thread) == [TEXTS[0], TEXTS[3]]
    assert codes(thread).count("damaged") == 2

    def flipped(all_: Envelopes) -> Envelopes:
        return [StoredEnvelope(i.id, i.day, i.data[:-1] + bytes([i.data[-1] ^ 1])) for i in all_]

    thread = (await house.visit(report, lying(house, report, flipped))).thread
    assert texts(thread) == []
    assert set(codes(thread)) >= {"damaged"}


async def test_another_conversations_answer_is_not_taken_for_ones_own(house: House) -> None:
    report, other = await talk(house), await talk(house)
    theirs = wire.parse_mailbox_answer(await _raw(house, other), house.reporter_keys(other).read)
    token = house.reporter_keys(report).read
    forged = wire.build_mailbox_answer(token, theirs.creation, theirs.envelopes)
    with pytest.raises(DrempelError) as caught:
        await house.visit(report, instead("mailboxes/", forged))
    assert caught.value.code == "answer-damaged"
    session, _ = await house.synced(ONE, instead("mailboxes/", forged))
    with pytest.raises(DrempelError) as caught:
        await inbox.show(session, report.mailbox)
    assert caught.value.code == "answer-damaged"


async def _raw(house: House, report: SealedReport) -> bytes:
    async with house.connection() as connection:
        token = house.reporter_keys(report).read
        return (await connection.request("GET", f"mailboxes/{b64(report.mailbox)}", token=token)).content


async def forge(house: House, report: SealedReport, author: str, seed: bytes) -> None:
    """Write into a conversation whose key and write token one holds, under a signing key of one's own."""
    keys = house.reporter_keys(report)
    async with house.connection() as connection:
        organisation = await fetch_organisation(connection, today=house.day)
        found = await receipt.visit(connection, organisation, parse_code(report.receipt, "receipt"))
        await send_message(
            connection,
            organisation,
            found.thread,
            ConversationPlace(house.id, report.mailbox, os_random(16)),
            conversation_key=keys.conversation,
            write_token=keys.write,
            author=author,
            signing_seed=seed,
            text="Forged.",
            random=os_random,
        )


@pytest.mark.parametrize("author", [ONE, "reporter", "integrity-committee-1", "nobody"])
async def test_a_reply_under_another_signing_key_is_forged(house: House, author: str) -> None:
    report = await talk(house)
    await forge(house, report, author, os.urandom(32))
    thread = (await house.visit(report)).thread
    assert (texts(thread), codes(thread)) == (TEXTS, ["forged"])
    session, found = await house.synced(OTHER)
    [row] = inbox.listed(session, found)
    assert row.messages == 4
    thread = await inbox.show(session, report.mailbox)
    assert (texts(thread), codes(thread)) == (TEXTS, ["forged"])
    # The conversation goes on.
    await house.write(report, "Still here.")
    assert texts((await house.visit(report)).thread) == [*TEXTS, "Still here."]


async def test_a_recipient_of_another_channel_cannot_answer_even_with_the_keys(house: House) -> None:
    report = await talk(house)
    session = await house.session("integrity-committee-1")
    seed = session.keyring.signing_seed
    assert public_key(seed) == session.organisation.directory.signing_key("integrity-committee-1")
    await forge(house, report, "integrity-committee-1", seed)
    thread = (await house.visit(report)).thread
    assert (texts(thread), codes(thread)) == (TEXTS, ["forged"])


async def test_what_is_no_envelope_of_this_release_costs_no_other_message(house: House) -> None:
    report = await talk(house)
    newer = StoredEnvelope(os.urandom(16), house.day, bytes([2, 2]) + os.urandom(4178))
    noise = StoredEnvelope(os.urandom(16), house.day, bytes([1, 2]) + os.urandom(4178))
    change = lying(house, report, lambda all_: [newer, *all_, noise])
    thread = (await house.visit(report, change)).thread
    assert texts(thread) == TEXTS
    assert sorted(codes(thread)) == ["damaged", "newer-version"]


async def test_a_message_that_lies_about_its_place_is_told(house: House) -> None:
    report = await talk(house)
    keys = house.reporter_keys(report)
    found = await house.visit(report)
    parents, counter = found.thread.parents()
    organisation = await house.organisation()
    place = ConversationPlace(house.id, report.mailbox, os_random(16))
    meta = {
        "kind": "message",
        "author": "reporter",
        "day": day_text(house.day),
        "directory": organisation.directory.quote.to_json(),
        "counter": counter + 7,
        "parents": [b64(parent) for parent in parents],
    }
    data = seal_conversation(place, keys.conversation, meta, "Later.", keys.signing_seed, os_random)
    async with house.connection() as connection:
        path = f"mailboxes/{b64(report.mailbox)}/envelopes/{b64(place.envelope)}"
        await connection.request("PUT", path, token=keys.write, body=data)
    assert codes((await house.visit(report)).thread) == ["order"]


async def test_a_withheld_opening_leaves_nothing_to_answer_to_but_what_is_there(house: House) -> None:
    report = await talk(house)
    empty = lying(house, report, lambda _: [])
    thread = (await house.visit(report, empty)).thread
    assert (texts(thread), codes(thread)) == ([], ["gap"])
    async with house.connection(empty) as connection:
        organisation = await fetch_organisation(connection, today=house.day)
        secret = parse_code(report.receipt, "receipt")
        with pytest.raises(DrempelError) as caught:
            await receipt.write(connection, organisation, secret, "Anyone?", os_random)
    assert caught.value.code == "answer-damaged"
    assert not any(method == "PUT" for method, _ in house.asked)
