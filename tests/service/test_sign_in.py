"""PROTOCOL 12.7: short-lived, bound to one organisation, and silent about who exists."""

import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from crypto.public import signatures
from crypto.public.encoding import b64, day_text, unb64
from intake.service.app import create_app
from intake.service.settings import Settings
from intake.store import open_store
from tests.service.kit.failing_store import FailingStore
from tests.service.kit.opaque_organisation import TODAY, Clocks, OpaqueOrganisation, code, shape


async def challenge(client: httpx.AsyncClient) -> bytes:
    response = await client.post("sign-in/challenge")
    assert response.status_code == 200
    return unb64(response.json()["challenge"])


async def test_the_login_key_opens_a_session(client: httpx.AsyncClient, world: OpaqueOrganisation) -> None:
    response = await client.post("sign-in", json=world.login(await challenge(client)))
    assert response.status_code == 200
    answer = response.json()
    assert (answer["recipient"], answer["day"]) == ("ada", day_text(TODAY))
    headers = {"Authorization": f"Bearer {answer['token']}"}
    assert (await client.get("inbox/days", headers=headers)).status_code == 200


async def test_unknown_key_and_wrong_signature_look_alike(
    client: httpx.AsyncClient, world: OpaqueOrganisation, store: FailingStore
) -> None:
    good = world.login(await challenge(client))
    stranger = world.login(unb64(good["challenge"]), os.urandom(32))
    seen, calls = [], []
    for body in (stranger, {**good, "signature": stranger["signature"]}, {**good, "signature": "A" * 86}):
        store.calls.clear()
        response = await client.post("sign-in", json=body)
        assert (response.status_code, code(response)) == (401, "access-unknown")
        seen.append(shape(response))
        calls.append(list(store.calls))
    assert seen[0] == seen[1] == seen[2]
    assert calls[0] == calls[1] == calls[2]


async def test_a_signature_for_another_purpose_opens_nothing(
    client: httpx.AsyncClient, world: OpaqueOrganisation
) -> None:
    body = world.login(await challenge(client))
    signed = world.organisation + unb64(body["challenge"])
    body["signature"] = b64(signatures.sign(world.login_seed, signatures.MESSAGE, signed))
    assert code(await client.post("sign-in", json=body)) == "access-unknown"


@pytest.mark.parametrize(("seconds", "status"), [(0, 200), (300, 200), (419, 401)])
async def test_a_challenge_is_good_for_five_minutes(
    client: httpx.AsyncClient, world: OpaqueOrganisation, clocks: Clocks, seconds: int, status: int
) -> None:
    body = world.login(await challenge(client))
    clocks.seconds += seconds
    response = await client.post("sign-in", json=body)
    assert response.status_code == status
    assert status == 200 or code(response) == "sign-in-again"


@pytest.mark.parametrize(("seconds", "status"), [(1799, 200), (1860, 401)])
async def test_a_session_ends_after_half_an_hour(
    client: httpx.AsyncClient, session: dict[str, str], clocks: Clocks, seconds: int, status: int
) -> None:
    clocks.seconds += seconds
    response = await client.get("inbox/days", headers=session)
    assert response.status_code == status
    assert status == 200 or code(response) == "sign-in-again"


@pytest.mark.parametrize(
    "damage",
    [
        lambda token: token[:-1] + bytes([token[-1] ^ 1]),
        lambda token: bytes([token[0] ^ 1]) + token[1:],
        lambda token: token[:4] + b"bob" + token[7:],
        lambda token: token[:-33] + token[-32:],
        lambda token: b"",
        lambda token: os.urandom(len(token)),
    ],
)
async def test_a_forged_session_is_none(
    client: httpx.AsyncClient, session: dict[str, str], damage: Callable[[bytes], bytes]
) -> None:
    token = unb64(session["Authorization"].removeprefix("Bearer "))
    forged = {"Authorization": f"Bearer {b64(damage(token))}"}
    response = await client.get("inbox/days", headers=forged)
    assert (response.status_code, code(response)) == (401, "sign-in-again")
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "inbox/mailboxes"),
        ("GET", "inbox/days"),
        ("GET", f"inbox/days/{day_text(TODAY)}"),
        ("GET", f"inbox/days/{day_text(TODAY)}/ids"),
        ("POST", f"inbox/days/{day_text(TODAY)}"),
        ("GET", "inbox/keyring"),
        ("PUT", "inbox/keyring"),
        ("PUT", "inbox/statement"),
    ],
)
async def test_the_inbox_is_closed_without_a_session_of_this_organisation(
    client: httpx.AsyncClient, store: FailingStore, session: dict[str, str], method: str, path: str
) -> None:
    other = OpaqueOrganisation("waterschap")
    await other.settle_in(store)
    challenge_as_token = {"Authorization": f"Bearer {b64(await challenge(client))}"}
    for base, headers in [("", {}), (other.base, session), ("", challenge_as_token)]:
        response = await client.request(method, base + path, headers=headers)
        assert (response.status_code, code(response)) == (401, "sign-in-again")


async def test_a_challenge_of_another_organisation_is_none(
    client: httpx.AsyncClient, world: OpaqueOrganisation, store: FailingStore
) -> None:
    other = OpaqueOrganisation("waterschap")
    await other.settle_in(store)
    issued = await client.post(f"{other.base}sign-in/challenge")
    response = await client.post("sign-in", json=world.login(unb64(issued.json()["challenge"])))
    assert (response.status_code, code(response)) == (401, "sign-in-again")


async def test_a_restart_ends_all_sessions(
    tmp_path: Path, world: OpaqueOrganisation, store: FailingStore, session: dict[str, str], clocks: Clocks
) -> None:
    await store.close()
    again = await open_store(tmp_path / "data")
    restarted = create_app(again, Settings(), today=lambda: clocks.day, clock=lambda: clocks.seconds)
    transport = httpx.ASGITransport(restarted)
    async with (
        restarted.router.lifespan_context(restarted),
        httpx.AsyncClient(transport=transport, base_url=world.base) as client,
    ):
        response = await client.get("inbox/days", headers=session)
    assert (response.status_code, code(response)) == (401, "sign-in-again")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"login_key":1,"challenge":"","signature":""}',
        b'{"login_key":"AA","challenge":"AA","signature":"AA"}',
        b"[" * 60_000,
        b"\xff\xfe",
    ],
)
async def test_a_malformed_sign_in_is_named_so(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post("sign-in", content=body)
    assert (response.status_code, code(response)) == (400, "request-malformed")


async def test_a_sign_in_has_a_largest_size(client: httpx.AsyncClient) -> None:
    response = await client.post("sign-in", content=bytes(64 * 1024 + 1))
    assert (response.status_code, code(response)) == (413, "body-too-large")
