"""A real PostgreSQL server from the system's packages, for as long as a test needs it.

It runs as an unprivileged user, listens on a socket in its own folder and, where a test asks for it, on 127.0.0.1,
and ends with the process that started it, however that ends.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from tests.kit.serving import until

MISSING = "These tests need PostgreSQL, please install: postgresql (Debian: requirements/system.sh does it)"
LEFT_OUT = "DREMPEL_WITHOUT_POSTGRES"
WAS_LEFT_OUT = f"The tests of PostgreSQL were left out, since {LEFT_OUT} is 1."
# A small log, so that what it forgets is seen to be forgotten soon; and settings that docs/postgresql.md asks for.
SETTINGS = {
    "dynamic_shared_memory_type": "mmap",  # in its own folder, so that a killed one leaves none behind
    "log_error_verbosity": "terse",
    "max_wal_size": "64MB",
    "min_wal_size": "2MB",
    "shared_buffers": "16MB",
    "wal_recycle": "off",
}
ROOM = 1 << 30
VERSIONS = Path("/usr/lib/postgresql")  # of Debian


def is_left_out() -> bool:
    """Whether this run is to go without PostgreSQL."""
    return os.environ.get(LEFT_OUT) == "1"


class Cluster:
    """A server with its files in `folder`."""

    def __init__(self, folder: Path, segment_mib: int = 1) -> None:
        """Make the files, with a log in segments of that size; `start` starts it."""
        self.folder, self.data = folder, folder / "data"
        self._segment_mib = segment_mib
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        self._make()

    def _make(self) -> None:
        user = ("--auth=trust", "--username=drempel")
        form = ("--encoding=UTF8", "--locale=C", f"--wal-segsize={self._segment_mib}", "--data-checksums")
        self._tool("initdb", "--no-sync", *user, *form)

    def start(self, **settings: str) -> None:
        """Start it, and wait until it answers. It ends with the thread that calls this: call it from the main one."""
        given = {**SETTINGS, "listen_addresses": "", **settings}
        options = [f"-c{name}={value}" for name, value in given.items()]
        command = [_program("postgres"), "-D", str(self.data), "-k", str(self.folder), "-p", str(self.port)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*_as_user(), "--pdeathsig", "QUIT", *command, *options],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until(self._answers, "PostgreSQL does not start")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        try:
            psycopg.connect(self.url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """End it: in order, or by another signal, and wait until all of it is gone."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(60)
            self._process = None

    def is_up(self) -> bool:
        """Whether it goes on: after some faults it ends itself."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """That of the server's first process."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """Kill it and all its processes at once, as a power cut would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)  # so that it starts no more, and tells none to end in order
        until(lambda: _state(self.pid) == "T", "PostgreSQL does not stop")
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        self.stop(signal.SIGKILL)
        # The next start refuses while one of them is there.
        until(
            lambda: not any(is_running(int(child)) for child in children),
            "a server process lives on",
        )
        self._forget_memory()

    def _forget_memory(self) -> None:
        """Remove the piece of shared memory that a killed server has left, as a power cut would."""
        key_and_id = (self.data / "postmaster.pid").read_text().splitlines()[6]
        subprocess.run(["ipcrm", "--shmem-id", key_and_id.split()[1]], check=True)

    def url(self, database: str) -> str:
        """The address of a database by the socket."""
        return f"postgresql://drempel@/{database}?host={self.folder}&port={self.port}"

    def tcp_url(self, database: str, port: int | None = None) -> str:
        """The same by TCP, where it was started with `listen_addresses`."""
        return f"postgresql://drempel@127.0.0.1:{port or self.port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run a statement as the server's administrator, outside a transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as link:
            link.execute(statement.encode())

    def rows(self, query: str, database: str = "postgres") -> list[tuple]:
        """What a query of the server's administrator gives."""
        with psycopg.connect(self.url(database), autocommit=True) as link:
            return link.execute(query.encode()).fetchall()

    def dump(self, database: str) -> bytes:
        """What pg_dump makes of a database."""
        command = [*_as_user(), _program("pg_dump"), self.url(database)]
        return subprocess.run(command, capture_output=True, cwd="/", check=True).stdout

    def log(self) -> str:
        """What it has logged."""
        return (self.folder / "log").read_text("utf-8")

    def _tool(self, name: str, *arguments: str) -> None:
        run = subprocess.run(
            [*_as_user(), _program(name), "-D", str(self.data), *arguments],
            capture_output=True,
            cwd="/",
            check=False,
        )
        assert run.returncode == 0, run.stderr.decode()


def is_running(pid: int) -> bool:
    """Whether a process goes on. One that has ended has its number until somebody waits for it, maybe nobody."""
    return _state(pid) not in ("Z", "X")


def _state(pid: int) -> str:
    """The kernel's letter for what a process does; X: there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _as_user() -> list[str]:
    user = ["--reuid", "postgres", "--regid", "postgres", "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *user]


def _program(name: str) -> str:
    """The newest version's program. Fails with what to install."""
    found = sorted(VERSIONS.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    assert found, MISSING
    return str(found[-1])


@contextmanager
def folder(*, on_disk: bool = False) -> Iterator[Path]:
    """A folder for a server that is gone in the end; in memory, unless it must be `on_disk`, since disks are slow."""
    memory = Path("/dev/shm")
    in_memory = not on_disk and memory.is_dir() and shutil.disk_usage(memory).free > ROOM
    # Not in pytest's folder, which the server's user could not enter; and a socket's path must be short.
    where = memory if in_memory else None
    with tempfile.TemporaryDirectory(prefix="drempel-pg-", dir=where, ignore_cleanup_errors=True) as made:
        yield Path(made)


@contextmanager
def running(*, on_disk: bool = False, segment_mib: int = 1, **settings: str) -> Iterator[Cluster]:
    """A server of its own that is gone in the end."""
    with folder(on_disk=on_disk) as made:
        cluster = Cluster(made, segment_mib)
        try:
            cluster.start(**settings)
            yield cluster
        finally:
            cluster.stop()
