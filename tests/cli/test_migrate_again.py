"""A migration that is interrupted at any moment: nobody can use the new store, and the next run goes on with it."""

import asyncio
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from intake.store import NotAStore, NotWhole, Store, StoreExists
from intake.store.backup.records import Chunk, Record
from tests.kit.inherited import environment
from tests.kit.postgres import Cluster
from tests.kit.serving import drempel
from tests.project import ROOT
from tests.store.kit.backends import Backend, Database, Folder
from tests.store.kit.dumps import all_of, fill, shown
from tests.store.kit.rows import DIRECTORY, ORGANISATION, listed
from tests.store.kit.sending import claimed

pytestmark = pytest.mark.postgres
MANY, SOME, LAST = (
    1000,
    2,
    3,
)  # steps: more than there are; so few that a run does not come far; those of the end
UNFINISHED = "A migration into it was not finished: run `drempel migrate-store` again."
AGAIN = "Run the same command again: it goes on where it stopped."
Place = Callable[[], Backend]


@pytest.fixture
def databases(cluster: Cluster) -> Iterator[Place]:
    """Empty databases."""
    made: list[Database] = []

    def make() -> Database:
        made.append(Database(cluster, f"moved_{secrets.token_hex(4)}"))
        return made[-1]

    yield make
    for database in made:
        database.drop()


@asynccontextmanager
async def closing(store: Store) -> AsyncIterator[Store]:
    try:
        yield store
    finally:
        await store.close()


async def ended(step: int, number: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command, with a signal before a step."""
    command = [sys.executable, "-m", "tests.cli.kit.filling", str(int(number)), str(step), *arguments]
    return await asyncio.to_thread(
        lambda: subprocess.run(
            command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=180
        )
    )


@dataclass
class Move:
    """A store with something of everything in it, what that is, and where new ones are made."""

    source: Backend
    records: list[Record]
    place: Place

    async def run(
        self, target: Backend, step: int = MANY, number: int = signal.SIGKILL
    ) -> subprocess.CompletedProcess[str]:
        """Migrate, with a signal before a step."""
        return await ended(step, number, "migrate-store", "--from", self.source.url, "--to", target.url)

    async def steps(self) -> int:
        """How many steps a migration takes."""
        ran = await self.run(self.place())
        assert ran.returncode == 0, ran.stderr
        return MANY - int(re.findall(r"left (\d+)", ran.stdout)[0])

    async def check(self, target: Backend) -> None:
        """The new store has what the old one has."""
        async with closing(await target.open()) as new:
            found = await all_of(new)
        assert sorted(shown(found), key=repr) == sorted(shown(self.records), key=repr)

    def chunks(self) -> int:
        """How many there are."""
        return sum(isinstance(record, Chunk) for record in self.records)


@pytest.fixture(params=["to PostgreSQL", "to SQLite"])
async def move(request: pytest.FixtureRequest, databases: Place, tmp_path: Path) -> Move:
    def folders() -> Backend:
        return Folder(tmp_path / secrets.token_hex(4))

    places = (folders, databases) if request.param == "to PostgreSQL" else (databases, folders)
    source = places[0]()
    async with closing(await source.create()) as old:
        await old.add_organisation(ORGANISATION, DIRECTORY)
        await fill(old)
        return Move(source, await all_of(old), places[1])


def copied(ran: subprocess.CompletedProcess[str]) -> int:
    """How many chunks a run has copied."""
    return sum(map(int, re.findall(r"copied (\d+)", ran.stdout)))


async def test_one_that_is_killed_again_and_again_comes_to_its_end_and_copies_nothing_twice(
    move: Move,
) -> None:
    target, runs = move.place(), list[subprocess.CompletedProcess[str]]()
    while not runs or runs[-1].returncode == -signal.SIGKILL:
        runs.append(await move.run(target, SOME))
        if runs[-1].returncode:
            with pytest.raises(NotWhole, match=UNFINISHED):
                await target.open()
            with pytest.raises((NotWhole, StoreExists)):
                await target.create()
    assert runs[-1].returncode == 0, runs[-1].stderr
    await move.check(target)
    assert len(runs) > 5
    assert sum(map(copied, runs)) == move.chunks()


@pytest.mark.test_all
async def test_after_a_kill_anywhere_the_next_run_makes_it_whole(move: Move) -> None:
    steps = await move.steps()
    assert steps > 10
    for step in (*range(0, steps - LAST, 4), *range(steps - LAST, steps)):
        target = move.place()
        ran = await move.run(target, step)
        assert ran.returncode == -signal.SIGKILL, ran.stderr
        with pytest.raises(NotAStore):
            await target.open()
        if isinstance(target, Folder):  # which it would clear, if it had been at work there before
            drempel("demo", "--data", str(target.path), "--port", "0").refused(UNFINISHED)
        again = await move.run(target)
        assert again.returncode == 0, again.stderr
        assert copied(again) == move.chunks() - copied(ran)
        await move.check(target)


async def test_what_is_half_filled_is_refused_in_words_and_left_alone(move: Move, tmp_path: Path) -> None:
    def where(place: Backend) -> list[str]:
        return [
            "--store",
            place.url,
            *([] if isinstance(place, Folder) else ["--data", str(tmp_path / "data")]),
        ]

    target = move.place()
    ran = await move.run(target, 6, signal.SIGINT)
    assert (ran.returncode, ran.stderr) == (1, f"Interrupted. {AGAIN}\n")
    backup = tmp_path / "backup"
    assert drempel("backup", *where(move.source), "--to", str(backup)).status == 0
    for command in (
        ("serve", "--port", "0"),
        ("demo", "--port", "0"),
        ("doctor",),
        ("backup", "--to", str(tmp_path / "none")),
        ("restore", "--from", str(backup)),
    ):
        drempel(*command, *where(target)).refused(UNFINISHED)
    drempel("migrate-store", "--from", target.url, "--to", move.place().url).refused(UNFINISHED)
    again = await move.run(target)
    assert again.returncode == 0, again.stderr
    assert copied(again) == move.chunks() - copied(ran)
    await move.check(target)


async def test_an_old_store_that_was_served_meanwhile_is_noticed(move: Move) -> None:
    target = move.place()
    almost = await move.steps() - LAST - 1
    assert (await move.run(target, almost)).returncode == -signal.SIGKILL
    async with closing(await move.source.open()) as old:
        await old.delete_mailbox(ORGANISATION.id, (await listed(old, 0))[0])
        await claimed(old, secrets.token_bytes(32), chunks=1)
    for _ in range(2):
        ran = await move.run(target)
        assert (ran.returncode, len(ran.stderr.splitlines())) == (1, 1)
        assert "was that one served since the migration began?" in ran.stderr
        with pytest.raises(NotWhole):
            await target.open()
    target.clear()
    assert (await move.run(target)).returncode == 0


async def test_a_restore_into_a_database_that_is_killed_is_refused_and_begins_anew(
    databases: Place, tmp_path: Path
) -> None:
    target, file, data = databases(), tmp_path / "backup", ["--data", str(tmp_path / "data")]
    async with closing(await Folder(tmp_path / "old").create()) as old:
        await old.add_organisation(ORGANISATION, DIRECTORY)
        await fill(old)
        records = await all_of(old)
    assert drempel("backup", "--data", str(tmp_path / "old"), "--to", str(file)).status == 0
    restore = ["restore", "--store", target.url, *data, "--from", str(file)]
    for _ in range(2):
        assert (await ended(9, signal.SIGKILL, *restore)).returncode == -signal.SIGKILL
        said = drempel("serve", "--port", "0", "--store", target.url, *data)
        said.refused("A restore into it was not finished: run `drempel restore` again.")
    interrupted = await ended(9, signal.SIGINT, *restore)
    assert (interrupted.returncode, interrupted.stderr) == (1, "Interrupted. Nothing was restored.\n")
    drempel("serve", "--port", "0", "--store", target.url, *data).refused("holds no store")
    assert drempel(*restore).status == 0
    async with closing(await target.open()) as new:
        assert sorted(shown(await all_of(new)), key=repr) == sorted(shown(records), key=repr)
