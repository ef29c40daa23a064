"""The real service in a process of its own, killed and started again on the same port."""

import asyncio
import sys
from pathlib import Path

START_SECONDS = 60
SERVE = """
import sys
from pathlib import Path
from intake.service.runner import serve
serve(Path(sys.argv[1]), port=int(sys.argv[2]), listening=lambda address: print(address.port, flush=True))
"""


class Service:
    """One data folder's service. `up` is set while clients may send; `in_flight` is what they wait for.

    `repeated` is how often they had to send something again.
    """

    def __init__(self, folder: Path, *, files: int | None = None, before: str = "") -> None:
        """`files` is how many it may have open, `before` what is done in its process first."""
        self.port = 0
        self.up = asyncio.Event()
        self.in_flight = self.repeated = 0
        self._folder, self._before = folder, before
        self._limit = ("prlimit", f"--nofile={files}:{files}") if files else ()
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, and wait until it listens."""
        script = self._before + SERVE
        command = [*self._limit, sys.executable, "-c", script, str(self._folder), str(self.port)]
        pipe, nowhere = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=nowhere)
        assert self._process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            self.port = int(await self._process.stdout.readline())

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self._process is not None
        return self._process.pid

    def memory(self, field: str) -> int:
        """KiB, from what the kernel says of the process."""
        text = Path(f"/proc/{self.pid}/status").read_text("ascii")
        return int(text.partition(f"{field}:")[2].split()[0])

    async def kill(self) -> int:
        """End it without a warning. Returns how many requests had been sent and not answered at that moment."""
        assert self._process is not None
        unanswered = self.in_flight
        self._process.kill()
        self.up.clear()
        await self._process.wait()
        return unanswered

    async def stop(self) -> None:
        """End it in order; it says with its status that it could."""
        assert self._process is not None
        self.up.clear()
        self._process.terminate()
        assert await self._process.wait() == 0

    async def abandon(self) -> None:
        """Leave nothing behind when a test fails halfway."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
