"""PROTOCOL 10.6, 11: nothing that others do, and no clock set right, keeps a recipient from reading what came."""

from typing import Any

import pytest

from crypto.encoding import b64, day_number, parse_object, unb64
from crypto.errors import DrempelError, KeyringError
from crypto.keyring import Keyring, seal_keyring
from crypto.sealing import os_random
from intake.client import inbox, session
from intake.client.organisation import CLOCK_DAYS
from tests.client.house import House

ONE = "confidential-adviser-1"


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
    assert again.stored.stated == (served.first_week, 2)


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
