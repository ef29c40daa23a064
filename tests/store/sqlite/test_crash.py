"""A process that is killed has lost nothing that it confirmed, and one that closes its store ends."""

# ruff: noqa: ASYNC240  a test's loop runs nothing else that looking at files could hold up

import random
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from intake.store import SqliteStore, open_store
from intake.store.sqlite import blobs, chunks
from intake.store.sqlite.slots import SLOT_BYTES
from tests.project import ROOT
from tests.store.kit.rows import DAY, ORGANISATION, content, sealed
from tests.store.kit.sending import counted

ROUNDS = 10


def killed_writer(folder: Path, lines: int, task: str = "write") -> list[list[str]]:
    """The words of each line that a writing instance said until it was killed, some time after `lines` lines."""
    command = [sys.executable, "-m", "tests.store.kit.instance", task, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(lines)]
        writer.kill()
        said += writer.stdout.readlines()
    return [line.split() for line in said if line.endswith("\n")]


async def missing(store: SqliteStore, said: list[list[str]]) -> list[list[str]]:
    """The lines that are not true of the store."""
    ending = {name for what, name in said if what == "going"}
    wrong = []
    for what, name in said:
        box, more = bytes.fromhex(name[:64]), bytes.fromhex(name[64:])
        stored = {envelope.id: envelope.bytes for envelope in await store.envelopes(box)}
        if what == "gone":
            true = await store.mailbox(ORGANISATION.id, box) is None and not stored
        elif name[:64] in ending and not stored:
            true = True  # its deletion was under way
        else:
            envelope, seed = (box[:16], box) if what == "there" else (more, more)
            true = what == "going" or stored.get(envelope) == content(seed)
        if not true:
            wrong.append([what, name])
    return wrong


async def test_whatever_was_confirmed_survives_a_kill(store: SqliteStore, folder: Path) -> None:
    await store.close()
    said: list[list[str]] = []
    for _ in range(ROUNDS):
        said += killed_writer(folder, random.randint(1, 300))
        async with await open_store(folder) as again:
            assert await missing(again, said) == []
            check = await again.readers.read(lambda c: c.execute("PRAGMA integrity_check").fetchall())
            assert check == [("ok",)]
    async with await open_store(folder) as again:
        await again.expire(DAY + 1)
        assert await missing(again, said) == []
    assert {what for what, _ in said} == {"there", "more", "going", "gone"}


async def test_a_process_ends_after_closing_its_store(store: SqliteStore, folder: Path) -> None:
    await store.close()
    command = [sys.executable, "-m", "tests.store.kit.instance", "open", str(folder)]
    subprocess.run(command, cwd=ROOT, timeout=60, check=True)  # noqa: ASYNC221  nothing else runs meanwhile
    assert sorted(file.name for file in folder.iterdir()) == ["chunks.data", "lock", "store.sqlite"]


class Told:
    """What the killed instances said of their files."""

    def __init__(self) -> None:
        self.begun: set[bytes] = set()
        self.confirmed: dict[bytes, set[int]] = {}
        self.mailboxes: dict[bytes, bytes] = {}
        self.claimed: set[bytes] = set()
        self.going: set[bytes] = set()
        self.gone: set[bytes] = set()

    def add(self, what: str, said: bytes) -> None:
        """One line."""
        name, rest = said[:32], said[32:]
        if what == "chunks":
            self.confirmed.setdefault(name, set()).update(range(rest[0], rest[0] + rest[1]))
        elif what == "claiming":
            self.mailboxes[name] = rest
        else:
            getattr(self, what).add(name)


async def check_files(store: SqliteStore, told: Told) -> None:
    """All that was confirmed is there with its bytes, and an envelope never without its whole file."""
    for name in told.begun - told.gone:
        ranges = await store.stored_chunks(ORGANISATION.id, name)
        there = {number for begin, end in ranges for number in range(begin, end)}
        if name in told.going:
            continue  # its deletion was under way
        assert there >= told.confirmed.get(name, set())
        box = told.mailboxes.get(name)
        opened = box is not None and bool(await store.envelopes(box))
        assert opened or name not in told.claimed
        found = await store.chunks(ORGANISATION.id, name, 0, 3)
        assert found == ([sealed(name, number) for number in range(3)] if opened else [])


def traces(folder: Path, names: set[bytes]) -> list[str]:
    """The files that hold a part of one of these."""
    contents = {file.name: file.read_bytes() for file in folder.iterdir()}
    return [file for file, held in contents.items() for name in names if name[:24] in held]


async def nameless(store: SqliteStore, folder: Path) -> list[int]:
    """The slots that hold something and that no row names."""
    used = set(await store.readers.read(chunks.slots))
    data = (folder / "chunks.data").read_bytes()
    starts = range(0, len(data), SLOT_BYTES)
    return [at for at, start in enumerate(starts) if at not in used and any(data[start : start + SLOT_BYTES])]


async def test_files_survive_a_kill_between_any_two_steps_or_leave_no_byte(
    store: SqliteStore, folder: Path
) -> None:
    await store.close()
    told, searched = Told(), set[bytes]()
    for _ in range(ROUNDS):
        for what, said in killed_writer(folder, random.randint(1, 120), "files"):
            told.add(what, bytes.fromhex(said))
        async with await open_store(folder) as again:
            await check_files(again, told)
            assert await nameless(again, folder) == []
            await counted(again)
            await again.erase_files()
            await check_files(again, told)
            assert traces(folder, told.gone - searched) == []
            searched |= told.gone
            check = await again.readers.read(lambda c: c.execute("PRAGMA integrity_check").fetchall())
            assert check == [("ok",)]
    async with await open_store(folder) as again:
        for box in told.mailboxes.values():
            await again.delete_mailbox(ORGANISATION.id, box)
        await again.expire(DAY + 2)
        await again.erase_files()
        assert traces(folder, told.begun) == []
        assert await counted(again) == 0
    assert told.gone
    assert told.claimed


@pytest.mark.test_all  # a process for each step; any two of them are a case of the test above
async def test_files_survive_a_kill_before_each_single_step_or_leave_no_byte(
    store: SqliteStore, folder: Path
) -> None:
    """Bytes, wait, rows; and for a deletion: a note, zeros, wait, hole, rows, and only then the slot is free."""
    await store.close()
    for step in count():
        command = [sys.executable, "-m", "tests.store.kit.instance", "one", str(folder), str(step)]
        run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False, timeout=60)  # noqa: ASYNC221
        told = Told()
        for what, said in map(str.split, run.stdout.splitlines()):
            told.add(what, bytes.fromhex(said))
        assert run.returncode in (0, -signal.SIGKILL)
        async with await open_store(folder) as again:
            await check_files(again, told)
            assert await nameless(again, folder) == []
            await counted(again)
            await again.erase_files()
            assert await again.readers.read(blobs.owed) == []
            await check_files(again, told)
            assert traces(folder, told.gone) == []
            for box in told.mailboxes.values():
                await again.delete_mailbox(ORGANISATION.id, box)
            await again.expire(DAY + 2)
            await again.erase_files()
            assert traces(folder, told.begun) == []
            assert await counted(again) == 0
        if run.returncode == 0:
            break
    assert step > 40
    assert len(told.gone) == 2
