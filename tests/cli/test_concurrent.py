"""Several at once: devices of one recipient, recipients of one channel, reporters."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from crypto.public.encoding import b64
from crypto.secret.codes import parse_code
from intake.client.address import read_address
from intake.client.connection import Connection
from intake.client.organisation import fetch_organisation
from intake.client.recipient.session import open_session
from tests.kit.serving import Demo

ROUNDS = 4
ONE, OTHER = "confidential-adviser-1", "confidential-adviser-2"


async def in_the_keyring(demo: Demo, recipient: str) -> set[str]:
    """The conversations in the keyring as it lies on the server."""
    secret = parse_code(demo.access_codes[recipient], "access")
    async with Connection(read_address(demo.pinned)) as connection:
        session = await open_session(connection, await fetch_organisation(connection), secret)
    return {b64(mailbox) for mailbox in session.stored.conversations}


async def test_two_devices_at_once_lose_no_key(own_demo: Demo) -> None:
    demo, mailboxes = own_demo, set()
    with ThreadPoolExecutor(4) as pool:
        for number in range(ROUNDS):
            # The two devices start with the same keyring and see different reports.
            first = pool.submit(demo.inbox, ONE, "list")
            sent = [pool.submit(demo.report, f"Report {number}, {n}") for n in range(2)]
            second = pool.submit(demo.inbox, ONE, "list")
            mailboxes |= {future.result().json["mailbox"] for future in sent}
            for future in (first, second):
                assert {row["id"] for row in future.result().json["conversations"]} <= mailboxes
        again = [pool.submit(demo.inbox, ONE, "list") for _ in range(2)]
        for future in again:
            assert {row["id"] for row in future.result().json["conversations"]} == mailboxes
    assert await in_the_keyring(demo, ONE) == mailboxes


@pytest.mark.parametrize("rounds", [2])
def test_answers_written_at_once_are_all_there_in_one_order_for_all(demo: Demo, rounds: int) -> None:
    sent = demo.report("A report.").json
    with ThreadPoolExecutor(4) as pool:
        for number in range(rounds):
            texts = {who: f"{who} {number}" for who in (ONE, OTHER)}
            sending = [
                pool.submit(demo.inbox, who, "reply", sent["mailbox"], text=text)
                for who, text in texts.items()
            ]
            replies = [future.result() for future in sending]
            replies.append(demo.receipt(sent["receipt"], "write", text=f"reporter {number}"))
            assert len({ran.json["envelope"] for ran in replies}) == 3
    seen = demo.receipt(sent["receipt"], "read").json
    assert seen["notices"] == []
    bodies = [message["body"] for message in seen["messages"]]
    wanted = {f"{who} {n}" for who in (ONE, OTHER, "reporter") for n in range(rounds)}
    assert set(bodies) == wanted | {"A report."}
    assert bodies[0] == "A report."
    # Nobody's message stands before one that its author had seen.
    for number in range(rounds - 1):
        assert bodies.index(f"reporter {number}") < bodies.index(f"{ONE} {number + 1}")
    for who in (ONE, OTHER):
        shown = demo.inbox(who, "show", sent["mailbox"]).json
        assert shown["messages"] == seen["messages"]
        assert shown["notices"] == []
