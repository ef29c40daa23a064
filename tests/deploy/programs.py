"""The programs that check what we deploy, and the real ones that are tried with it."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.project import ROOT

DEPLOY = ROOT / "deploy"
# Debian keeps daemons out of a user's path.
SEARCH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def program(name: str) -> str:
    """Where it is. The test fails, and is not skipped, if it is missing: a file nobody checked is not checked."""
    found = shutil.which(name, path=SEARCH)
    if found is None:
        pytest.fail(f"needs {name}: run 'make test', or install it")
    return found


def run(*command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a checker to its end in a folder of its own, which is also its home."""
    return subprocess.run(
        [program(command[0]), *command[1:]],
        cwd=cwd,
        env=_environment(cwd, environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def running(*command: str, cwd: Path, output: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server for the length of a block, and end that process alone."""
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [program(command[0]), *command[1:]],
            cwd=cwd,
            env=_environment(cwd, {}),
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def await_port(port: int, process: subprocess.Popen[bytes], output: Path) -> None:
    """Return when something listens there."""
    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    pytest.fail(f"nothing listens on port {port}:\n{output.read_text()}")


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(home: Path, more: dict[str, str]) -> dict[str, str]:
    names = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "HOME")
    return {"PATH": SEARCH} | dict.fromkeys(names, str(home)) | more
