"""The process: it ends when told, with status 0, and tells nobody who came."""

import asyncio
import re
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from starlette.applications import Starlette

from intake.service.http.server import bind
from intake.service.settings import Settings
from intake.store import create_store, open_store
from tests.service.kit.failing_store import FailingStore
from tests.service.kit.opaque_organisation import OpaqueOrganisation
from tests.service.kit.raw_http import exchange, live, request

SCRIPT = """
import sys
from pathlib import Path
from intake.service.runner import serve
serve(Path(sys.argv[1]), listening=lambda address: print(address.port, flush=True))
"""


# Lets the writer of the store meet a lack of memory at every write, from the first report on.
FAILING = """
from intake.store.sqlite import batch
def attempt(connection, operation, attempt=batch._attempt):
    outcome = attempt(connection, operation)
    if connection.execute("SELECT count(*) FROM mailbox").fetchone()[0]:
        raise MemoryError("a secret")
    return outcome
batch._attempt = attempt
"""


async def start(
    folder: Path, world: OpaqueOrganisation, files: int | None = None, before: str = ""
) -> tuple[asyncio.subprocess.Process, int]:
    """The service in a process of its own, and its port.

    `files` is how many it may have open, `before` what is done there first.
    """
    store = await create_store(folder)
    await world.settle_in(store)
    await store.close()
    process = await asyncio.create_subprocess_exec(
        *(["prlimit", f"--nofile={files}:{files}"] if files else []),
        sys.executable,
        "-c",
        before + SCRIPT,
        folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    return process, int(await process.stdout.readline())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_stops_when_told_and_says_nothing_of_its_clients(
    tmp_path: Path, world: OpaqueOrganisation, number: signal.Signals
) -> None:
    process, port = await start(tmp_path / "data", world)
    address, box = ("127.0.0.1", port), world.box_now()
    path = f"/{world.slug}/api/1/{box.opening_path}"
    asked = [
        request("PUT", path, box.creation + box.opening),
        request("GET", f"/{world.slug}/"),
        request("GET", f"/{world.slug}/", Connection="Upgrade", Upgrade="websocket"),
        b"no request at all\r\n\r\n",
    ]
    seen = [(await exchange(address, data)).status for data in asked]
    _, writer = await asyncio.open_connection(*address)
    writer.write(request("PUT", path, bytes(1000))[:-1])
    writer.close()
    await writer.wait_closed()
    process.send_signal(number)
    printed, complained = await process.communicate()
    assert seen == [204, 200, 200, 400]
    assert process.returncode == 0
    assert printed == b""
    assert complained.decode().splitlines() == ["The service has started.", "The service has stopped."]


async def test_what_was_confirmed_is_there_after_a_restart(tmp_path: Path, world: OpaqueOrganisation) -> None:
    process, port = await start(tmp_path / "data", world)
    box = world.box_now()
    put = request("PUT", f"/{world.slug}/api/1/{box.opening_path}", box.creation + box.opening)
    assert (await exchange(("127.0.0.1", port), put)).status == 204
    process.kill()
    await process.communicate()
    store = await open_store(tmp_path / "data")
    assert await store.mailbox(world.organisation, box.id) is not None
    await store.close()


async def test_a_fault_prints_nothing_of_its_own(
    store: FailingStore, app: Starlette, world: OpaqueOrganisation, capfd: pytest.CaptureFixture[str]
) -> None:
    store.failures["directory"] = ValueError("a secret")
    async with live(app, Settings()) as address:
        raw = await exchange(address, request("GET", f"/{world.slug}/api/1/directory"))
    assert raw.status == 500
    printed = capfd.readouterr()
    assert not re.search(r"secret|127\.0\.0\.1|Traceback", printed.out + printed.err)


async def test_an_address_in_use_is_an_error_at_once() -> None:
    with bind("127.0.0.1", 0) as first, pytest.raises(OSError, match="in use"):
        bind("127.0.0.1", first.getsockname()[1])


def test_an_address_with_colons_is_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []  # not every machine has IPv6
    monkeypatch.setattr(
        socket, "create_server", lambda address, **more: asked.append((address, more["family"]))
    )
    bind("::1", 8000)
    bind("127.0.0.1", 8000)
    assert asked == [(("::1", 8000), socket.AF_INET6), (("127.0.0.1", 8000), socket.AF_INET)]


async def test_a_store_that_has_failed_for_good_ends_it_with_an_error(
    tmp_path: Path, world: OpaqueOrganisation
) -> None:
    process, port = await start(tmp_path / "data", world, before=FAILING)
    box = world.box_now()
    put = request("PUT", f"/{world.slug}/api/1/{box.opening_path}", box.creation + box.opening)
    for _ in range(2):
        with suppress(OSError, IndexError):  # at its end it may hang up
            assert (await exchange(("127.0.0.1", port), put)).status == 503
    _, complained = await asyncio.wait_for(process.communicate(), 60)
    lines = complained.decode().splitlines()
    assert lines[0] == "The service has started."
    assert re.fullmatch(r"A fault of the service: MemoryError .*", lines[1])
    assert "It failed twice: the service ends." in lines[-1]
    assert "a secret" not in complained.decode()
    assert process.returncode == 1
