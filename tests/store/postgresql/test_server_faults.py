"""The server is stopped, killed, or only reads: nothing confirmed is lost, and all goes on by itself afterwards."""

import asyncio
import os
import random
import signal
from contextlib import suppress

import pytest

from intake.store import BlobClaim, OutcomeUnknown, Store, StoreUnavailable
from intake.store.postgresql import group_commit, mailboxes
from intake.store.postgresql.open import create_store, open_store
from intake.store.postgresql.store import PostgresStore
from tests.kit.postgres import Cluster
from tests.store.kit.backends import Database
from tests.store.kit.rows import DAY, DIRECTORY, LIMITS, ORGANISATION, content, mailbox, sealed

pytestmark = pytest.mark.postgres
KILLS = 4


class Client:
    """Writes for ever, one thing after another, and keeps what was confirmed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.there: dict[bytes, bytes] = {}  # mailbox -> its file
        self.begun: set[bytes] = set()
        self.gone: list[tuple[bytes, bytes]] = []
        self.refused = 0

    async def work(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self._once()
            except StoreUnavailable:
                self.refused += 1
                await asyncio.sleep(0.02)

    async def _once(self) -> None:
        box, name = mailbox(), os.urandom(32)
        await self._store.put_chunks(ORGANISATION.id, name, 0, [sealed(name)], DAY + 2)
        await self._store.create_mailbox(box, box.id[:16], content(box.id), [BlobClaim(name, 1)])
        self.there[box.id] = name
        for _ in range(3):
            other = mailbox()
            await self._store.create_mailbox(other, other.id[:16], content(other.id))
            self.there[other.id] = b""
        await self._store.append(box.id, b"f" * 16, DAY, b"more", *LIMITS)
        if len(self.there) % 3:
            del self.there[box.id]
            await self._store.delete_mailbox(ORGANISATION.id, box.id)
            self.gone.append((box.id, name))


async def check(store: Store, client: Client) -> None:
    for box, name in client.there.items():
        assert content(box) in [envelope.bytes for envelope in await store.envelopes(box)]
        assert await store.mailbox(ORGANISATION.id, box) is not None
        if name:
            assert await store.chunks(ORGANISATION.id, name, 0, 9) == [sealed(name)]
    for box, name in client.gone:
        assert await store.mailbox(ORGANISATION.id, box) is None
        assert await store.envelopes(box) == []
        assert await store.stored_chunks(ORGANISATION.id, name) == []


async def test_a_server_that_is_killed_again_and_again_loses_nothing_that_was_confirmed(
    own_database: Database,
) -> None:
    dice, cluster = random.Random(7), own_database.cluster
    async with await create_store(own_database.url) as store:
        await store.add_organisation(ORGANISATION, DIRECTORY)
        clients = [Client(store) for _ in range(6)]
        working = [asyncio.create_task(client.work()) for client in clients]
        for kill in range(KILLS):
            known = sum(len(client.there) for client in clients)
            wanted = known + dice.randrange(10, 80)
            while sum(len(client.there) for client in clients) < wanted:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.001)
            await asyncio.to_thread(cluster.kill)
            if kill == 1:  # while it is away
                with pytest.raises(StoreUnavailable):
                    await store.heartbeat()
            cluster.start(listen_addresses="127.0.0.1")
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        for client in clients:
            await check(store, client)
        assert sum(client.refused for client in clients) > 0
        assert sum(len(client.gone) for client in clients) > 0
        assert not store.failed.done()
    async with await open_store(own_database.url) as again:
        for client in clients:
            await check(again, client)


async def test_after_a_restart_nobody_notices(own_database: Database) -> None:
    cluster, before, after = own_database.cluster, mailbox(), mailbox()
    async with await create_store(own_database.url) as store:
        await store.add_organisation(ORGANISATION, DIRECTORY)
        await store.create_mailbox(before, b"e" * 16, b"before")
        await store.append(before.id, b"f" * 16, DAY, b"more", *LIMITS)
        for number in (signal.SIGINT, signal.SIGQUIT):
            cluster.stop(number)
            cluster.start(listen_addresses="127.0.0.1")
            assert len(await store.envelopes(before.id)) == 2
            assert await store.create_mailbox(after, b"e" * 16, b"after") == (number == signal.SIGINT)
            await store.heartbeat()
            assert not await store.append(before.id, b"f" * 16, DAY, b"more", *LIMITS)


async def test_a_server_that_only_reads_is_told_and_left_as_soon_as_it_writes_again(
    store: PostgresStore, database: Database
) -> None:
    box = mailbox()
    read_only = f"ALTER DATABASE {database.name} SET default_transaction_read_only"
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database.name}'"  # noqa: S608 - ours
    database.cluster.execute(f"{read_only} = on")
    database.cluster.execute(end)
    assert await store.organisation("town-hall") == ORGANISATION
    for write in (store.create_mailbox(box, b"e" * 16, b"opening"), store.heartbeat()):
        with pytest.raises(StoreUnavailable, match="only reads"):
            await write
    assert await store.envelopes(box.id) == []
    database.cluster.execute(f"{read_only} = off")
    assert await store.create_mailbox(box, b"e" * 16, b"opening")
    await store.heartbeat()


async def test_the_writer_goes_on_after_one_fault_of_its_own_and_ends_after_two(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    box, lost = mailbox(), mailbox()

    async def fail(*_: object) -> set[bytes]:
        raise MemoryError

    with monkeypatch.context() as faulty:
        faulty.setattr(mailboxes, "create_all", fail)
        with pytest.raises(OutcomeUnknown):
            await store.create_mailbox(lost, b"e" * 16, b"lost")
    assert await store.create_mailbox(box, b"e" * 16, b"opening")
    assert not store.failed.done()
    with monkeypatch.context() as far_apart:
        far_apart.setattr(group_commit, "FAULT_SECONDS", 0)
        far_apart.setattr(mailboxes, "create_all", fail)
        with pytest.raises(OutcomeUnknown):
            await store.create_mailbox(lost, b"e" * 16, b"lost")
    assert not store.failed.done()
    monkeypatch.setattr(mailboxes, "create_all", fail)
    outcomes = await asyncio.gather(
        *(store.create_mailbox(mailbox(), b"e" * 16, b"lost") for _ in range(3)), return_exceptions=True
    )
    assert {type(outcome) for outcome in outcomes} <= {OutcomeUnknown, StoreUnavailable}
    async with asyncio.timeout(10):
        await store.failed
    with pytest.raises(StoreUnavailable, match="start the service again"):
        await store.create_mailbox(box, b"e" * 16, b"late")
    assert [envelope.bytes for envelope in await store.envelopes(box.id)] == [b"opening"]
    assert [type(context["exception"]) for context in told] == [MemoryError] * 3


async def test_one_who_is_cancelled_leaves_the_connection_whole(store: PostgresStore) -> None:
    box = mailbox()
    await store.create_mailbox(box, b"e" * 16, b"opening")
    for at in range(40):
        task = asyncio.create_task(store.append(box.id, bytes([at]) * 16, DAY, b"more", *LIMITS))
        for _ in range(at):
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    for at in range(40):
        await store.append(box.id, bytes([at]) * 16, DAY, b"more", *LIMITS)
    assert len(await store.envelopes(box.id)) == 41


def test_the_server_keeps_no_ids_and_contents_in_its_log(cluster: Cluster) -> None:
    """Whatever the tests of this worker have made it refuse."""
    assert "DETAIL" not in cluster.log()
    assert "parameters:" not in cluster.log()


async def test_a_damaged_page_is_told_and_costs_no_more_than_is_on_it(own_database: Database) -> None:
    cluster, before, after = own_database.cluster, mailbox(day=DAY - 1), mailbox()
    doomed = mailbox(day=DAY - 1)
    async with await create_store(own_database.url) as store:
        await store.add_organisation(ORGANISATION, DIRECTORY)
        for box in (before, doomed, after):
            await store.create_mailbox(box, b"e" * 16, content(box.id))
        await store.delete_mailbox(ORGANISATION.id, after.id)
        await store.create_mailbox(after_all := mailbox(), b"e" * 16, content(after_all.id))
        damage(cluster, own_database.name, f"drempel.envelope_{DAY - 1}")
        for read in (store.envelopes(before.id), store.mailbox(ORGANISATION.id, before.id)):
            with pytest.raises(StoreUnavailable, match="damaged"):
                await read
        assert [found.bytes for found in await store.envelopes(after_all.id)] == [content(after_all.id)]
        await store.create_mailbox(later := mailbox(), b"e" * 16, content(later.id))
        # The night leaves that day as it is, for whoever can still save some of it, and does its work on the others.
        await store.expire(DAY + 1)
        with pytest.raises(StoreUnavailable, match="damaged"):
            await store.erase_files()
        cluster.execute("CHECKPOINT")
        assert own_database.holding(content(before.id)[:32])
        assert own_database.holding(content(after.id)[:32]) == []
        assert [found.bytes for found in await store.envelopes(later.id)] == [content(later.id)]


def damage(cluster: Cluster, database: str, table: str) -> None:
    """Change a byte in the middle of each page of a table, as a disk may."""
    [(name,)] = cluster.rows(f"SELECT pg_relation_filepath('{table}')", database)
    cluster.stop()
    with (cluster.data / name).open("r+b") as file:
        for page in range(0, file.seek(0, os.SEEK_END), 8192):
            file.seek(page + 8000)
            [byte] = file.read(1)
            file.seek(page + 8000)
            file.write(bytes([byte ^ 0xFF]))
    cluster.start(listen_addresses="127.0.0.1")
