"""Several processes that serve one store on one port, and the process that starts them and starts them again.

That one serves nothing itself, has no thread and no event loop, and so can fork at any time. Each worker speaks to it
by a socket, whose end tells either side that the other is gone, however it went.
"""

import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import Final

from intake.service.http.problems import fault_sentence, log
from intake.service.jobs.notify import Tell
from intake.service.settings import Settings
from intake.store import StoreError

READY, ALIVE = "READY=1", "WATCHDOG=1"
# A worker that ends is started again, but two in this time are no accident.
FAULT_SECONDS: Final = 60.0
# What a worker may need to stop beyond waiting for its requests: a night's work is broken off, writes are finished.
STOP_SECONDS: Final = 15.0
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

# What a worker does: its number, its end of the line.
Work = Callable[[int, socket.socket], None]


class WorkersFailed(Exception):
    """Its workers can't stay up, so the service ends; the message is a sentence for the operator."""


@dataclass(eq=False)
class _Worker:
    number: int
    process: int
    line: socket.socket
    said: set[str] = field(default_factory=set)


def share(settings: Settings, workers: int) -> Settings:
    """The settings of one of several workers, which together hold what one process may."""
    return replace(
        settings,
        bodies=max(1, settings.bodies // workers),
        bodies_bytes=settings.bodies_bytes // workers,
        answers_bytes=settings.answers_bytes // workers,
    )


class Supervisor:
    """Keeps workers running. For one `run`."""

    def __init__(self, work: Work, started: Callable[[], None], tell: Tell, stop_seconds: float) -> None:
        """`started` is called once all are ready; `tell` is told that they work each time that all have said so."""
        self._work = work
        self._started = started
        self._tell = tell
        self._stop_seconds = stop_seconds
        self._selector = selectors.DefaultSelector()
        self._workers: set[_Worker] = set()
        self._is_up = False
        self._last_end = -FAULT_SECONDS

    def run(self, count: int) -> None:
        """Run `count` workers until SIGINT or SIGTERM, then end them all. Raises `WorkersFailed`."""
        with self._selector, _told_to_stop() as told:
            self._selector.register(told, selectors.EVENT_READ)
            try:
                for number in range(count):
                    self._start(number)
                while not self._look(told):
                    pass
            finally:
                self._tell("STOPPING=1")
                self._stop()

    def _look(self, told: socket.socket) -> bool:
        """Wait until something happens, and see to it; whether it was a signal to stop."""
        ready = [key.fileobj for key, _ in self._selector.select()]
        if told in ready:
            return True
        for worker in [each for each in self._workers if each.line in ready]:
            if state := worker.line.recv(64):
                worker.said.add(state.decode("ascii"))
            else:
                self._replace(worker)
        if not self._is_up and all(READY in worker.said for worker in self._workers):
            self._is_up = True
            self._started()
        if self._is_up and all(ALIVE in worker.said for worker in self._workers):
            for worker in self._workers:
                worker.said.discard(ALIVE)
            self._tell(ALIVE)
        return False

    def _start(self, number: int) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # or one could reach the child before it can tell
        process = os.fork()
        if process == 0:
            ours.close()
            for other in self._workers:
                other.line.close()
            os._exit(_become(self._work, number, theirs))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        theirs.close()
        worker = _Worker(number, process, ours)
        self._workers.add(worker)
        self._selector.register(ours, selectors.EVENT_READ)

    def _replace(self, worker: _Worker) -> None:
        """Start a worker again that has ended. Raises `WorkersFailed` if it can't be for long."""
        self._forget(worker)
        if not self._is_up:
            raise WorkersFailed("A worker could not start. The line before says why.")
        if time.monotonic() - self._last_end < FAULT_SECONDS:
            raise WorkersFailed("Two workers have ended within a minute. The lines before say why.")
        self._last_end = time.monotonic()
        log.error("A worker has ended, and is started again.")
        self._start(worker.number)

    def _forget(self, worker: _Worker) -> None:
        os.waitpid(worker.process, 0)
        self._selector.unregister(worker.line)
        worker.line.close()
        self._workers.discard(worker)

    def _stop(self) -> None:
        """Let all workers finish what they are at, and kill those that take too long."""
        for worker in self._workers:
            os.kill(worker.process, signal.SIGTERM)
        end = time.monotonic() + self._stop_seconds
        while self._workers and (left := end - time.monotonic()) > 0:
            ready = [key.fileobj for key, _ in self._selector.select(left)]
            for worker in [each for each in self._workers if each.line in ready]:
                if not worker.line.recv(64):
                    self._forget(worker)
        for worker in list(self._workers):
            os.kill(worker.process, signal.SIGKILL)
            self._forget(worker)


def _become(work: Work, number: int, line: socket.socket) -> int:
    """Do the work in a process that was just forked; its exit status. What ends it is told in a line of the log."""
    try:
        signal.set_wakeup_fd(-1)
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        work(number, line)
    except StoreError as error:
        log.error("%s", error)
    except BaseException as fault:  # noqa: BLE001 - the outermost edge of the process
        log.error("%s", fault_sentence(fault))
    else:
        return 0
    return 1


@contextmanager
def _told_to_stop() -> Iterator[socket.socket]:
    """A socket that can be read once the process was told to stop."""
    reading, writing = socket.socketpair()
    with reading, writing:
        reading.setblocking(False)
        writing.setblocking(False)

        def told(_number: int, _frame: FrameType | None) -> None:
            """Nothing: the number is in the socket."""

        before = signal.set_wakeup_fd(writing.fileno())
        handlers = {number: signal.signal(number, told) for number in SIGNALS}
        try:
            yield reading
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(before)
