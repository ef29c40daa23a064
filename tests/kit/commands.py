"""Runs `drempel` commands as processes of their own that need no time to start.

Starting Python and importing the program takes a command longer than what it does. So one process imports it once and
forks for each command. Arguments, environment, working directory, the three streams, the status and the end of the
interpreter are those of a command that was started; only its name in the kernel's list is not.
"""

import atexit
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

REQUEST = 1 << 17  # bytes
WAITING = 64  # commands at once


def run(
    command: Sequence[str], stdin: bytes, env: Mapping[str, str], timeout: float
) -> tuple[int, bytes, bytes]:
    """Run a command to its end; returns its status and what it wrote. TimeoutExpired if it takes too long."""
    ends = [os.pipe() for _ in range(3)]
    (theirs_in, ours_in), (ours_out, theirs_out), (ours_err, theirs_err) = ends
    written: list[bytes] = [b"", b""]

    def read(number: int, descriptor: int) -> None:
        with os.fdopen(descriptor, "rb") as pipe:
            written[number] = pipe.read()

    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(timeout)
        connection.connect(_address())
        request = json.dumps({"command": [*command], "env": dict(env), "cwd": str(Path.cwd())}).encode()
        socket.send_fds(connection, [request], [theirs_in, theirs_out, theirs_err])
        for descriptor in (theirs_in, theirs_out, theirs_err):
            os.close(descriptor)
        others = [threading.Thread(target=read, args=each) for each in ((0, ours_out), (1, ours_err))]
        others.append(threading.Thread(target=_write, args=(os.fdopen(ours_in, "wb"), stdin)))
        for other in others:
            other.start()
        pid = int(connection.recv(REQUEST))
        try:
            status = int(connection.recv(REQUEST))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(["drempel", *command], timeout) from None
        finally:
            for other in others:
                other.join(timeout)
    return os.waitstatus_to_exitcode(status), written[0], written[1]


def _write(pipe: IO[bytes], content: bytes) -> None:
    with suppress(BrokenPipeError), pipe:
        pipe.write(content)


@cache
def _address() -> str:
    """Start the process that forks, once; its address. It ends when this process does."""
    folder = tempfile.mkdtemp(prefix="drempel-commands-")
    address = f"{folder}/socket"
    made = subprocess.Popen(
        [sys.executable, "-P", __file__, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert made.stdin
    assert made.stdout
    assert made.stdout.readline() == b"listening\n"

    def end() -> None:
        made.communicate()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return address


def _serve(address: str) -> None:
    """Fork for each command; returns in a process that is to be that command."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no process waits for those that pass on a status
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(address)
        listener.listen(WAITING)
        os.write(1, b"listening\n")
        while 0 not in select.select([0, listener.fileno()], [], [])[0]:
            connection, _ = listener.accept()
            with connection:
                if os.fork() == 0:
                    listener.close()
                    _become(connection)
                    return
    sys.exit()


def _become(connection: socket.socket) -> None:
    """Pass on the status of a command; returns in a further process that is to be that command."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request, streams, _, _ = socket.recv_fds(connection, REQUEST, 3)
    pid = os.fork()
    if pid:
        for stream in streams:
            os.close(stream)
        connection.send(str(pid).encode())
        _, status = os.waitpid(pid, 0)
        with suppress(BrokenPipeError):
            connection.send(str(status).encode())
        os._exit(0)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    wanted = json.loads(request)
    os.environ.clear()
    os.environ.update(wanted["env"])
    os.chdir(wanted["cwd"])
    sys.argv = ["drempel", *wanted["command"]]


if __name__ == "__main__":
    from intake.cli import main

    _serve(sys.argv[1])
    sys.exit(main())
