"""Answers that make no sense end in a word for a person, never in a fault, and change nothing (PROTOCOL 12)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from crypto import wire
from crypto.encoding import b64, parse_object, write_object
from crypto.errors import DrempelError
from crypto.sealing import os_random
from intake.client import inbox
from intake.client.address import Address
from intake.client.connection import LONGEST_ANSWER, Connection
from intake.client.report import SealedReport
from intake.client.session import Session
from tests.client.house import HOST, Change, House, answer, instead, zipped

ONE = "confidential-adviser-1"

# Who asks, and what for: the method and the beginning of the path.
STEPS = {
    "directory": ("GET", "directory"),
    "keys": ("GET", "keys"),
    "mailbox": ("GET", "mailboxes/"),
    "challenge": ("POST", "sign-in/challenge"),
    "sign-in": ("POST", "sign-in"),
    "keyring": ("GET", "inbox/keyring"),
    "days": ("GET", "inbox/days?"),
    "day": ("GET", "inbox/days/"),
    "present": ("GET", "inbox/mailboxes"),
}
REPORTERS = ("directory", "keys", "mailbox")

BROKEN: dict[str, Callable[[bytes], httpx.Response]] = {
    "empty": lambda _: answer(b""),
    "cut in half": lambda true: answer(true[: len(true) // 2]),
    "one byte short": lambda true: answer(true[:-1]),
    "one byte more": lambda true: answer(true + b"}"),
    "not JSON": lambda _: answer(b"<!doctype html><title>Welcome</title>"),
    "not UTF-8": lambda _: answer(b'{"day": "\xff"}'),
    "a list": lambda _: answer(b"[]"),
    "an empty object": lambda _: answer(b"{}"),
    "nested deeply": lambda _: answer(b'{"a":' * 99_999),
    "wrong types": lambda _: answer(
        b'{"day": 1, "days": {}, "recipients": [1], "challenge": [], "token": {}, "recipient": 7, "payload": 1}'
    ),
    "a number without end": lambda _: answer(
        b'{"day": "2026-01-01", "days": [{"day": "2026-01-01", "bytes": 1e999}], "recipients": 1e999}'
    ),
    "compressed": zipped,
    "compressed, it says": lambda true: answer(true, content_encoding="gzip"),
    "no content": lambda _: answer(b"", 204),
    "moved": lambda _: answer(b"", 302, location="http://elsewhere.test/"),
    "a teapot": lambda _: answer(b"", 418),
    "a foreign 404": lambda _: answer(b"<h1>Not found</h1>", 404),
    "a foreign 502": lambda _: answer(b"<h1>Bad gateway</h1>", 502),
    "a problem nested deeply": lambda _: answer(b'{"code":' + b"[" * 100_000, 400),
    "a problem without a word": lambda _: answer(b'{"code": ["server-busy"]}', 400),
}
# What can't be told from the true answer, or is one: an empty day, a list with other spaces, a longer token.
HARMLESS = {("compressed, it says", step) for step in STEPS} | {
    ("empty", "present"),
}


def breaking(step: str, broken: Callable[[bytes], httpx.Response]) -> Change:
    method, beginning = STEPS[step]

    def change(asked: str, below: str, true: httpx.Response) -> httpx.Response:
        if asked == method and (below == beginning if method == "POST" else below.startswith(beginning)):
            return broken(true.content)
        return true

    return change


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_answer_is_refused_and_nothing_is_written(house: House, name: str) -> None:
    report = await house.report()
    for step in STEPS:
        if (name, step) in HARMLESS:
            continue
        change = breaking(step, BROKEN[name])
        with pytest.raises(DrempelError) as caught:
            await (house.visit(report, change) if step in REPORTERS else house.synced(ONE, change))
        assert "elsewhere" not in str(caught.value)
        assert not any(method in ("PUT", "DELETE") for method, _ in house.asked), (name, step)
    # Nothing of it stays.
    assert (await house.visit(report)).thread.entries
    session, found = await house.synced(ONE)
    assert [row.mailbox for row in inbox.listed(session, found)] == [report.mailbox]


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (400, "receipt-unknown", "answer-damaged"),
        (404, "receipt-unknown", "organisation-unknown"),
        (404, "conflict", "organisation-unknown"),
        (500, "envelope-body", "server-unavailable"),
        (503, "server-fault", "server-unavailable"),
        (503, "server-busy", "server-busy"),
        (429, "server-busy", "server-busy"),
        (429, "nothing-known", "server-busy"),
        (409, "conflict", "conflict"),
    ],
)
async def test_a_word_is_believed_only_with_the_status_it_has(
    house: House, status: int, code: str, told: str
) -> None:
    report = await house.report()
    said = write_object({"code": code, "status": status})
    with pytest.raises(DrempelError) as caught:
        await house.visit(report, breaking("mailbox", lambda _: answer(said, status)))
    assert caught.value.code == told


# Who writes what.
WRITES: dict[str, Callable[[House, SealedReport, Change], Awaitable[object]]] = {
    "opening": lambda house, report, change: house.report(change=change),
    "envelopes": lambda house, report, change: house.write(report, "More.", change),
    "mailboxes": lambda house, report, change: house.delete(report, change),
    "keyring": lambda house, report, change: house.synced(ONE, change),
    "statement": lambda house, report, change: house.synced(ONE, change),
    "directory": lambda house, report, change: house.publish(house.directory(), change),
}


@pytest.mark.parametrize("name", WRITES)
async def test_a_page_that_answers_a_write_stores_nothing(house: House, name: str) -> None:
    report = await house.report()
    house.day += 7

    def portal(asked: str, below: str, true: httpx.Response) -> httpx.Response:
        is_write = asked in ("PUT", "DELETE") and name in below
        return answer(b"<!doctype html><title>Welcome</title>") if is_write else true

    with pytest.raises(DrempelError) as caught:
        await WRITES[name](house, report, portal)
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
    async with Connection(Address(f"{HOST}/demo/", None), patience=0, transport=transport) as connection:
        with pytest.raises(DrempelError) as caught:
            await connection.request("GET", "directory")
    assert caught.value.code == "answer-damaged"
    assert transport.sent <= LONGEST_ANSWER + (2 << 20)


async def keyring(session: Session) -> Any:
    """What of a session must survive whatever a server says."""
    return session.stored.ratchet, session.stored.synced, set(session.stored.conversations)


@pytest.mark.parametrize("day", ["9999-12-31", "1970-01-01", "2400-01-01"])
async def test_a_day_of_the_servers_own_forgets_no_key(house: House, day: str) -> None:
    await house.report()
    before = await keyring(await house.session(ONE))

    def elsewhen(data: bytes) -> bytes:
        return write_object({**parse_object(data), "day": day})

    with pytest.raises(DrempelError) as caught:
        await house.synced(ONE, instead("inbox/days?", elsewhen))
    assert caught.value.code == "answer-damaged"
    assert await keyring(await house.session(ONE)) == before


async def test_a_day_that_nobody_asked_for_is_not_counted_twice(house: House) -> None:
    report = await house.report()
    house.day += 10
    await house.synced(ONE)

    def earlier(data: bytes) -> bytes:
        days = [{"day": "2001-01-01", "envelopes": 1, "bytes": 1}]
        return write_object({**parse_object(data), "days": days})

    with pytest.raises(DrempelError) as caught:
        await house.synced(ONE, instead("inbox/days?", earlier))
    assert caught.value.code == "answer-damaged"
    session, found = await house.synced(ONE)
    [row] = inbox.listed(session, found)
    assert (row.mailbox, row.messages) == (report.mailbox, 1)


@pytest.mark.parametrize("value", ["two\r\nlines", "\u00e9", "\x00"])
async def test_what_goes_into_a_header_is_looked_at_first(house: House, value: str) -> None:
    def token(data: bytes) -> bytes:
        return write_object({**parse_object(data), "token": value})

    def no_etag(asked: str, below: str, true: httpx.Response) -> httpx.Response:
        if below != "inbox/keyring" or asked != "GET":
            return true
        return httpx.Response(
            200, headers=[(b"ETag", value.encode("latin-1"))], stream=httpx.ByteStream(true.content)
        )

    with pytest.raises(DrempelError) as caught:
        await house.session(ONE, breaking("sign-in", lambda true: answer(token(true))))
    assert caught.value.code == "answer-damaged"
    await house.report()
    with pytest.raises(DrempelError) as caught:
        await house.synced(ONE, no_etag)
    assert caught.value.code == "answer-damaged"


async def test_a_keyring_of_another_or_an_older_time_is_told_or_merged(house: House) -> None:
    foreign = await house.session("confidential-adviser-2")
    sealed = (await foreign.request("GET", "inbox/keyring")).content
    with pytest.raises(DrempelError) as caught:
        await house.session(ONE, instead("inbox/keyring", sealed))
    assert caught.value.code == "keyring-locked"
    flipped = instead("inbox/keyring", lambda true: true[:-1] + bytes([true[-1] ^ 1]))
    with pytest.raises(DrempelError) as caught:
        await house.session(ONE, flipped)
    assert caught.value.code == "keyring-damaged"


async def test_two_devices_that_read_the_same_keyring_merge_what_each_found(house: House) -> None:
    first = await house.session(ONE)
    one = await house.report("One.")
    second = await house.session(ONE)
    found = await inbox.sync(first, os_random)
    assert [row.mailbox for row in inbox.listed(first, found)] == [one.mailbox]
    other = await house.report("Two.")
    # The second device holds the keyring as it was before the first one wrote it.
    assert second.version != first.version
    second.keyring = second.stored
    hidden = instead("inbox/days/", lambda true: _only(true, other.mailbox))
    second.connection = house.connection(hidden)
    await inbox.sync(second, os_random)
    assert ("PUT", "inbox/keyring") in house.asked
    assert house.asked.count(("PUT", "inbox/keyring")) == 2, "the first was refused, the second merged"
    assert set((await house.session(ONE)).stored.conversations) == {one.mailbox, other.mailbox}


def _only(day: bytes, mailbox: bytes) -> bytes:
    return wire.day_answer(item for item in wire.parse_day_answer(day) if item.mailbox == mailbox)


async def test_a_write_whose_answer_was_lost_is_repeated_without_doubling(house: House) -> None:
    report = await house.report()
    lost: list[str] = []

    def losing(asked: str, below: str, true: httpx.Response) -> httpx.Response:
        if asked in ("PUT", "DELETE") and below not in lost:
            lost.append(below)
            raise httpx.ReadError("the connection broke after the server had done it")
        return true

    async with _patient(house, losing) as connection:
        sealed = house.seal(await house.organisation(), "Another.")
        path = f"mailboxes/{b64(sealed.mailbox)}/opening/{b64(sealed.envelope)}"
        await connection.request("PUT", path, body=sealed.body)
        keys = house.reporter_keys(report)
        await connection.request(
            "DELETE", f"mailboxes/{b64(report.mailbox)}", token=keys.delete, expected=(204, 404)
        )
    assert len(lost) == 2
    session, found = await house.synced(ONE)
    assert [row.mailbox for row in inbox.listed(session, found)] == [sealed.mailbox]


def _patient(house: House, change: Change) -> Connection:
    lazy = house.connection(change)
    return Connection(lazy.address, patience=5, transport=house.transports[-1])
