"""A process of its own that uses a store, for the tests that kill it or wait for it to end.

python -m tests.store.instance open FOLDER     opens, reads and closes
python -m tests.store.instance write FOLDER    writes for ever, one line of output for all that was confirmed
python -m tests.store.instance files FOLDER    likewise, with files
"""

import asyncio
import os
import sys
from pathlib import Path

from intake.store import BlobClaim, SqliteStore, open_store
from tests.store.rows import DAY, LIMITS, ORGANISATION, content, mailbox, sealed

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


async def sender(store: SqliteStore) -> None:
    """Mailboxes with a file of three chunks each; every second is deleted again, and every third file not claimed."""
    number = 0
    while True:
        number += 1
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


def say(what: str, name: bytes) -> None:
    """A line in one write, so that a kill cannot tear it from the one before."""
    os.write(sys.stdout.fileno(), f"{what} {name.hex()}\n".encode())


async def main(task: str, folder: Path) -> None:
    store = await open_store(folder)
    if task == "write":
        await asyncio.gather(*(client(store) for _ in range(CLIENTS)))
    if task == "files":
        await asyncio.gather(*(sender(store) for _ in range(CLIENTS)))
    await store.organisations()
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
