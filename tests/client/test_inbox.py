"""PROTOCOL 10.6, 11: nothing that others do, and no clock set right, keeps a recipient from reading what came."""

import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from crypto import wire
from crypto.encoding import b64, day_number, parse_object, unb64
from crypto.errors import DrempelError, KeyringError
from crypto.keyring import Keyring, seal_keyring
from crypto.sealing import os_random
from intake.client import inbox, session
from intake.client.connection import Connection
from intake.client.organisation import CLOCK_DAYS
from tests.client.house import House, instead

ONE = "confidential-adviser-1"


async def test_an_answer_that_comes_before_what_it_answers_leaves_one_head(house: House) -> None:
    report = await house.report()
    await house.write(report, "More.")
    await house.write(report, "And more.")
    heads = []
    for recipient, turn in ((ONE, 1), ("confidential-adviser-2", -1)):

        def turned(day: bytes, turn: int = turn) -> bytes:
            return wire.day_answer(list(wire.parse_day_answer(day))[::turn])

        opened, _ = await house.synced(recipient, instead("inbox/days/", turned))
        heads.append(opened.stored.conversations[report.mailbox].heads)
    assert heads[0] == heads[1]
    assert len(heads[0]) == 1


@pytest.mark.parametrize("ahead", [1, CLOCK_DAYS, 2 * CLOCK_DAYS])
async def test_a_report_is_found_though_the_servers_clock_was_set_back(house: House, ahead: int) -> None:
    house.day += ahead
    await house.synced(ONE)
    house.day = house.first_day
    report = await house.report()
    for _ in range(12):
        house.day += 1
        opened, found = await house.synced(ONE)
        [row] = inbox.listed(opened, found)
        assert (row.mailbox, row.messages) == (report.mailbox, 1)
    assert day_number(opened.stored.to_json()["synced"]) > house.first_day


async def test_a_sign_in_in_a_week_to_come_leaves_a_recipient_reachable_in_this_one(house: House) -> None:
    house.day += 7
    await house.synced(ONE)
    house.day = house.first_day
    assert ONE in (await house.organisation()).week_keys
    await house.synced(ONE)
    assert ONE in (await house.organisation()).week_keys


async def test_a_keyring_that_takes_no_more_keeps_nobody_from_reading(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def small(keyring: Keyring, *rest: Any) -> bytes:
        if len(keyring.conversations) > 1:
            raise KeyringError("keyring-format", "It is too large.")
        return seal_keyring(keyring, *rest)

    monkeypatch.setattr(session, "seal_keyring", small)
    reports = [await house.report()]
    opened, found = await house.synced(ONE)
    assert not found.full
    reports += [await house.report("Another."), await house.report("A third.")]
    for day in range(3):
        house.day += 40 * day
        opened, found = await house.synced(ONE)
        assert found.full
        assert {row.mailbox: row.messages for row in inbox.listed(opened, found)} == {
            report.mailbox: 1 for report in reports
        }
        assert (await inbox.show(opened, reports[2].mailbox)).entries[0].message.text == "A third."
    await inbox.reply(opened, reports[1].mailbox, "An answer.", os_random)
    assert set((await house.session(ONE)).stored.conversations) == {reports[0].mailbox}


async def test_a_statement_that_another_device_was_faster_with_stops_nothing(house: House) -> None:
    report = await house.report()
    house.day += 7
    slower = await house.session(ONE)
    await house.publish(house.directory())
    await house.synced(ONE)  # announces with the same counter that the newer directory was seen
    found = await inbox.sync(slower, os_random)
    assert [row.mailbox for row in inbox.listed(slower, found)] == [report.mailbox]
    served = (await house.organisation()).statements[ONE]
    assert served.directory.version == 2
    again, _ = await house.synced(ONE)
    assert again.stored.stated == (served.first_week + 1, 2)


async def test_another_refusal_of_a_statement_is_told(house: House) -> None:
    house.day += 7
    opened = await house.session(ONE)
    request = opened.request

    async def meddled(method: str, path: str, **options: Any) -> Any:
        if path == "inbox/statement":
            value = parse_object(options["body"])
            keys = [b64(bytes(1216)), *value["keys"][1:]]
            assert unb64(keys[0]) != unb64(value["keys"][0])
            options |= session.json_body({**value, "keys": keys})
        return await request(method, path, **options)

    opened.request = meddled  # type: ignore[method-assign]
    with pytest.raises(DrempelError) as caught:
        await inbox.sync(opened, os_random)
    assert caught.value.code == "statement-key"


class Broken(httpx.AsyncByteStream):
    """An answer whose connection breaks before its last byte, after everything else came in small pieces."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self._content) - 1, 1000):
            yield self._content[at : min(at + 1000, len(self._content) - 1)]
        raise httpx.ReadError("the connection broke")


async def test_a_day_that_breaks_off_is_read_again_and_counted_once(house: House) -> None:
    report = await house.report()
    await house.write(report, "More.")
    broken: list[str] = []

    def breaking(asked: str, below: str, true: httpx.Response) -> httpx.Response:
        if below.startswith("inbox/days/") and len(broken) < 2:
            broken.append(below)
            return httpx.Response(200, stream=Broken(true.content))
        return true

    for day in range(2):
        house.day += 30 * day
        opened = await house.session(ONE)
        lazy = house.connection(breaking)
        opened.connection = Connection(lazy.address, patience=20, transport=house.transports[-1])
        found = await inbox.sync(opened, os_random)
        [row] = inbox.listed(opened, found)
        assert (row.mailbox, row.messages, found.damaged) == (report.mailbox, 2, 0)
    assert len(broken) == 2


async def test_a_day_larger_than_memory_is_read_mailbox_by_mailbox(house: House) -> None:
    report = await house.report()
    frame = wire.build_day_item(
        wire.DayItem(bytes([1]) * 32, wire.StoredEnvelope(bytes(16), house.day, bytes(1 << 20)), None)
    )
    count = 64

    class Large(httpx.AsyncByteStream):
        def __init__(self, true: bytes) -> None:
            self.true = true

        async def __aiter__(self) -> AsyncIterator[bytes]:
            own = list(wire.parse_day_answer(self.true))
            for number in range(count):
                yield frame.replace(bytes([1]) * 32, bytes([number + 1]) * 32)
            for item in own:
                yield wire.build_day_item(item)
            yield wire.build_day_end(count + len(own))

    def flooded(asked: str, below: str, true: httpx.Response) -> httpx.Response:
        if below.startswith("inbox/days/"):
            return httpx.Response(200, stream=Large(true.content))
        return true

    opened = await house.session(ONE, flooded)
    tracemalloc.start()
    try:
        found = await inbox.sync(opened, os_random)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [row.mailbox for row in inbox.listed(opened, found)] == [report.mailbox]
    assert most < 16 << 20
