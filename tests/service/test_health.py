"""The address that tells whether the service works, and the silence of a store that does not."""

import asyncio
import os
import socket
import time
from pathlib import Path

import httpx
import pytest

from intake.service.jobs.heartbeat import Heartbeat
from intake.service.jobs.notify import notify
from intake.store import StoreUnavailable
from tests.service.kit.failing_store import FailingStore
from tests.service.kit.opaque_organisation import Clocks, code

HEALTH = "http://drempel.test/health"


async def test_it_tells_of_a_commit_in_the_last_minute(
    client: httpx.AsyncClient, clocks: Clocks, store: FailingStore
) -> None:
    answer = await client.get(HEALTH)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert (await client.head(HEALTH)).status_code == 200
    clocks.seconds += 61
    refused = await client.get(HEALTH)
    assert (refused.status_code, code(refused)) == (503, "server-unavailable")


async def test_asking_writes_nothing(client: httpx.AsyncClient, store: FailingStore) -> None:
    await asyncio.wait_for(store.done["heartbeat"].wait(), 30)  # the first, at the start
    store.done["heartbeat"].clear()
    store.calls.clear()
    for _ in range(5):
        await client.get(HEALTH)
    assert store.calls == []
    assert not store.done["heartbeat"].is_set()


async def test_a_beat_that_fails_is_no_sign_of_life(store: FailingStore) -> None:
    clocks = Clocks()
    heartbeat = Heartbeat(store, lambda: clocks.seconds, 60)
    clocks.seconds = 50
    await heartbeat.beat()
    clocks.seconds = 100
    assert heartbeat.is_alive()
    store.failures["heartbeat"] = StoreUnavailable()
    await heartbeat.beat()
    clocks.seconds = 111
    assert not heartbeat.is_alive()
    del store.failures["heartbeat"]
    await heartbeat.beat()
    assert heartbeat.is_alive()


@pytest.mark.parametrize("abstract", [False, True])
async def test_systemd_is_told_of_each_beat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: FailingStore, abstract: bool
) -> None:
    name = f"drempel-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + name if abstract else name)
        systemd.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name if abstract else name)
        await Heartbeat(store, time.monotonic, 60).beat()
        assert systemd.recv(100) == b"WATCHDOG=1"


def test_nobody_has_to_listen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    notify("READY=1")
