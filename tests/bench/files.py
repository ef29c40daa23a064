"""A large file up and down by the command line, next to a bare upload and download of the same bytes.

Both sides are whole processes, start to end, and both servers answer only when the bytes are on the disk. The command
seals, hashes and signs as well, derives its keys and fetches the directory; downloading is `drempel inbox export`,
which signs in and syncs before, and writes its pages and hashes after.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.filled import Filled
from tests.bench.servers import Server, found_in, server

COMMAND = "from intake.cli import main; main()"
LONGEST_SECONDS = 900
MIB = 1024 * 1024
TEXT = b"The file says it all."


@dataclass(frozen=True)
class Ran:
    """A process that has ended well: how long it took, its largest resident set in bytes, what it printed."""

    seconds: float
    memory: int
    out: bytes


def run(arguments: Sequence[str], stdin: bytes = b"", **variables: str) -> Ran:
    """Run Python with these arguments to its end. AssertionError if it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | variables,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.write(stdin)
    process.stdin.close()
    out, err = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    taken = time.perf_counter() - start
    assert process.returncode == 0, err.decode("utf-8")
    process.stdout.close()
    process.stderr.close()
    return Ran(taken, usage.ru_maxrss * 1024, out)


def make_file(path: Path, size: int) -> None:
    """A file that no file system and no line can shorten."""
    with path.open("wb") as file:
        for _ in range(size // MIB):
            file.write(os.urandom(MIB))
        os.fsync(file.fileno())


def bare(path: Path, folder: Path) -> tuple[Ran, Ran]:
    """Up and down by the bare server."""
    folder.mkdir()
    with server("bare", folder) as running:
        url = f"http://127.0.0.1:{running.port}/file"
        there = run(["-m", "tests.bench.bare", "up", str(path), url])
        back = run(["-m", "tests.bench.bare", "down", str(folder / "back"), url])
    assert (folder / "back").stat().st_size == path.stat().st_size
    shutil.rmtree(folder)
    return there, back


def command(path: Path, folder: Path) -> tuple[Ran, Ran, dict[str, int]]:
    """Up and down by the command line, and what the server's memory was: at its start and at most."""
    filled = Filled(folder / "data", found_in(folder / "data"), 0, 0)
    with server("service", filled.folder) as running:
        running.settle()
        resting = running.memory()
        there = report(path, filled.channels[0], filled.url(running))
        mailbox = json.loads(there.out)["mailbox"]
        back = _export(mailbox, folder / "export", filled, running)
        memory = {"resting": resting, "peak": running.peak_memory()}
    (written,) = (folder / "export" / "files").iterdir()
    assert written.stat().st_size == path.stat().st_size
    shutil.rmtree(folder)
    return there, back, memory


def report(path: Path, channel: str, url: str) -> Ran:
    """Up by the command line."""
    options = ["--server", url, "--channel", channel, "--message-file", "-"]
    return run(["-c", COMMAND, "report", *options, "--attach", str(path), "--no-resume", "--json"], TEXT)


def _export(mailbox: str, to: Path, filled: Filled, running: Server) -> Ran:
    options = ["--server", filled.url(running), "--to", str(to), "--json", "--", mailbox]
    return run(["-c", COMMAND, "inbox", "export", *options], DREMPEL_ACCESS_CODE=filled.codes[0])


def measure(folder: Path, size: int, rounds: int) -> dict[str, Any]:
    """Medians, the two taking turns so that both meet the same disk."""
    place = folder / "files"
    place.mkdir()
    path = place / "large.bin"
    make_file(path, size)
    found: dict[str, Any] = {"bytes": size, "rounds": rounds}
    plain: dict[str, list[Ran]] = {"up": [], "down": []}
    ours: dict[str, list[Ran]] = {"up": [], "down": []}
    memories = []
    for number in range(rounds):
        there, back = bare(path, place / f"bare-{number}")
        plain["up"].append(there)
        plain["down"].append(back)
        there, back, memory = command(path, place / f"command-{number}")
        ours["up"].append(there)
        ours["down"].append(back)
        memories.append(memory)
    shutil.rmtree(place)
    for way in plain:
        found[way] = _compared(plain[way], ours[way])
    return found | {"server_memory": max(memories, key=lambda item: item["peak"] - item["resting"])}


def _compared(plain: list[Ran], ours: list[Ran]) -> dict[str, float]:
    bare_s, command_s = (median(item.seconds for item in some) for some in (plain, ours))
    memory = max(item.memory for item in ours)
    return {"bare_s": bare_s, "command_s": command_s, "to_bare": bare_s / command_s, "memory_bytes": memory}
