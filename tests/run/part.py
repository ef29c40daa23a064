"""One command of the suite as a process of its own: its output kept, its time limited, nothing of it left behind."""

import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.kit import inherited
from tests.project import ROOT

LIMIT = 50 * 60.0  # seconds; one test alone is ended much earlier, by faulthandler_timeout in pyproject.toml
GRACE = 10.0  # seconds
PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Part:
    """A command that runs beside others. Its lines are kept in a file of `folder`, and shown with its name before them.

    `junit` is where its own account of its tests will be, if it writes one.
    """

    name: str
    command: Sequence[str]
    folder: Path
    junit: Path | None = None
    seconds: float = 0.0
    processor: float = 0.0  # seconds, its children's included
    status: int | None = None
    process: subprocess.Popen[str] = field(init=False)

    @property
    def log(self) -> Path:
        """Where its lines are kept."""
        return self.folder / f"{self.name.replace(' ', '-')}.log"

    def start(self) -> None:
        """Start it in a session of its own, so that a closed terminal reaches only whoever runs the parts."""
        if self.junit:
            self.junit.unlink(missing_ok=True)  # that of an earlier run
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            errors="replace",
        )
        self.reading = threading.Thread(target=self._read, daemon=True)
        self.reading.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines, self.log.open("w", encoding="utf-8") as log:
            for line in lines:
                log.write(line)
                log.flush()
                print(f"{self.name:10} | {line}", end="", flush=True)
        self.seconds = (
            time.monotonic() - self.began
        )  # its last word is its end, whenever somebody waits for that

    def wait(self) -> None:
        """Wait for its end, and end it when its time is over."""
        late = threading.Timer(LIMIT - (time.monotonic() - self.began), self.kill)
        late.daemon = True  # whoever is interrupted here does not wait for it
        late.start()
        _, status, used = os.wait4(self.process.pid, 0)
        late.cancel()
        self.process.returncode = self.status = os.waitstatus_to_exitcode(status)
        self.processor = used.ru_utime + used.ru_stime
        self.reading.join(GRACE)  # a process that it left behind may still hold its output

    def kill(self) -> None:
        """End it and all of its session."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def stand_apart() -> None:
    """Stay deaf to what we were told to ignore, as under `nohup`; what we start hears it. Our end is the end of all."""
    for number in inherited.reset():
        signal.signal(number, lambda *_: None)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
    adopt_orphans()


def adopt_orphans() -> None:
    """Become the parent of whatever a part leaves behind, such as browsers of a worker that was ended."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_orphans() -> list[str]:
    """Kill what parts left behind, and what that leaves behind in its turn; returns the command lines."""
    found = []
    while children := [path for path in Path("/proc").glob("[0-9]*") if _parent(path) == os.getpid()]:
        for path in children:
            found.append(
                (path / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
            )
            os.kill(int(path.name), signal.SIGKILL)
            os.waitpid(int(path.name), 0)
    return [command for command in found if command]  # what has ended already has none


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # it has ended meanwhile
        return 0
