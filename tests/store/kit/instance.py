"""A process of its own that uses a store, for the tests that kill it or wait for it to end.

python -m tests.store.kit.instance open FOLDER     opens, reads and closes
python -m tests.store.kit.instance write FOLDER    writes for ever, one line of output for all that was confirmed
python -m tests.store.kit.instance files FOLDER    likewise, with files
python -m tests.store.kit.instance one FOLDER N    one client with files, killed before step N of what it writes
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from intake.store import BlobClaim, SqliteStore, open_store
from intake.store.sqlite import blobs, slots
from tests.store.kit.rows import DAY, LIMITS, ORGANISATION, content, mailbox, sealed

CLIENTS = 8


async def client(store: SqliteStore) -> None:
    """Mailboxes with two envelopes each; every fourth is deleted again."""
    number = 0
    while True:
        number += 1
        box = mailbox()
        await store.create_mailbox(box, box.id[:16], content(box.id))
        say("there", box.id)
        more = os.urandom(16)
        await store.append(box.id, more, DAY, content(more), *LIMITS)
        say("more", box.id + more)
        if number % 4 == 0:
            say("going", box.id)
            await store.delete_mailbox(ORGANISATION.id, box.id)
            say("gone", box.id)


async def sender(store: SqliteStore, files: int | None = None) -> None:
    """Mailboxes with a file of three chunks each; every second is deleted again, and every third file not claimed."""
    for number in range(1, files + 1) if files else count(1):
        name, box = os.urandom(32), mailbox()
        say("begun", name)
        for first, chunks in ((0, 2), (2, 1)):
            parts = [sealed(name, first + at) for at in range(chunks)]
            await store.put_chunks(ORGANISATION.id, name, first, parts, DAY + 2)
            say("chunks", name + bytes([first, chunks]))
        if number % 3 == 0:
            say("going", name)
            await store.delete_blob(ORGANISATION.id, name)
            say("gone", name)
            continue
        say("claiming", name + box.id)
        await store.create_mailbox(box, box.id[:16], content(box.id), [BlobClaim(name, 3)])
        say("claimed", name + box.id)
        if number % 2 == 0:
            say("going", name)
            await store.delete_mailbox(ORGANISATION.id, box.id)
            say("gone", name)


def die_before(step: int) -> None:
    """Let the process kill itself before this step: a call that writes, waits for the disk, or changes a row."""
    steps = count()

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def or_die(*given: Any) -> Any:
            if next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*given)

        return or_die

    for place, name in (
        (os, "pwrite"),
        (os, "fdatasync"),
        (slots, "_punch_hole"),
        (slots.Slots, "give_back"),  # once the rows are gone
        (blobs, "add_chunks"),
        (blobs, "drop"),
        (blobs, "erased"),
    ):
        setattr(place, name, counted(getattr(place, name)))


def say(what: str, name: bytes) -> None:
    """Print a line in one write, so that a kill can't tear it."""
    os.write(sys.stdout.fileno(), f"{what} {name.hex()}\n".encode())


async def main(task: str, folder: Path, step: int) -> None:
    store = await open_store(folder)
    if task == "one":
        die_before(step)
        await sender(store, files=3)
    if task == "write":
        await asyncio.gather(*(client(store) for _ in range(CLIENTS)))
    if task == "files":
        await asyncio.gather(*(sender(store) for _ in range(CLIENTS)))
    await store.organisations()
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int((sys.argv[3:] or ["0"])[0])))
