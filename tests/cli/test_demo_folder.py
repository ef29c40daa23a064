"""A demonstration is whole or not there, its codes are never lost, and without a folder nothing of it stays."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from crypto.public.encoding import utc_day
from crypto.secret.primitives import os_random
from intake.cli.operator import demo_folder
from intake.cli.operator.demo_organisation import PLAN
from intake.cli.shared.output import Refused
from intake.client.custodian.found import Founded, found
from intake.store import StoreExists
from tests.cli.test_streams import in_shell
from tests.kit.serving import DREMPEL, LONGEST, Server, demo_in, environment, until

WHOLE = ["chunks.data", "demo-codes.json", "lock", "store.sqlite"]


def plan() -> Founded:
    return found(PLAN, utc_day(), os_random)


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def begun(folder: Path) -> Server:
    """A demonstration without a folder of its own, whose temporary folder lies in `folder`."""
    place = folder / "temporary"
    place.mkdir()
    server = Server(["demo", "--port", "0", "--json"], folder / "logs", {"TMPDIR": str(place)})
    assert (next(place.iterdir()) / "demo-codes.json").exists()
    return server


@pytest.mark.parametrize(
    "number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGKILL, signal.SIGQUIT]
)
def test_nothing_of_it_stays_whatever_ends_it(tmp_path: Path, number: int) -> None:
    server = begun(tmp_path)
    server.process.send_signal(number)
    server.process.wait(LONGEST)
    until(lambda: left(tmp_path / "temporary") == [], "its folder is still there")


def test_nothing_of_it_stays_when_its_terminal_is_closed_and_its_shell_is_killed(tmp_path: Path) -> None:
    command = f'TMPDIR="{tmp_path}" "{DREMPEL}" demo --port 0 --json & echo $! >"{tmp_path}/../pid"; wait'
    ours, theirs = os.openpty()
    shell = subprocess.Popen(
        ["/bin/sh", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env=environment(),
        start_new_session=True,
    )
    try:
        with os.fdopen(ours, "rb", buffering=0, closefd=False) as screen:
            assert json.loads(screen.readline())["url"]
        shell.kill()
        shell.wait(LONGEST)
        os.close(theirs)
        os.close(ours)
        os.kill(int((tmp_path / ".." / "pid").read_text()), signal.SIGHUP)
        until(lambda: left(tmp_path) == [], "its folder is still there")
    finally:
        shell.kill()
        shell.wait(LONGEST)


def test_codes_that_cannot_be_shown_are_not_lost(tmp_path: Path) -> None:
    refusal = in_shell(f'"$0" demo --port 0 --data {tmp_path}/data >/dev/full')
    assert refusal.status == 1
    assert "No space left on device" in refusal.err
    assert "start it again to see them" in refusal.err
    assert "Traceback" not in refusal.err
    codes = json.loads((tmp_path / "data" / "demo-codes.json").read_bytes())
    with demo_in(tmp_path) as demo:
        assert demo.codes["custodian_code"] == codes["custodian_code"]
        assert demo.report("A report.").json


def test_without_a_folder_it_says_to_start_again_and_leaves_none(tmp_path: Path) -> None:
    refusal = in_shell('"$0" demo --port 0 >/dev/full', TMPDIR=str(tmp_path))
    assert refusal.status == 1
    assert "Nothing of it is kept: start it again." in refusal.err
    assert left(tmp_path) == []
    # Whoever read it has gone.
    closed = in_shell('"$0" demo --port 0 2>&1 >&3 3>&- | cat', TMPDIR=str(tmp_path))
    assert "Traceback" not in closed.out


@pytest.mark.parametrize("step", ["_write", "_create"])
def test_a_start_that_fails_leaves_nothing_and_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(demo_folder, step, fail)
        with pytest.raises(OSError, match="No space"):
            demo_folder.codes_in(tmp_path / "data", plan)
    assert left(tmp_path / "data") == []
    codes = demo_folder.codes_in(tmp_path / "data", plan)
    assert demo_folder.codes_in(tmp_path / "data", plan) == codes
    assert left(tmp_path / "data") == WHOLE


@pytest.mark.parametrize("step", ["_create", "rename"])
def test_a_start_that_is_killed_is_begun_anew_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """In the making, and when all is made but its name."""
    child = os.fork()
    if child == 0:

        def killed(*_: Any) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        place: Any = Path if step == "rename" else demo_folder
        monkeypatch.setattr(place, step, killed)
        demo_folder.codes_in(tmp_path / "data", plan)
    os.waitpid(child, 0)
    assert "demo-codes.json.part" in left(tmp_path / "data")
    codes = demo_folder.codes_in(tmp_path / "data", plan)
    assert demo_folder.codes_in(tmp_path / "data", plan) == codes
    assert left(tmp_path / "data") == WHOLE


def test_a_store_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    demo_folder.codes_in(tmp_path, plan)
    (tmp_path / "demo-codes.json").unlink()
    before = (tmp_path / "store.sqlite").read_bytes()
    with pytest.raises(StoreExists):
        demo_folder.codes_in(tmp_path, plan)
    assert (tmp_path / "store.sqlite").read_bytes() == before
    assert left(tmp_path) == WHOLE[:1] + WHOLE[2:]


def test_codes_that_are_damaged_are_named(tmp_path: Path) -> None:
    (tmp_path / "demo-codes.json").write_text("{")
    with pytest.raises(Refused, match=r"demo-codes\.json is damaged"):
        demo_folder.codes_in(tmp_path, plan)
