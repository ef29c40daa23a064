"""A process that is killed has lost nothing that it confirmed, and one that closes its store ends."""

# ruff: noqa: ASYNC240  a test's loop runs nothing else that looking at files could hold up

import random
import subprocess
import sys
from pathlib import Path

from intake.store import SqliteStore, open_store
from tests.project import ROOT
from tests.store.rows import DAY, ORGANISATION, content

ROUNDS = 10


def killed_writer(folder: Path, lines: int) -> list[list[str]]:
    """The words of each line that a writing instance said until it was killed, some time after `lines` lines."""
    command = [sys.executable, "-m", "tests.store.instance", "write", str(folder)]
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
    command = [sys.executable, "-m", "tests.store.instance", "open", str(folder)]
    subprocess.run(command, cwd=ROOT, timeout=60, check=True)  # noqa: ASYNC221  nothing else runs meanwhile
    assert sorted(file.name for file in folder.iterdir()) == ["chunks.sqlite", "lock", "store.sqlite"]
