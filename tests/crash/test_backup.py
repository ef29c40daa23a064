"""Backups of the real service in a process of its own: under load, with kills in the midst, and its memory."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from intake.service.control import NO_ANSWER
from intake.store import BlobClaim, Mailbox, open_store
from tests.cli.kit.user import Started
from tests.crash.clients import STORED, ServiceConnection, Writer, request
from tests.crash.ledger import Kept, Ledger, read
from tests.crash.test_files import Place
from tests.crash.test_kill import settled
from tests.kit.inherited import environment
from tests.kit.serving import DREMPEL, LONGEST, Ran, until
from tests.project import ROOT
from tests.service.kit.opaque_file import File, claims_of
from tests.service.kit.opaque_organisation import Box
from tests.store.kit.rows import sealed

CLIENTS = 4
LARGE = 256  # chunks: 64 MiB, which takes a backup long enough for others to come in between
GROWTH = 32 * 1024  # KiB
ENDS = [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.test_all)]
FILES, DELETIONS = 4, 10  # before a backup begins


@dataclass
class Sent:
    """A report with a file, as its client knows it."""

    box: Box
    file: File
    confirmed: bool = False
    deleting: bool = False
    gone: bool = False


@dataclass
class Sender:
    """A client whose reports have files; every second is deleted again."""

    place: Place
    sent: list[Sent] = field(default_factory=list)
    finish: bool = False

    async def work(self) -> None:
        """One report after another, until told to finish."""
        line = ServiceConnection(self.place.service)
        while not self.finish:
            report = Sent(self.place.world.box(), File(3))
            assert await self.place.put(line, report.file, 0, 3) == STORED
            self.sent.append(report)
            body = report.box.creation + claims_of(report.file) + report.box.opening
            path = self.place.path(report.box.opening_path)
            assert (await line.exchange(request("PUT", path, body)))[0] == STORED
            report.confirmed = True
            if len(self.sent) % 2:
                report.deleting = True
                path, token = self.place.path(report.box.path), report.box.tokens["delete"]
                assert (await line.exchange(request("DELETE", path, token=token)))[0] == STORED
                report.gone = True
        await line.close()


async def with_large_file(place: Place) -> None:
    """Put a report with a large file into the folder, while no service runs."""
    box = os.urandom(32)
    async with await open_store(place.folder) as store:
        (organisation,) = await store.organisations()
        for first in range(0, LARGE, 16):
            chunks = [sealed(b"L" * 32, at) for at in range(first, first + 16)]
            await store.put_chunks(organisation.id, b"L" * 32, first, chunks, 1 << 20)
        mailbox = Mailbox(box, organisation.id, bytes(225), 1, 1 << 20, 1)
        await store.create_mailbox(mailbox, b"e" * 16, b"opening", [BlobClaim(b"L" * 32, LARGE)])


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    made = Place(tmp_path / "data", await settled(tmp_path / "data"))
    await with_large_file(made)
    try:
        await made.service.start()
        yield made
    finally:
        await made.service.abandon()


def run(command: list[str]) -> Started:
    pipes: Any = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return Started(subprocess.Popen(command, env=environment(), cwd=ROOT, **pipes))


async def ran(*arguments: str) -> Ran:
    return await asyncio.to_thread(run([DREMPEL, *arguments]).end)


def backed_up(place: Place, to: Path) -> list[str]:
    to.parent.mkdir(exist_ok=True)
    return ["backup", "--data", str(place.folder), "--to", str(to), "--json"]


async def test_under_load_it_has_all_that_was_confirmed_before_and_nothing_half(
    place: Place, tmp_path: Path
) -> None:
    ledger, file, data = Ledger(), tmp_path / "out" / "backup", tmp_path / "restored"
    writers = [Writer(place.service, place.world, ledger, random.Random(number)) for number in range(CLIENTS)]
    sender = Sender(place)
    place.service.up.set()
    working = [asyncio.create_task(sender.work()), *(asyncio.create_task(one.work()) for one in writers)]
    try:
        await enough(ledger, sender)
        certain = [(kept, dict(kept.confirmed)) for kept in ledger.kept if not kept.deleting]
        certain_files = [report for report in sender.sent if report.confirmed and not report.deleting]
        gone = [kept.box for kept in ledger.kept if kept.gone]
        before = len(ledger.kept)
        made = (await ran(*backed_up(place, file))).json
        later = len(ledger.kept) - before
    finally:
        sender.finish = True
        for writer in writers:
            writer.finish.set()
        await asyncio.gather(*working)
    await place.service.stop()
    assert later > 0, "nothing came in between"

    assert (await ran("restore", "--data", str(data), "--from", str(file), "--json")).json == made
    there = Place(data, place.world)
    await there.service.start()
    try:
        mailboxes = await compare(there, ledger.kept, {id(kept): sent for kept, sent in certain}, gone)
        mailboxes += await compare_files(there, sender.sent, certain_files)
        assert mailboxes + 1 == made["mailboxes"]
    finally:
        await there.service.stop()


async def enough(ledger: Ledger, sender: Sender) -> None:
    """Wait until reports of each kind have come, and some are gone again."""
    for _ in range(int(LONGEST * 100)):
        if len(sender.sent) >= FILES and sum(kept.gone for kept in ledger.kept) >= DELETIONS:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the clients do nothing")


async def compare(
    there: Place, all_kept: list[Kept], certain: dict[int, dict[bytes, bytes]], gone: list[Box]
) -> int:
    """Hold what was restored against what clients were told; how many mailboxes there are."""
    line, number = ServiceConnection(there.service), 0
    for kept in all_kept:
        stored = await read_box(there, line, kept.box)
        if stored is None:
            assert kept.deleting or id(kept) not in certain, "a confirmed mailbox is missing"
            continue
        number += 1
        assert kept.box not in gone, "a deleted mailbox is back"
        assert certain.get(id(kept), {}).items() <= stored.items(), "a confirmed envelope is missing"
        assert stored.items() <= (kept.confirmed | kept.sent).items(), "there is what nobody sent"
    await line.close()
    return number


async def compare_files(there: Place, all_sent: list[Sent], certain: list[Sent]) -> int:
    """The same for reports with files."""
    line, number = ServiceConnection(there.service), 0
    for report in all_sent:
        path = there.path(f"{report.file.path}/chunks/0")
        status, body = await line.exchange(request("GET", path, token=report.file.token))
        if await read_box(there, line, report.box) is None:
            assert report.deleting or report not in certain, "a confirmed report is missing"
            assert status != 200
            continue
        number += 1
        assert (status, body) == (200, b"".join(report.file.chunks)), "a file is not whole"
    await line.close()
    return number


async def read_box(there: Place, line: ServiceConnection, box: Box) -> dict[bytes, bytes] | None:
    path = there.path(box.path)
    status, answer = await line.exchange(request("GET", path, token=box.tokens["read"]))
    assert status == 200
    return read(box, answer)


async def test_the_service_never_holds_a_backup(place: Place, tmp_path: Path) -> None:
    await place.idle()
    place.forget_peak()
    before = place.service.memory("VmRSS")
    made = (await ran(*backed_up(place, tmp_path / "out" / "backup"))).json
    assert made["bytes"] > LARGE << 18
    assert place.service.memory("VmHWM") - before < GROWTH
    await place.service.stop()


# `drempel`, but it stops after the first piece that it has written, as if by SIGSTOP from outside.
STOPPING = """
import os, signal
from intake.cli import main
from intake.cli.operator import backup
def write(file, piece, write=backup._write):
    write(file, piece)
    backup._write = write
    os.kill(os.getpid(), signal.SIGSTOP)
backup._write = write
main()
"""


# The same in a restore, after the first records of a file.
STOPPING_RESTORE = """
import os, signal
from intake.cli import main
from intake.store.sqlite.files import Files
async def load(self, numbered, load=Files.load):
    await load(self, numbered)
    Files.load = load
    os.kill(os.getpid(), signal.SIGSTOP)
Files.load = load
main()
"""


async def begun(program: str, arguments: list[str]) -> Started:
    """A command that has stopped in its midst."""
    started = run([sys.executable, "-c", program, *arguments])
    await asyncio.to_thread(until, lambda: state(started.process.pid) in "TZ", "it writes nothing")
    assert state(started.process.pid) == "T"
    return started


def state(pid: int) -> str:
    """Of a process, as proc(5) names it."""
    return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]


@pytest.mark.parametrize("number", ENDS)
async def test_a_service_that_ends_in_the_midst_leaves_no_backup_and_one_line(
    place: Place, tmp_path: Path, number: signal.Signals
) -> None:
    folder = tmp_path / "out"
    started = await begun(STOPPING, backed_up(place, folder / "backup"))
    await (place.service.kill() if number == signal.SIGKILL else place.service.stop())
    started.process.send_signal(signal.SIGCONT)
    said = await asyncio.to_thread(started.end)
    assert said.refused(NO_ANSWER)
    assert list(folder.iterdir()) == []
    made = (await ran(*backed_up(place, folder / "backup"))).json  # without a service
    assert made["mailboxes"] == 1
    assert [path.name for path in folder.iterdir()] == ["backup"]


@pytest.mark.parametrize("number", ENDS)
async def test_a_command_that_ends_in_the_midst_leaves_no_backup_and_the_service_goes_on(
    place: Place, tmp_path: Path, number: signal.Signals
) -> None:
    folder = tmp_path / "out"
    started = await begun(STOPPING, backed_up(place, folder / "backup"))
    started.process.send_signal(number)
    started.process.send_signal(signal.SIGCONT)
    said = await asyncio.to_thread(started.end)
    assert not (folder / "backup").exists()
    if number != signal.SIGKILL:
        assert said.refused("Interrupted. No backup was made.")
        assert list(folder.iterdir()) == []
    line, file = ServiceConnection(place.service), File(3)
    assert await place.put(line, file, 0, 3) == STORED
    assert await place.send_with(line, file) == STORED
    await line.close()
    made = (await ran(*backed_up(place, folder / "backup"))).json
    assert made["mailboxes"] == 2
    await place.service.stop()


@pytest.mark.parametrize("number", ENDS)
async def test_a_restore_that_ends_in_the_midst_is_no_store_and_the_same_again_works(
    place: Place, tmp_path: Path, number: signal.Signals
) -> None:
    await place.service.stop()
    file, data = tmp_path / "out" / "backup", tmp_path / "restored"
    made = (await ran(*backed_up(place, file))).json
    arguments = ["restore", "--data", str(data), "--from", str(file), "--json"]
    started = await begun(STOPPING_RESTORE, arguments)
    started.process.send_signal(number)
    started.process.send_signal(signal.SIGCONT)
    said = await asyncio.to_thread(started.end)
    if number != signal.SIGKILL:
        assert said.refused("Interrupted. Nothing was restored.")
        assert not data.exists()
    else:
        for command in (["serve", "--port", "0"], ["doctor"]):
            refused = await ran(*command, "--data", str(data))
            assert refused.refused("A restore into it was not finished: run `drempel restore` again.")
    assert (await ran(*arguments)).json == made
    assert sorted(path.name for path in data.iterdir()) == ["chunks.data", "lock", "store.sqlite"]
