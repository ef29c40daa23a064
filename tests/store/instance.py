"""A process of its own that uses a store, for the tests that kill it or wait for it to end.

python -m tests.store.instance open FOLDER     opens, reads and closes
python -m tests.store.instance write FOLDER    writes for ever, one line of output for all that was confirmed
"""

import asyncio
import os
import sys
from pathlib import Path

from intake.store import SqliteStore, open_store
from tests.store.rows import DAY, LIMITS, ORGANISATION, content, mailbox

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


def say(what: str, name: bytes) -> None:
    """A line in one write, so that a kill cannot tear it from the one before."""
    os.write(sys.stdout.fileno(), f"{what} {name.hex()}\n".encode())


async def main(task: str, folder: Path) -> None:
    store = await open_store(folder)
    if task == "write":
        await asyncio.gather(*(client(store) for _ in range(CLIENTS)))
    await store.organisations()
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
