"""`kill -9` at any moment loses nothing that was confirmed, and doubles nothing when it is sent again.

`make soak` does it a thousand times; DREMPEL_KILLS sets the number.
"""

import asyncio
import os
import random
import sqlite3
from contextlib import closing
from pathlib import Path

from intake.store import create_store
from tests.crash.clients import Writer, compare
from tests.crash.ledger import Ledger
from tests.crash.serving import Service
from tests.service.kit.opaque_organisation import OpaqueOrganisation

KILLS = int(os.environ.get("DREMPEL_KILLS", "60"))
CLIENTS = 8
# After the clients were let loose: from before the first answer to some hundred writes later.
EARLIEST, LATEST = 0.0005, 0.08


async def settled(folder: Path) -> OpaqueOrganisation:
    """A data folder with one organisation in it."""
    world, store = OpaqueOrganisation(), await create_store(folder)
    await world.settle_in(store)
    await store.close()
    return world


async def killed_again_and_again(
    service: Service, world: OpaqueOrganisation, ledger: Ledger, chance: random.Random
) -> list[int]:
    """Start, compare what was at risk, let the clients write, kill. Returns what was in flight at each kill."""
    in_flight = []
    for _ in range(KILLS):
        await service.start()
        at_risk, ledger.touched = list(ledger.touched.values()), {}
        await compare(service, world, ledger, at_risk)
        for kept in at_risk:
            if kept.sent or (kept.deleting and not kept.gone):
                ledger.touch(kept)  # its client will send it again
        service.up.set()
        await asyncio.sleep(chance.uniform(EARLIEST, LATEST))  # the moment of the kill: any must do
        in_flight.append(await service.kill())
    return in_flight


def contents(folder: Path) -> tuple[list[tuple[str]], list[tuple[object]], int, int]:
    """What SQLite says of the file, and its numbers of mailboxes and envelopes."""
    with closing(sqlite3.connect(folder / "store.sqlite")) as connection:
        check = connection.execute("PRAGMA integrity_check").fetchall()
        foreign = connection.execute("PRAGMA foreign_key_check").fetchall()
        (mailboxes,) = connection.execute("SELECT count(*) FROM mailbox").fetchone()
        (later,) = connection.execute("SELECT count(*) FROM envelope").fetchone()
    return check, foreign, mailboxes, mailboxes + later


async def test_kills_under_load_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    world, ledger, service = await settled(folder), Ledger(), Service(folder)
    writers = [Writer(service, world, ledger, random.Random(number)) for number in range(CLIENTS)]
    working = [asyncio.create_task(writer.work()) for writer in writers]
    try:
        in_flight = await killed_again_and_again(service, world, ledger, random.Random(KILLS))
        await service.start()
        service.up.set()
        for writer in writers:
            writer.finish.set()
        await asyncio.gather(*working)
        unanswered = ledger.unanswered.stored, ledger.unanswered.lost
        await compare(service, world, ledger, ledger.kept)
        await service.stop()
    finally:
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        await service.abandon()

    there = [kept for kept in ledger.kept if not kept.gone]
    envelopes = sum(len(kept.confirmed) for kept in there)
    assert not any(kept.sent for kept in ledger.kept), "a request did not end well when it was repeated"
    assert contents(folder) == ([("ok",)], [], len(there), envelopes)
    # The kills were worth something: they hit requests under way, before their commit and after it.
    assert len(in_flight) == KILLS
    assert sum(1 for number in in_flight if number) > KILLS / 2
    assert sum(writer.repeated for writer in writers) > KILLS / 2
    assert min(unanswered) > 0, unanswered
    assert len(there) > KILLS
    assert len(there) < len(ledger.kept)
