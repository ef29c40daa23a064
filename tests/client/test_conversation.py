"""What a server, or a holder of some keys, can do to a conversation, and what its readers are told (PROTOCOL 8.3)."""

import os
import random
from collections.abc import Callable, Sequence

import pytest

from crypto.public.answers import StoredEnvelope, build_mailbox_answer, parse_mailbox_answer
from crypto.public.encoding import b64, day_text
from crypto.public.envelope_format import CONVERSATION
from crypto.public.errors import DrempelError
from crypto.public.signatures import public_key
from crypto.secret.conversation import Thread
from crypto.secret.envelope_seal import ConversationPlace, seal_conversation
from crypto.secret.primitives import os_random
from intake.client.message import send_message
from intake.client.organisation import fetch_organisation
from intake.client.recipient import inbox
from intake.client.reporter import visit
from intake.client.reporter.report import SealedReport
from tests.kit.organisation import Change, LocalOrganisation, instead

ONE, OTHER = "confidential-adviser-1", "confidential-adviser-2"
TEXTS = ["A report.", "First answer.", "Second message.", "Second answer."]

Envelopes = Sequence[StoredEnvelope]


def texts(thread: Thread) -> list[str]:
    return [entry.message.text for entry in thread.entries]


def codes(thread: Thread) -> list[str]:
    return [notice.code for notice in thread.notices]


def lying(local: LocalOrganisation, report: SealedReport, change: Callable[[Envelopes], Envelopes]) -> Change:
    """A server that gives other envelopes for the mailbox of a report. It knows the read token, as any server does."""
    token = local.reporter_keys(report).read

    def rebuilt(data: bytes) -> bytes:
        true = parse_mailbox_answer(data, token)
        return build_mailbox_answer(token, true.creation, change(true.envelopes))

    return instead(f"mailboxes/{b64(report.mailbox)}", rebuilt)


async def talk(local: LocalOrganisation) -> SealedReport:
    """A conversation of four messages, each after the one before."""
    report = await local.report(TEXTS[0])
    await local.reply(ONE, report, TEXTS[1])
    await local.write(report, TEXTS[2])
    await local.reply(OTHER, report, TEXTS[3])
    return report


async def order_of(local: LocalOrganisation, report: SealedReport) -> list[bytes]:
    """The ids of the envelopes in the order of the conversation."""
    return [entry.envelope for entry in (await local.visit(report)).thread.entries]


async def test_the_order_in_which_a_server_gives_envelopes_means_nothing(local: LocalOrganisation) -> None:
    report = await talk(local)
    for seed in range(4):
        shuffled = lying(local, report, lambda all_: random.Random(seed).sample(all_, len(all_)))  # noqa: B023
        thread = (await local.visit(report, shuffled)).thread
        assert (texts(thread), codes(thread)) == (TEXTS, [])


async def test_a_message_that_others_refer_to_is_missed(local: LocalOrganisation) -> None:
    report = await talk(local)
    ids = await order_of(local, report)
    for missing in range(3):
        change = lying(local, report, lambda all_: [item for item in all_ if item.id != ids[missing]])  # noqa: B023
        thread = (await local.visit(report, change)).thread
        assert texts(thread) == [text for text in TEXTS if text != TEXTS[missing]]
        assert "gap" in codes(thread)
    session, _ = await local.synced(
        ONE, lying(local, report, lambda all_: [i for i in all_ if i.id != ids[1]])
    )
    assert "gap" in codes(await inbox.show(session, report.mailbox))


async def test_a_recipient_who_has_seen_the_newest_message_misses_it(local: LocalOrganisation) -> None:
    report = await talk(local)
    ids = await order_of(local, report)
    await local.synced(ONE)
    change = lying(local, report, lambda all_: [item for item in all_ if item.id != ids[3]])
    session, _ = await local.synced(ONE, change)
    assert codes(await inbox.show(session, report.mailbox)) == ["gap"]
    # A receipt keeps nothing between visits, so the reporter can't know: this is what the protocol leaves open.
    assert codes((await local.visit(report, change)).thread) == []


async def test_an_envelope_moved_from_another_mailbox_or_changed_is_told(local: LocalOrganisation) -> None:
    report, other = await talk(local), await talk(local)
    foreign = parse_mailbox_answer((await _raw(local, other)), local.reporter_keys(other).read).envelopes
    ids = await order_of(local, report)

    def moved(all_: Envelopes) -> Envelopes:
        return [*all_, *(item for item in foreign if item.data[1] == CONVERSATION)]

    thread = (await local.visit(report, lying(local, report, moved))).thread
    assert texts(thread) == TEXTS
    assert codes(thread) == ["damaged"] * 3

    def swapped(all_: Envelopes) -> Envelopes:
        data = {item.id: item.data for item in all_}
        data[ids[1]], data[ids[2]] = data[ids[2]], data[ids[1]]
        return [StoredEnvelope(item.id, item.day, data[item.id]) for item in all_]

    thread = (await local.visit(report, lying(local, report, swapped))).thread
    assert texts(thread) == [TEXTS[0], TEXTS[3]]
    assert codes(thread).count("damaged") == 2

    def flipped(all_: Envelopes) -> Envelopes:
        return [StoredEnvelope(i.id, i.day, i.data[:-1] + bytes([i.data[-1] ^ 1])) for i in all_]

    thread = (await local.visit(report, lying(local, report, flipped))).thread
    assert texts(thread) == []
    assert set(codes(thread)) >= {"damaged"}


async def test_another_conversations_answer_is_not_taken_for_ones_own(local: LocalOrganisation) -> None:
    report, other = await talk(local), await talk(local)
    theirs = parse_mailbox_answer(await _raw(local, other), local.reporter_keys(other).read)
    token = local.reporter_keys(report).read
    forged = build_mailbox_answer(token, theirs.creation, theirs.envelopes)
    with pytest.raises(DrempelError) as caught:
        await local.visit(report, instead("mailboxes/", forged))
    assert caught.value.code == "answer-damaged"
    session, _ = await local.synced(ONE, instead("mailboxes/", forged))
    with pytest.raises(DrempelError) as caught:
        await inbox.show(session, report.mailbox)
    assert caught.value.code == "answer-damaged"


async def _raw(local: LocalOrganisation, report: SealedReport) -> bytes:
    async with local.connection() as connection:
        token = local.reporter_keys(report).read
        return (await connection.request("GET", f"mailboxes/{b64(report.mailbox)}", token=token)).content


async def forge(local: LocalOrganisation, report: SealedReport, author: str, seed: bytes) -> None:
    """Write into a conversation whose key and write token one holds, under a signing key of one's own."""
    keys = local.reporter_keys(report)
    async with local.connection() as connection:
        organisation = await fetch_organisation(connection, today=local.day)
        found = await visit.visit(connection, organisation, keys)
        await send_message(
            connection,
            organisation,
            found.thread,
            ConversationPlace(local.id, report.mailbox, os_random(16)),
            conversation_key=keys.conversation,
            write_token=keys.write,
            author=author,
            signing_seed=seed,
            text="Forged.",
            random=os_random,
        )


@pytest.mark.parametrize("author", [ONE, "reporter", "integrity-committee-1", "nobody"])
async def test_a_reply_under_another_signing_key_is_forged(local: LocalOrganisation, author: str) -> None:
    report = await talk(local)
    await forge(local, report, author, os.urandom(32))
    thread = (await local.visit(report)).thread
    assert (texts(thread), codes(thread)) == (TEXTS, ["forged"])
    session, found = await local.synced(OTHER)
    [row] = inbox.listed(session, found)
    assert row.messages == 4
    thread = await inbox.show(session, report.mailbox)
    assert (texts(thread), codes(thread)) == (TEXTS, ["forged"])
    # The conversation goes on.
    await local.write(report, "Still here.")
    assert texts((await local.visit(report)).thread) == [*TEXTS, "Still here."]


async def test_a_recipient_of_another_channel_cannot_answer_even_with_the_keys(
    local: LocalOrganisation,
) -> None:
    report = await talk(local)
    session = await local.session("integrity-committee-1")
    seed = session.keyring.signing_seed
    assert public_key(seed) == session.organisation.directory.signing_key("integrity-committee-1")
    await forge(local, report, "integrity-committee-1", seed)
    thread = (await local.visit(report)).thread
    assert (texts(thread), codes(thread)) == (TEXTS, ["forged"])


async def test_what_is_no_envelope_of_this_release_costs_no_other_message(local: LocalOrganisation) -> None:
    report = await talk(local)
    newer = StoredEnvelope(os.urandom(16), local.day, bytes([2, 2]) + os.urandom(4178))
    noise = StoredEnvelope(os.urandom(16), local.day, bytes([1, 2]) + os.urandom(4178))
    change = lying(local, report, lambda all_: [newer, *all_, noise])
    thread = (await local.visit(report, change)).thread
    assert texts(thread) == TEXTS
    assert sorted(codes(thread)) == ["damaged", "newer-version"]


async def test_a_message_that_lies_about_its_place_is_told(local: LocalOrganisation) -> None:
    report = await talk(local)
    keys = local.reporter_keys(report)
    found = await local.visit(report)
    parents, counter = found.thread.parents()
    organisation = await local.organisation()
    place = ConversationPlace(local.id, report.mailbox, os_random(16))
    meta = {
        "kind": "message",
        "author": "reporter",
        "day": day_text(local.day),
        "directory": organisation.directory.quote.to_json(),
        "counter": counter + 7,
        "parents": [b64(parent) for parent in parents],
    }
    data = seal_conversation(place, keys.conversation, meta, "Later.", keys.signing_seed, os_random)
    async with local.connection() as connection:
        path = f"mailboxes/{b64(report.mailbox)}/envelopes/{b64(place.envelope)}"
        await connection.request("PUT", path, token=keys.write, body=data)
    assert codes((await local.visit(report)).thread) == ["order"]


async def test_a_withheld_opening_leaves_nothing_to_answer_to_but_what_is_there(
    local: LocalOrganisation,
) -> None:
    report = await talk(local)
    empty = lying(local, report, lambda _: [])
    thread = (await local.visit(report, empty)).thread
    assert (texts(thread), codes(thread)) == ([], ["gap"])
    async with local.connection(empty) as connection:
        organisation = await fetch_organisation(connection, today=local.day)
        keys = local.reporter_keys(report)
        with pytest.raises(DrempelError) as caught:
            await visit.write(connection, organisation, keys, "Anyone?", os_random)
    assert caught.value.code == "answer-damaged"
    assert not any(method == "PUT" for method, _ in local.asked)
