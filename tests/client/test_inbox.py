"""PROTOCOL 10.6, 11: nothing that others do, and no clock set right, keeps a recipient from reading what came."""

import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from crypto.public.answers import DayItem, StoredEnvelope, build_day_item, build_end
from crypto.public.encoding import b64, day_number, parse_object, unb64
from crypto.public.errors import DrempelError, KeyringError
from crypto.secret.keyring import Keyring, seal_keyring
from crypto.secret.primitives import os_random
from intake.client.connection import LONGEST_ANSWER, Connection
from intake.client.organisation import CLOCK_DAYS
from intake.client.recipient import inbox, session
from tests.kit.organisation import LocalOrganisation, instead
from tests.kit.protocol import build_day_answer, parse_day_answer

ONE = "confidential-adviser-1"


async def test_an_answer_that_comes_before_what_it_answers_leaves_one_head(local: LocalOrganisation) -> None:
    report = await local.report()
    await local.write(report, "More.")
    await local.write(report, "And more.")
    heads = []
    for recipient, turn in ((ONE, 1), ("confidential-adviser-2", -1)):

        def turned(day: bytes, turn: int = turn) -> bytes:
            return build_day_answer(list(parse_day_answer(day))[::turn])

        opened, _ = await local.synced(recipient, instead("inbox/days/", turned))
        heads.append(opened.stored.conversations[report.mailbox].heads)
    assert heads[0] == heads[1]
    assert len(heads[0]) == 1


@pytest.mark.parametrize("ahead", [1, CLOCK_DAYS, 2 * CLOCK_DAYS])
async def test_a_report_is_found_though_the_servers_clock_was_set_back(
    local: LocalOrganisation, ahead: int
) -> None:
    local.day += ahead
    await local.synced(ONE)
    local.day = local.first_day
    report = await local.report()
    for _ in range(12):
        local.day += 1
        opened, found = await local.synced(ONE)
        [row] = inbox.listed(opened, found)
        assert (row.mailbox, row.messages) == (report.mailbox, 1)
    assert day_number(opened.stored.to_json()["synced"]) > local.first_day


async def test_a_sign_in_in_a_week_to_come_leaves_a_recipient_reachable_in_this_one(
    local: LocalOrganisation,
) -> None:
    local.day += 7
    await local.synced(ONE)
    local.day = local.first_day
    assert ONE in (await local.organisation()).week_keys
    await local.synced(ONE)
    assert ONE in (await local.organisation()).week_keys


async def test_a_keyring_that_takes_no_more_keeps_nobody_from_reading(
    local: LocalOrganisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def small(keyring: Keyring, *rest: Any) -> bytes:
        if len(keyring.conversations) > 1:
            raise KeyringError("keyring-format", "It is too large.")
        return seal_keyring(keyring, *rest)

    monkeypatch.setattr(session, "seal_keyring", small)
    reports = [await local.report()]
    opened, found = await local.synced(ONE)
    assert not found.full
    reports += [await local.report("Another."), await local.report("A third.")]
    for day in range(3):
        local.day += 40 * day
        opened, found = await local.synced(ONE)
        assert found.full
        assert {row.mailbox: row.messages for row in inbox.listed(opened, found)} == {
            report.mailbox: 1 for report in reports
        }
        assert (await inbox.show(opened, reports[2].mailbox)).entries[0].message.text == "A third."
    await inbox.reply(opened, reports[1].mailbox, "An answer.", os_random)
    assert set((await local.session(ONE)).stored.conversations) == {reports[0].mailbox}


async def test_a_statement_that_another_device_was_faster_with_stops_nothing(
    local: LocalOrganisation,
) -> None:
    report = await local.report()
    local.day += 7
    slower = await local.session(ONE)
    await local.publish(local.directory())
    await local.synced(ONE)  # announces with the same counter that the newer directory was seen
    found = await inbox.sync(slower, os_random)
    assert [row.mailbox for row in inbox.listed(slower, found)] == [report.mailbox]
    served = (await local.organisation()).statements[ONE]
    assert served.directory.version == 2
    again, _ = await local.synced(ONE)
    assert again.stored.stated == (served.first_week + 1, 2)


async def test_another_refusal_of_a_statement_is_told(local: LocalOrganisation) -> None:
    local.day += 7
    opened = await local.session(ONE)
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


async def test_a_day_and_a_list_that_break_off_are_read_again_and_counted_once(
    local: LocalOrganisation,
) -> None:
    report = await local.report()
    await local.write(report, "More.")
    broken: list[str] = []

    def breaking(asked: str, below: str, true: httpx.Response) -> httpx.Response:
        if below.startswith(("inbox/days/", "inbox/mailboxes")) and below not in broken:
            broken.append(below)
            return httpx.Response(200, stream=Broken(true.content))
        return true

    for day in range(2):
        local.day += 30 * day
        opened = await local.session(ONE)
        lazy = local.connection(breaking)
        opened.connection = Connection(lazy.address, retry_for=20, transport=local.transports[-1])
        found = await inbox.sync(opened, os_random)
        [row] = inbox.listed(opened, found)
        assert (row.mailbox, row.messages, found.damaged, found.gone) == (report.mailbox, 2, 0, frozenset())
        assert [path.split("/")[1] for path in broken] == ["days", "mailboxes"]
        broken.clear()


async def test_a_day_larger_than_memory_is_read_mailbox_by_mailbox(local: LocalOrganisation) -> None:
    report = await local.report()
    frame = build_day_item(
        DayItem(bytes([1]) * 32, StoredEnvelope(bytes(16), local.day, bytes(1 << 20)), None)
    )
    count = 64

    class Large(httpx.AsyncByteStream):
        def __init__(self, true: bytes) -> None:
            self.true = true

        async def __aiter__(self) -> AsyncIterator[bytes]:
            own = list(parse_day_answer(self.true))
            for number in range(count):
                yield frame.replace(bytes([1]) * 32, bytes([number + 1]) * 32)
            for item in own:
                yield build_day_item(item)
            yield build_end(count + len(own))

    def flooded(asked: str, below: str, true: httpx.Response) -> httpx.Response:
        if below.startswith("inbox/days/"):
            return httpx.Response(200, stream=Large(true.content))
        return true

    opened = await local.session(ONE, flooded)
    tracemalloc.start()
    try:
        found = await inbox.sync(opened, os_random)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [row.mailbox for row in inbox.listed(opened, found)] == [report.mailbox]
    assert most < 16 << 20


async def test_a_list_of_millions_is_read_as_it_comes(local: LocalOrganisation) -> None:
    report, other = await local.report(), await local.report()
    piece, pieces = 16_384, 115

    class Long(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            for number in range(pieces):
                first = 1 + number * piece
                yield b"".join(at.to_bytes(32, "big") + bytes(4) for at in range(first, first + piece))
            yield report.mailbox + bytes(4) + build_end(pieces * piece + 1)

    assert piece * pieces * 36 > LONGEST_ANSWER
    opened = await local.session(
        ONE,
        lambda _, below, true: httpx.Response(200, stream=Long()) if below == "inbox/mailboxes" else true,
    )
    found = await inbox.sync(opened, os_random)
    assert [row.mailbox for row in inbox.listed(opened, found)] == [report.mailbox]
    assert found.gone == {other.mailbox}
