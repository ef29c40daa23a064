"""Answers that make no sense end in a word for a person, never in a fault, and change nothing (PROTOCOL 12)."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from crypto.public.encoding import b64, parse_object, write_object
from crypto.public.errors import ERRORS, DrempelError
from crypto.secret.primitives import os_random
from intake.client.address import Address
from intake.client.connection import LONGEST_ANSWER, Connection
from intake.client.recipient import inbox
from intake.client.recipient.session import Session
from intake.client.request_body import STILL_SECONDS
from tests.browser.kit.broken_answers import FOLDER, expected_of, read_groups
from tests.client.kit.answer_calls import CALLS, ONE, Served, calls_of, is_silent, served_before
from tests.kit.organisation import HOST, Change, LocalOrganisation, answer, instead
from tests.kit.protocol import build_day_answer, parse_day_answer


@pytest.fixture
async def served(local: LocalOrganisation, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    async with served_before(local, monkeypatch) as made:
        yield made


@pytest.mark.parametrize("group", read_groups())
async def test_each_call_says_of_a_broken_answer_what_the_vectors_say(
    served: Served, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {}
    for case in read_groups()[group]:
        still = 0.5 if is_silent(case) else STILL_SECONDS
        monkeypatch.setattr("intake.client.request_body.STILL_SECONDS", still)
        for call in calls_of(case):
            found, expected = await served.outcome(call, case), expected_of(case, call)
            if found != expected:
                wrong[case["name"], call] = found, expected
    assert wrong == {}
    # Nothing of it stays.
    assert (await served.local.visit(served.report)).thread.entries
    session, listed = await served.local.synced(ONE)
    assert served.report.mailbox in [row.mailbox for row in inbox.listed(session, listed)]


def test_the_vectors_name_each_case_once_and_say_errors_that_there_are() -> None:
    cases = [case for cases in read_groups().values() for case in cases]
    assert len({case["name"] for case in cases}) == len(cases)
    for case in cases:
        said = [*case["expect"].values(), *case.get("javascript", {}).values()]
        codes = {one["again"] if isinstance(one, dict) else one for one in said}
        assert codes <= {*ERRORS, "ok"}, case["name"]
        assert set(calls_of(case)) <= set(CALLS)
    readme = (FOLDER.parent / "README.md").read_text("utf-8")
    assert [call for call in CALLS if f"| `{call}` |" not in readme] == []


async def test_a_page_that_answers_a_new_directory_is_not_taken_for_stored(local: LocalOrganisation) -> None:
    def portal(asked: str, below: str, true: httpx.Response) -> httpx.Response:
        return answer(b"<!doctype html><title>Welcome</title>") if asked == "PUT" else true

    with pytest.raises(DrempelError) as caught:
        await local.publish(local.directory(), portal)
    assert caught.value.code == "answer-damaged"


class _Endless(httpx.AsyncBaseTransport):
    """A server whose answer does not end."""

    def __init__(self) -> None:
        self.sent = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=self._zeros())

    async def _zeros(self) -> AsyncIterator[bytes]:
        while True:
            self.sent += 1 << 20
            yield bytes(1 << 20)


async def test_an_answer_without_end_is_not_kept() -> None:
    transport = _Endless()
    async with Connection(Address(f"{HOST}/demo/", None), retry_for=0, transport=transport) as connection:
        with pytest.raises(DrempelError) as caught:
            await connection.request("GET", "directory")
    assert caught.value.code == "answer-damaged"
    assert transport.sent <= LONGEST_ANSWER + (2 << 20)


async def keyring(session: Session) -> Any:
    """What of a session must survive whatever a server says."""
    return session.stored.ratchet, session.stored.synced, set(session.stored.conversations)


@pytest.mark.parametrize("day", ["9999-12-31", "1970-01-01", "2400-01-01"])
async def test_a_day_of_the_servers_own_forgets_no_key(local: LocalOrganisation, day: str) -> None:
    await local.report()
    before = await keyring(await local.session(ONE))

    def elsewhen(data: bytes) -> bytes:
        return write_object({**parse_object(data), "day": day})

    with pytest.raises(DrempelError) as caught:
        await local.synced(ONE, instead("inbox/days?", elsewhen))
    assert caught.value.code == "answer-damaged"
    assert await keyring(await local.session(ONE)) == before


async def test_a_day_that_nobody_asked_for_is_not_counted_twice(local: LocalOrganisation) -> None:
    report = await local.report()
    local.day += 10
    await local.synced(ONE)

    def earlier(data: bytes) -> bytes:
        days = [{"day": "2001-01-01", "envelopes": 1, "bytes": 1}]
        return write_object({**parse_object(data), "days": days})

    with pytest.raises(DrempelError) as caught:
        await local.synced(ONE, instead("inbox/days?", earlier))
    assert caught.value.code == "answer-damaged"
    session, found = await local.synced(ONE)
    [row] = inbox.listed(session, found)
    assert (row.mailbox, row.messages) == (report.mailbox, 1)


@pytest.mark.parametrize("value", ["two\r\nlines", "\u00e9", "\x00"])
async def test_what_goes_into_a_header_is_looked_at_first(local: LocalOrganisation, value: str) -> None:
    def token(data: bytes) -> bytes:
        return write_object({**parse_object(data), "token": value})

    def no_etag(asked: str, below: str, true: httpx.Response) -> httpx.Response:
        if below != "inbox/keyring" or asked != "GET":
            return true
        return httpx.Response(
            200, headers=[(b"ETag", value.encode("latin-1"))], stream=httpx.ByteStream(true.content)
        )

    with pytest.raises(DrempelError) as caught:
        await local.session(ONE, instead("sign-in", token, "POST"))
    assert caught.value.code == "answer-damaged"
    await local.report()
    with pytest.raises(DrempelError) as caught:
        await local.synced(ONE, no_etag)
    assert caught.value.code == "answer-damaged"


async def test_a_keyring_of_another_or_an_older_time_is_told_or_merged(local: LocalOrganisation) -> None:
    foreign = await local.session("confidential-adviser-2")
    sealed = (await foreign.request("GET", "inbox/keyring")).content
    with pytest.raises(DrempelError) as caught:
        await local.session(ONE, instead("inbox/keyring", sealed))
    assert caught.value.code == "keyring-locked"
    flipped = instead("inbox/keyring", lambda true: true[:-1] + bytes([true[-1] ^ 1]))
    with pytest.raises(DrempelError) as caught:
        await local.session(ONE, flipped)
    assert caught.value.code == "keyring-damaged"


async def test_two_devices_that_read_the_same_keyring_merge_what_each_found(local: LocalOrganisation) -> None:
    first = await local.session(ONE)
    one = await local.report("One.")
    second = await local.session(ONE)
    found = await inbox.sync(first, os_random)
    assert [row.mailbox for row in inbox.listed(first, found)] == [one.mailbox]
    other = await local.report("Two.")
    # The second device holds the keyring as it was before the first one wrote it.
    assert second.version != first.version
    second.keyring = second.stored
    hidden = instead("inbox/days/", lambda true: _only(true, other.mailbox))
    second.connection = local.connection(hidden)
    await inbox.sync(second, os_random)
    assert ("PUT", "inbox/keyring") in local.asked
    assert local.asked.count(("PUT", "inbox/keyring")) == 2, "the first was refused, the second merged"
    assert set((await local.session(ONE)).stored.conversations) == {one.mailbox, other.mailbox}


def _only(day: bytes, mailbox: bytes) -> bytes:
    return build_day_answer(item for item in parse_day_answer(day) if item.mailbox == mailbox)


async def test_a_write_whose_answer_was_lost_is_repeated_without_doubling(local: LocalOrganisation) -> None:
    report = await local.report()
    lost: list[str] = []

    def losing(asked: str, below: str, true: httpx.Response) -> httpx.Response:
        if asked in ("PUT", "DELETE") and below not in lost:
            lost.append(below)
            raise httpx.ReadError("the connection broke after the server had done it")
        return true

    async with _patient(local, losing) as connection:
        sealed = local.seal(await local.organisation(), "Another.")
        path = f"mailboxes/{b64(sealed.mailbox)}/opening/{b64(sealed.envelope)}"
        await connection.request("PUT", path, body=sealed.body)
        keys = local.reporter_keys(report)
        await connection.request(
            "DELETE", f"mailboxes/{b64(report.mailbox)}", token=keys.delete, expected=(204, 404)
        )
    assert len(lost) == 2
    session, found = await local.synced(ONE)
    assert [row.mailbox for row in inbox.listed(session, found)] == [sealed.mailbox]


def _patient(local: LocalOrganisation, change: Change) -> Connection:
    lazy = local.connection(change)
    return Connection(lazy.address, retry_for=5, transport=local.transports[-1])
