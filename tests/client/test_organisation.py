"""A directory or a set of keys that must not be used is refused before anything is sent (PROTOCOL 9.4, 10)."""

from typing import Any

import httpx
import pytest

from crypto.directory import make_directory
from crypto.encoding import b64, day_text, parse_object, unb64, write_object
from crypto.errors import DrempelError
from crypto.sealing import os_random
from intake.client import inbox
from intake.client.connection import Connection
from tests.client.house import HOST, Change, House, answer, instead, other_organisation

ADVISERS = ["confidential-adviser-1", "confidential-adviser-2"]


async def refused(house: House, change: Change, code: str, **options: Any) -> DrempelError:
    """The refusal of an organisation; nothing but the directory and the keys was asked for."""
    with pytest.raises(DrempelError) as caught:
        await house.organisation(change, **options)
    assert caught.value.code == code
    assert set(house.asked) <= {("GET", "directory"), ("GET", "keys")}
    return caught.value


def replay(*paths: str) -> tuple[dict[str, bytes], Change]:
    """A server that answers as it once did: what it says first is what it will always say."""
    kept: dict[str, bytes] = {}

    def change(method: str, below: str, true: httpx.Response) -> httpx.Response:
        if method == "GET" and below in paths:
            return answer(kept.setdefault(below, true.content))
        return true

    return kept, change


async def test_a_true_directory_and_its_keys_are_accepted(house: House) -> None:
    organisation = await house.organisation()
    assert organisation.verified_by_link
    assert organisation.directory.organisation == house.id
    assert len(organisation.week_keys) == 6
    assert organisation.why_not == {}
    assert not (await house.organisation(pin=False)).verified_by_link


async def test_a_directory_without_signature_or_with_another(house: House) -> None:
    def unsigned(data: bytes) -> bytes:
        return write_object({**parse_object(data), "signatures": []})

    def by_another(data: bytes) -> bytes:
        content = parse_object(unb64(parse_object(data)["payload"]))
        return make_directory(content, [os_random(32)])

    def changed(data: bytes) -> bytes:
        value = parse_object(data)
        return write_object(
            {**value, "payload": b64(unb64(value["payload"]).replace(b"Example", b"Exemple"))}
        )

    for pin in (True, False):
        await refused(house, instead("directory", unsigned), "directory-unsigned", pin=pin)
        await refused(house, instead("directory", by_another), "directory-signature", pin=pin)
        await refused(house, instead("directory", changed), "directory-signature", pin=pin)


async def test_a_directory_of_another_organisation_is_refused_by_the_pin(house: House) -> None:
    other = other_organisation(house.day).directory
    await refused(house, instead("directory", other), "directory-pin")


async def test_a_directory_past_its_time_or_from_the_future(house: House) -> None:
    house.day += 366
    error = await refused(house, instead("", lambda data: data), "directory-expired")
    assert day_text(house.first_day + 365) in str(error)
    early = house.directory(issued=day_text(house.day + 3), expires=day_text(house.day + 30))
    await refused(house, instead("directory", early), "directory-clock")


@pytest.mark.parametrize(("off", "code"), [(-3, "clock-wrong"), (-2, ""), (2, ""), (3, "clock-wrong")])
async def test_a_clock_may_be_wrong_by_two_days(house: House, off: int, code: str) -> None:
    house.day += 20  # so that the directory is not from the future for a clock that is slow
    if code:
        await refused(house, instead("", lambda data: data), code, today=house.day + off)
    else:
        organisation = await house.organisation(today=house.day + off)
        # The week is the server's, so that its key is one that is served.
        assert organisation.day == house.day
        assert len(organisation.week_keys) == 6


async def test_a_directory_older_than_a_recipient_has_seen(house: House) -> None:
    _, old = replay("directory")
    await house.organisation(old)
    await house.publish(house.directory())
    assert (await house.organisation(old)).directory.version == 1  # nobody could know better yet
    await house.synced(ADVISERS[0])  # announces that version 2 was seen
    error = await refused(house, old, "directory-rolled-back")
    assert "It is version 1; seen: 2." in str(error)


async def test_a_directory_older_than_the_keyring_notes(house: House) -> None:
    _, old = replay("directory", "keys")
    await house.organisation(old)
    await house.publish(house.directory())
    await house.synced(ADVISERS[0])
    with pytest.raises(DrempelError, match="older directory"):
        await house.session(ADVISERS[0], old)
    assert not any(method == "PUT" or "mailboxes" in path for method, path in house.asked)


async def test_a_directory_older_than_the_receipt_notes(house: House) -> None:
    _, old = replay("directory", "keys")
    await house.organisation(old)
    await house.publish(house.directory())
    report = await house.report()
    assert (await house.visit(report)).thread.entries
    with pytest.raises(DrempelError, match="older directory"):
        await house.visit(report, old)


async def test_a_second_directory_of_the_same_version(house: House) -> None:
    twin = house.directory(name={"nl": "Dubbelganger"})
    await house.publish(house.directory())
    report = await house.report()
    change = instead("directory", twin)
    await house.organisation(change)
    with pytest.raises(DrempelError, match="does not follow"):
        await house.visit(report, change)
    await house.synced(ADVISERS[0])
    await refused(house, change, "directory-chain")
    with pytest.raises(DrempelError, match="does not follow"):
        await house.session(ADVISERS[0], change)


async def test_a_swapped_root_key_gets_nothing_of_a_receipt_or_access_code(house: House) -> None:
    report = await house.report()
    other = other_organisation(house.day)
    change = instead("directory", other.directory)
    with pytest.raises(DrempelError, match="belongs to another organisation"):
        await house.visit(report, change)
    # Without a pin the lie is believed, but all that the server is asked for comes from another salt.
    with pytest.raises(DrempelError, match="No report belongs"):
        await house.visit(report, change, pin=False)
    assert not any(b64(report.mailbox) in path for _, path in house.asked)


async def test_whoever_can_be_reached_is_told_before_anything_is_sealed(house: House) -> None:
    def without(*names: str) -> Change:
        def drop(data: bytes) -> bytes:
            value = parse_object(data)
            kept = [item for item in value["recipients"] if item["recipient"] not in names]
            return write_object({**value, "recipients": kept})

        return instead("keys", drop)

    organisation = await house.organisation(without(ADVISERS[1]))
    with pytest.raises(DrempelError) as caught:
        house.seal(organisation)
    assert caught.value.code == "recipient-unreachable"
    assert ADVISERS[1] in str(caught.value)
    assert ADVISERS[0] not in str(caught.value)
    assert house.seal(organisation, without=[ADVISERS[1]]).receipt
    assert house.seal(organisation, channel="integrity-committee").receipt, "another channel is not concerned"
    with pytest.raises(DrempelError) as caught:
        house.seal(organisation, without=["complaints-committee-1"])
    assert caught.value.code == "recipient-unreachable"

    organisation = await house.organisation(without(*ADVISERS))
    with pytest.raises(DrempelError) as caught:
        house.seal(organisation, without=ADVISERS)
    assert caught.value.code == "channel-closed"
    assert all(adviser in str(caught.value) for adviser in ADVISERS)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"key": None}, "statement-key"),
        ({"key": b64(bytes(1216))}, "statement-key"),
        ({"key": b64(b"short")}, "statement-key"),
        ({"key": "not base64url!"}, "statement-format"),
        ({"key": 5}, "statement-format"),
        ({"statement": None}, "statement-format"),
        ({"statement": {}}, "statement-format"),
    ],
)
async def test_a_key_that_its_recipient_did_not_announce_is_not_used(
    house: House, change: dict[str, object], why: str
) -> None:
    def tamper(data: bytes) -> bytes:
        value = parse_object(data)
        for item in value["recipients"]:
            if item["recipient"] == ADVISERS[0]:
                item.update(change)
        return write_object(value)

    organisation = await house.organisation(instead("keys", tamper))
    assert organisation.why_not == {ADVISERS[0]: why}
    assert ADVISERS[0] not in organisation.week_keys


async def test_a_statement_of_one_recipient_does_not_stand_for_another(house: House) -> None:
    def swap(data: bytes) -> bytes:
        value = parse_object(data)
        by_id = {item["recipient"]: item for item in value["recipients"]}
        for name, other in zip(ADVISERS, reversed(ADVISERS), strict=True):
            by_id[name]["recipient"] = other
        return write_object({**value, "recipients": list(by_id.values())})

    organisation = await house.organisation(instead("keys", swap))
    assert organisation.why_not == dict.fromkeys(ADVISERS, "statement-signature")


async def test_keys_that_have_run_out_close_a_channel_until_a_recipient_signs_in(house: House) -> None:
    house.day += 27 * 7
    organisation = await house.organisation()
    assert organisation.week_keys == {}
    assert set(organisation.why_not.values()) == {"statement-expired"}
    with pytest.raises(DrempelError) as caught:
        house.seal(organisation)
    assert caught.value.code == "channel-closed"
    assert "run out" in str(caught.value)
    assert "must sign in once" in str(caught.value)

    await house.synced(ADVISERS[1])
    organisation = await house.organisation()
    assert set(organisation.week_keys) == {ADVISERS[1]}
    report = await house.report(without=[ADVISERS[0]])
    session, found = await house.synced(ADVISERS[1])
    assert [row.mailbox for row in inbox.listed(session, found)] == [report.mailbox]
    # The other one signs in later: the report was not for those keys, and that is no fault.
    session, found = await house.synced(ADVISERS[0])
    assert inbox.listed(session, found) == []
    assert found.damaged == 0


async def test_a_host_that_is_not_a_service_at_all(house: House) -> None:
    async with Connection(house.connection().address, patience=0, transport=_Nobody()) as connection:
        with pytest.raises(DrempelError) as caught:
            await connection.request("GET", "directory")
    assert caught.value.code == "server-unreachable"
    assert HOST not in str(caught.value)


class _Nobody(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody is there", request=request)
