"""Runs the real commands as processes: a server whose output is kept, and a `drempel` per client command."""

import json
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.kit import commands
from tests.kit.inherited import environment as environment

DREMPEL = str(Path(sys.executable).with_name("drempel"))
LONGEST = 180.0  # seconds: far beyond what anything here takes, however slow the disk is, so that a hang ends


def until(true: Callable[[], bool], what: str) -> None:
    """Poll until `true`; AssertionError if it never is."""
    end = time.monotonic() + LONGEST
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.02)


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one document that a successful command printed, and nothing else."""
        assert self.status == 0, self.err
        assert self.out.count("\n") == 1, "more than one line on standard output"
        assert self.out.endswith("\n")
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value

    def refused(self, word: str, *secrets: str) -> str:
        """The standard error of a refusal, which must be as the command line promises, and contain `word`."""
        assert self.status == 1, f"{self.status}: {self.err}"
        assert self.out == ""
        assert 1 <= len(self.err.splitlines()) <= 2, self.err
        assert "Traceback" not in self.err
        assert word in self.err, self.err
        for secret in secrets:
            assert secret not in self.err
        return self.err

    def misused(self, word: str) -> str:
        """The standard error of a usage error, which must contain `word`."""
        assert self.status == 2, f"{self.status}: {self.err}"
        assert self.out == ""
        assert 1 <= len(self.err.splitlines()) <= 2, self.err
        assert word in self.err, self.err
        return self.err


def drempel(*arguments: str, stdin: bytes | None = None, **variables: str) -> Ran:
    """Run `drempel` to its end; without `stdin`, its standard input is empty and no terminal."""
    # Python reads these when it starts, which a forked command does not.
    run = started if any(name.startswith(("LC_", "LANG", "PYTHON")) for name in variables) else commands.run
    status, out, err = run(arguments, stdin or b"", environment(**variables), LONGEST)
    return Ran(status, out.decode("utf-8"), err.decode("utf-8"))


def started(
    command: Sequence[str], stdin: bytes, env: Mapping[str, str], timeout: float
) -> tuple[int, bytes, bytes]:
    """Run `drempel` as commands.run does, but from its very start."""
    done = subprocess.run(
        [DREMPEL, *command], input=stdin, capture_output=True, env=env, timeout=timeout, check=False
    )
    return done.returncode, done.stdout, done.stderr


@dataclass
class Server:
    """A server process. What it prints goes to `logs`, which lies outside of its data folder."""

    command: Sequence[str]
    logs: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    file_limit: int | None = (
        None  # bytes that a file may have: what a full disk looks like to anyone but root
    )
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.logs.mkdir(exist_ok=True)
        with self._file("out").open("wb") as out, self._file("err").open("wb") as err:
            self.process = subprocess.Popen(
                [DREMPEL, *self.command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=environment(**self.variables),
            )
        if self.file_limit is not None:
            self.limit_files(self.file_limit)
        until(lambda: "\n" in self.out or self.process.poll() is not None, "the server does not listen")
        assert self.process.poll() is None, self.err

    def _file(self, name: str) -> Path:
        return self.logs / name

    def limit_files(self, size: int) -> None:
        """Let no file of the process grow beyond `size` bytes from now on; -1 lifts it."""
        hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, hard))

    @property
    def out(self) -> str:
        """All output so far."""
        return self._file("out").read_text("utf-8")

    @property
    def err(self) -> str:
        """All of standard error so far."""
        return self._file("err").read_text("utf-8")

    @property
    def first_line(self) -> str:
        """The line that it printed when it listened."""
        return self.out.partition("\n")[0]

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it as an operator does; it must end with status 0."""
        self.process.send_signal(number)
        assert self.process.wait(LONGEST) == 0, self.err

    def kill(self) -> None:
        """End it without a word, if it is still there."""
        self.process.kill()
        self.process.wait(LONGEST)


@dataclass
class Demo:
    """`drempel demo` on a data folder, and the commands of all roles against it."""

    data: Path
    logs: Path
    store: Sequence[str] = ()  # options that say where the store is, if not in the data folder
    server: Server = field(init=False)
    codes: dict[str, Any] = field(init=False)
    starts: int = 0

    def __post_init__(self) -> None:
        self.logs.mkdir(exist_ok=True)
        self.start()

    def start(self, **options: Any) -> None:
        """Start it, again or for the first time."""
        self.starts += 1
        command = ["demo", "--port", "0", "--data", str(self.data), "--json", *self.store]
        self.server = Server(command, self.logs / str(self.starts), **options)
        self.codes = json.loads(self.server.first_line)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Stop it."""
        self.server.stop(number)

    @property
    def url(self) -> str:
        """Its address, without the fingerprint."""
        return str(self.codes["url"])

    @property
    def pinned(self) -> str:
        """Its address as on a poster."""
        return f"{self.url}#{self.codes['fingerprint']}"

    @property
    def access_codes(self) -> dict[str, str]:
        """By recipient."""
        return {
            item["id"]: item["access_code"]
            for channel in self.codes["channels"]
            for item in channel["recipients"]
        }

    def report(self, text: str | bytes, *options: str, channel: str = "confidential-adviser") -> Ran:
        """`drempel report --json`, the text from standard input."""
        sent = text if isinstance(text, bytes) else text.encode("utf-8")
        fixed = ("--server", self.pinned, "--channel", channel, "--message-file", "-", "--json")
        return drempel("report", *fixed, *options, stdin=sent)

    def receipt(self, code: str, what: str, *options: str, text: str | None = None) -> Ran:
        """`drempel receipt read|write|delete --json`; the receipt comes from the environment."""
        return self._client(("receipt", what), options, text, DREMPEL_RECEIPT=code)

    def inbox(self, recipient: str, what: str, *options: str, text: str | None = None) -> Ran:
        """`drempel inbox list|show|reply --json` of a recipient."""
        code = self.access_codes[recipient]
        return self._client(("inbox", what), options, text, DREMPEL_ACCESS_CODE=code)

    def _client(
        self, command: Sequence[str], options: Sequence[str], text: str | None, **variables: str
    ) -> Ran:
        message = () if text is None else ("--message-file", "-")
        stdin = None if text is None else text.encode("utf-8")
        fixed = ("--server", self.pinned, "--json", *message)
        return drempel(*command, *fixed, *options, stdin=stdin, **variables)


@contextmanager
def demo_in(folder: Path, *store: str) -> Iterator[Demo]:
    """A demo whose data and output lie in `folder`. At the end it is stopped, if it still runs."""
    made = Demo(folder / "data", folder / "logs", store)
    try:
        yield made
        if made.server.process.poll() is None:
            made.stop()
    finally:
        made.server.kill()
