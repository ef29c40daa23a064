"""`drempel serve --workers N`: several processes on one database and one port, which start, fail and stop as one."""

import os
import signal
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.kit.postgres import Cluster, is_running
from tests.kit.serving import Demo, Server, demo_in, drempel, until
from tests.store.kit.backends import Database

pytestmark = pytest.mark.postgres

WORKERS = 2


@pytest.fixture(scope="module")
def database(cluster: Cluster) -> Iterator[Database]:
    """One for the file: the last test empties it."""
    made = Database(cluster, "workers")
    yield made
    made.drop()


@pytest.fixture(scope="module")
def demo(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """An organisation in a database, which nothing serves now."""
    with demo_in(tmp_path_factory.mktemp("demo"), "--store", database.url) as made:
        made.stop()
        yield made


@pytest.fixture(scope="module")
def options(demo: Demo, database: Database) -> list[str]:
    where = ["--store", database.url, "--data", str(demo.data)]
    return ["serve", *where, "--port", "0", "--workers", str(WORKERS)]


@pytest.fixture
def server(demo: Demo, options: list[str]) -> Iterator[Server]:
    serving = Server(options, demo.logs / "workers")
    yield serving
    if serving.process.poll() is None:
        serving.stop()


def workers(server: Server) -> list[int]:
    pid = server.process.pid
    with suppress(FileNotFoundError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def port(server: Server) -> int:
    return int(server.first_line.rstrip("/").rpartition(":")[2])


def listening(server: Server) -> int:
    """How many sockets listen on its port."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(f":{port(server):04X}") and row[3] == "0A" for row in rows)


def serve_demo(demo: Demo, server: Server) -> None:
    """Let the demonstration's commands speak to this server."""
    demo.codes["url"] = f"http://127.0.0.1:{port(server)}/{demo.url.rstrip('/').rpartition('/')[2]}/"


def test_they_serve_one_port_together(demo: Demo, server: Server, options: list[str]) -> None:
    assert (len(workers(server)), listening(server)) == (WORKERS, WORKERS)
    serve_demo(demo, server)
    receipt = demo.report("A report.").json["receipt"]
    recipient = next(name for name in demo.access_codes if name.startswith("confidential-adviser"))
    for _ in range(4):  # each command has connections of its own, and a session that any of them takes
        assert len(demo.inbox(recipient, "list").json["conversations"]) == 1
        assert demo.receipt(receipt, "read").json["messages"]
    assert drempel("doctor", *options[1:5]).status == 0  # the running service answers
    drempel(*options).refused("Another instance")
    elsewhere = [*options[:4], str(demo.data.parent / "other"), "--port", str(port(server)), "--workers", "2"]
    drempel(*elsewhere).refused("in use")
    drempel(*elsewhere[:-2]).refused("in use")
    before = workers(server)
    server.stop()
    assert not any(is_running(pid) for pid in before)
    assert server.err.splitlines() == ["The service has started.", "The service has stopped."]


def test_one_that_ends_is_started_again_and_two_end_the_service(demo: Demo, server: Server) -> None:
    serve_demo(demo, server)
    first = workers(server)
    os.kill(first[0], signal.SIGKILL)
    until(lambda: len(workers(server)) == WORKERS and first[0] not in workers(server), "no new worker")
    until(lambda: listening(server) == WORKERS, "it does not listen")
    demo.report("A report.")
    assert server.err.splitlines() == [
        "The service has started.",
        "A worker has ended, and is started again.",
    ]
    seen = set(workers(server))

    def ended() -> bool:
        """Kill one more, until that was too many: on a slow machine the second may come after more than a minute."""
        for pid in workers(server)[-1:]:
            seen.add(pid)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return server.process.poll() is not None

    until(ended, "it goes on")
    assert server.process.returncode == 1
    assert server.err.splitlines()[-1] == "Two workers have ended within a minute. The lines before say why."
    until(lambda: not any(is_running(pid) for pid in seen), "a worker lives on")


def test_they_end_if_the_one_that_started_them_is_killed(server: Server) -> None:
    before = workers(server)
    server.kill()
    until(lambda: not any(is_running(pid) for pid in before), "a worker lives on")


def test_systemd_is_told_by_the_process_that_it_knows(demo: Demo, options: list[str], tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listened:
        listened.bind(str(tmp_path / "notify"))
        listened.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        listened.settimeout(60)
        server = Server(
            options, demo.logs / "notified", variables={"NOTIFY_SOCKET": str(tmp_path / "notify")}
        )
        told: list[bytes] = []
        while len(told) < 2:
            state, [(_, _, sender)], *_ = listened.recvmsg(64, socket.CMSG_SPACE(12))
            assert struct.unpack("3i", sender)[0] == server.process.pid
            told.append(state)
        assert told == [b"READY=1", b"WATCHDOG=1"]
        server.stop()
        while told[-1] == b"WATCHDOG=1":
            told.append(listened.recv(64))
        assert told[-1] == b"STOPPING=1"


def test_what_is_wrong_is_told_before_any_starts(demo: Demo, options: list[str], database: Database) -> None:
    drempel("serve", "--data", str(demo.data), "--workers", "2").misused("leave out --workers")
    drempel(*options[:-1], "0").misused("--workers")
    database.clear()
    drempel(*options).refused("no store")
