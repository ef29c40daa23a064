"""A directory or a set of keys that must not be used is refused before anything is sent (PROTOCOL 9.4, 10)."""

from typing import Any

import httpx
import pytest

from crypto.public.encoding import b64, day_text, parse_object, unb64, write_object
from crypto.public.errors import DrempelError
from crypto.secret.directory_sign import make_directory
from crypto.secret.primitives import os_random
from intake.client.connection import Connection
from intake.client.recipient import inbox
from tests.kit.organisation import HOST, Change, LocalOrganisation, answer, instead, other_organisation

ADVISERS = ["confidential-adviser-1", "confidential-adviser-2"]


async def refused(local: LocalOrganisation, change: Change, code: str, **options: Any) -> DrempelError:
    """The refusal of an organisation; nothing but the directory and the keys was asked for."""
    with pytest.raises(DrempelError) as caught:
        await local.organisation(change, **options)
    assert caught.value.code == code
    assert set(local.asked) <= {("GET", "directory"), ("GET", "keys")}
    return caught.value


def replay(*paths: str) -> tuple[dict[str, bytes], Change]:
    """A server that answers as it once did: what it says first is what it will always say."""
    kept: dict[str, bytes] = {}

    def change(method: str, below: str, true: httpx.Response) -> httpx.Response:
        if method == "GET" and below in paths:
            return answer(kept.setdefault(below, true.content))
        return true

    return kept, change


async def test_a_true_directory_and_its_keys_are_accepted(local: LocalOrganisation) -> None:
    organisation = await local.organisation()
    assert organisation.verified_by_link
    assert organisation.directory.organisation == local.id
    assert len(organisation.week_keys) == 6
    assert organisation.why_not == {}
    assert not (await local.organisation(pin=False)).verified_by_link


async def test_a_directory_without_signature_or_with_another(local: LocalOrganisation) -> None:
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
        await refused(local, instead("directory", unsigned), "directory-unsigned", pin=pin)
        await refused(local, instead("directory", by_another), "directory-signature", pin=pin)
        await refused(local, instead("directory", changed), "directory-signature", pin=pin)


async def test_a_directory_of_another_organisation_is_refused_by_the_pin(local: LocalOrganisation) -> None:
    other = other_organisation(local.day).directory
    await refused(local, instead("directory", other), "directory-pin")


async def test_a_directory_past_its_time_or_from_the_future(local: LocalOrganisation) -> None:
    local.day += 366
    error = await refused(local, instead("", lambda data: data), "directory-expired")
    assert day_text(local.first_day + 365) in str(error)
    early = local.directory(issued=day_text(local.day + 3), expires=day_text(local.day + 30))
    await refused(local, instead("directory", early), "directory-clock")


@pytest.mark.parametrize(("off", "code"), [(-3, "clock-wrong"), (-2, ""), (2, ""), (3, "clock-wrong")])
async def test_a_clock_may_be_wrong_by_two_days(local: LocalOrganisation, off: int, code: str) -> None:
    local.day += 20  # so that the directory is not from the future for a clock that is slow
    if code:
        await refused(local, instead("", lambda data: data), code, today=local.day + off)
    else:
        organisation = await local.organisation(today=local.day + off)
        # The week is the server's, so that its key is one that is served.
        assert organisation.day == local.day
        assert len(organisation.week_keys) == 6


async def test_a_directory_older_than_a_recipient_has_seen(local: LocalOrganisation) -> None:
    _, old = replay("directory")
    await local.organisation(old)
    await local.publish(local.directory())
    assert (await local.organisation(old)).directory.version == 1  # nobody could know better yet
    await local.synced(ADVISERS[0])  # announces that version 2 was seen
    error = await refused(local, old, "directory-rolled-back")
    assert "It is version 1; seen: 2." in str(error)


async def test_a_directory_older_than_the_keyring_notes(local: LocalOrganisation) -> None:
    _, old = replay("directory", "keys")
    await local.organisation(old)
    await local.publish(local.directory())
    await local.synced(ADVISERS[0])
    with pytest.raises(DrempelError, match="older directory"):
        await local.session(ADVISERS[0], old)
    assert not any(method == "PUT" or "mailboxes" in path for method, path in local.asked)


async def test_a_directory_older_than_the_receipt_notes(local: LocalOrganisation) -> None:
    _, old = replay("directory", "keys")
    await local.organisation(old)
    await local.publish(local.directory())
    report = await local.report()
    assert (await local.visit(report)).thread.entries
    with pytest.raises(DrempelError, match="older directory"):
        await local.visit(report, old)


async def test_a_second_directory_of_the_same_version(local: LocalOrganisation) -> None:
    twin = local.directory(name={"nl": "Dubbelganger"})
    await local.publish(local.directory())
    report = await local.report()
    change = instead("directory", twin)
    await local.organisation(change)
    with pytest.raises(DrempelError, match="does not follow"):
        await local.visit(report, change)
    await local.synced(ADVISERS[0])
    await refused(local, change, "directory-chain")
    with pytest.raises(DrempelError, match="does not follow"):
        await local.session(ADVISERS[0], change)


async def test_a_swapped_root_key_gets_nothing_of_a_receipt_or_access_code(local: LocalOrganisation) -> None:
    report = await local.report()
    other = other_organisation(local.day)
    change = instead("directory", other.directory)
    with pytest.raises(DrempelError, match="belongs to another organisation"):
        await local.visit(report, change)
    # Without a pin the lie is believed, but all that the server is asked for comes from another salt.
    with pytest.raises(DrempelError, match="No report belongs"):
        await local.visit(report, change, pin=False)
    assert not any(b64(report.mailbox) in path for _, path in local.asked)


async def test_whoever_can_be_reached_is_told_before_anything_is_sealed(local: LocalOrganisation) -> None:
    def without(*names: str) -> Change:
        def drop(data: bytes) -> bytes:
            value = parse_object(data)
            kept = [item for item in value["recipients"] if item["recipient"] not in names]
            return write_object({**value, "recipients": kept})

        return instead("keys", drop)

    organisation = await local.organisation(without(ADVISERS[1]))
    with pytest.raises(DrempelError) as caught:
        local.seal(organisation)
    assert caught.value.code == "recipient-unreachable"
    assert ADVISERS[1] in str(caught.value)
    assert ADVISERS[0] not in str(caught.value)
    assert local.seal(organisation, without=[ADVISERS[1]]).receipt
    assert local.seal(organisation, channel="integrity-committee").receipt, "another channel is not concerned"
    with pytest.raises(DrempelError) as caught:
        local.seal(organisation, without=["complaints-committee-1"])
    assert caught.value.code == "recipient-unreachable"

    organisation = await local.organisation(without(*ADVISERS))
    with pytest.raises(DrempelError) as caught:
        local.seal(organisation, without=ADVISERS)
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
    local: LocalOrganisation, change: dict[str, object], why: str
) -> None:
    def tamper(data: bytes) -> bytes:
        value = parse_object(data)
        for item in value["recipients"]:
            if item["recipient"] == ADVISERS[0]:
                item.update(change)
        return write_object(value)

    organisation = await local.organisation(instead("keys", tamper))
    assert organisation.why_not == {ADVISERS[0]: why}
    assert ADVISERS[0] not in organisation.week_keys


async def test_a_statement_of_one_recipient_does_not_stand_for_another(local: LocalOrganisation) -> None:
    def swap(data: bytes) -> bytes:
        value = parse_object(data)
        by_id = {item["recipient"]: item for item in value["recipients"]}
        for name, other in zip(ADVISERS, reversed(ADVISERS), strict=True):
            by_id[name]["recipient"] = other
        return write_object({**value, "recipients": list(by_id.values())})

    organisation = await local.organisation(instead("keys", swap))
    assert organisation.why_not == dict.fromkeys(ADVISERS, "statement-signature")


async def test_keys_that_have_run_out_close_a_channel_until_a_recipient_signs_in(
    local: LocalOrganisation,
) -> None:
    local.day += 27 * 7
    organisation = await local.organisation()
    assert organisation.week_keys == {}
    assert set(organisation.why_not.values()) == {"statement-expired"}
    with pytest.raises(DrempelError) as caught:
        local.seal(organisation)
    assert caught.value.code == "channel-closed"
    assert "run out" in str(caught.value)
    assert "must sign in once" in str(caught.value)

    await local.synced(ADVISERS[1])
    organisation = await local.organisation()
    assert set(organisation.week_keys) == {ADVISERS[1]}
    report = await local.report(without=[ADVISERS[0]])
    session, found = await local.synced(ADVISERS[1])
    assert [row.mailbox for row in inbox.listed(session, found)] == [report.mailbox]
    # The other one signs in later: the report was not for those keys, and that is no fault.
    session, found = await local.synced(ADVISERS[0])
    assert inbox.listed(session, found) == []
    assert found.damaged == 0


async def test_a_host_that_is_not_a_service_at_all(local: LocalOrganisation) -> None:
    async with Connection(local.connection().address, retry_for=0, transport=_Nobody()) as connection:
        with pytest.raises(DrempelError) as caught:
            await connection.request("GET", "directory")
    assert caught.value.code == "server-unreachable"
    assert HOST not in str(caught.value)


class _Nobody(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody is there", request=request)
