"""`drempel doctor`, beside a running service and without one."""

import asyncio
from pathlib import Path

import pytest

from crypto.public.encoding import utc_day
from intake.store import Clock, open_store
from tests.kit.serving import Demo, drempel

NAMES = ["clock", "writing", "room", "files of demo"]
NEWER = 800  # days


@pytest.fixture
def doubted(own_demo: Demo) -> Demo:
    """A demo that was stopped, with a clock that has jumped by years since its last round."""

    async def turn_back() -> None:
        store = await open_store(own_demo.data)
        await store.keep_clock(Clock(utc_day() - NEWER))
        await store.close()

    own_demo.stop()
    asyncio.run(turn_back())
    return own_demo


def test_beside_a_running_service_all_is_well(demo: Demo) -> None:
    ran = drempel("doctor", "--data", str(demo.data))
    assert (ran.status, ran.err) == (0, "")
    starts = [f"ok    {name}: " for name in NAMES]
    assert all(line.startswith(start) for line, start in zip(ran.out.splitlines(), starts, strict=True))
    checks = drempel("doctor", "--data", str(demo.data), "--json").json["checks"]
    assert [(check["name"], check["ok"]) for check in checks] == [(name, True) for name in NAMES]


def test_without_one_too(own_demo: Demo) -> None:
    own_demo.stop()
    ran = drempel("doctor", "--data", str(own_demo.data), "--accept-clock")
    assert ran.status == 0
    assert ran.out.count("ok ") == len(NAMES)


@pytest.mark.parametrize("running", [False, True])
def test_a_doubted_clock_is_told_of_and_accepted_by_the_operator_alone(doubted: Demo, running: bool) -> None:
    if running:
        doubted.start()
    data = ("--data", str(doubted.data))
    ran = drempel("doctor", *data)
    assert ran.status == 1
    assert ran.out.startswith("WRONG clock: The clock shows ")
    assert "this has expired: mailboxes 0, files without a message 0." in ran.out
    refused = drempel("doctor", *data, "--accept-clock", stdin=b"n\n")
    assert refused.status == 1
    assert "Nothing was changed." in refused.err
    assert drempel("doctor", *data).status == 1
    accepted = drempel("doctor", *data, "--accept-clock", "--yes", "--json")
    assert accepted.status == 0
    assert all(check["ok"] for check in accepted.json["checks"])
    assert drempel("doctor", *data).status == 0


def test_what_is_no_data_folder_is_refused_in_words(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        ran = drempel("doctor", "--data", str(folder))
        assert ran.status == 1
        assert "This folder holds no store" in ran.err
        assert not list(tmp_path.iterdir())
