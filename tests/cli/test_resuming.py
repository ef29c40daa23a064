"""A sending of files that is broken off goes on where it was, and what is kept for that gives nothing away."""

import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from crypto.attachment import SECRET_LENGTH
from intake.client.resuming import VERSION
from tests.cli.desk import Desk, content
from tests.cli.gate import Gate, gate_to
from tests.recorder import recording
from tests.serving import Demo

MIB = 1024 * 1024
SIZE = 24 * MIB
HELD = 14 * MIB
# What was sent and not confirmed when it broke off, or what the line still held: three requests of at most 4 MiB.
UNDER_WAY = 13 * MIB


@pytest.fixture
def desk(own_demo: Demo, tmp_path: Path) -> Desk:
    folder = tmp_path / "desk"
    folder.mkdir()
    return Desk(own_demo, folder)


@pytest.fixture
def gate(desk: Desk) -> Iterator[Gate]:
    with gate_to(desk.demo.url, HELD) as gate:
        desk.url = gate.address(desk.demo.url)
        yield gate


def sent_by_rerun(desk: Desk, path: str) -> tuple[str, int]:
    """Run the same command again: the mailbox, and how many bytes it sent."""
    with recording(desk.demo.url) as recorder:
        desk.url = recorder.address(desk.demo.url)
        mailbox = desk.report(path).json["mailbox"]
        sent = sum(len(line.sent) for line in recorder.take())
    desk.url = ""
    return mailbox, sent


def test_a_command_that_was_killed_goes_on_with_the_rest(desk: Desk, gate: Gate) -> None:
    data = content(SIZE)
    path = desk.file("papers.zip", data)
    started = desk.start_report(path)
    gate.wait_until_held()
    [note] = desk.notes
    started.kill()
    gate.cut()
    assert desk.notes == [note]
    mailbox, sent = sent_by_rerun(desk, path)
    assert sent < SIZE - HELD + UNDER_WAY, "what was there was sent again"
    assert desk.exported(mailbox) == {"papers.zip": data}
    assert desk.notes == []


def test_a_note_is_private_and_holds_nothing_but_a_secret(desk: Desk, gate: Gate) -> None:
    path = desk.file("papers.zip", content(SIZE))
    started = desk.start_report(path)
    gate.wait_until_held()
    [note] = desk.notes
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert stat.S_IMODE(note.parent.stat().st_mode) == 0o700
    assert len(note.name) == 43
    kept = note.read_bytes()
    assert kept.startswith(VERSION)
    assert len(kept) == len(VERSION) + SECRET_LENGTH
    started.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_ended_says_that_the_same_goes_on(desk: Desk, gate: Gate, number: int) -> None:
    path = desk.file("papers.zip", content(SIZE))
    started = desk.start_report(path)
    gate.wait_until_held()
    refusal = started.end(number).refused("Interrupted.")
    assert refusal.splitlines()[-1].endswith(
        "run the same command again; the files go on where they stopped."
    )
    assert len(desk.notes) == 1


def test_without_resuming_there_is_no_note_and_no_promise(desk: Desk, gate: Gate) -> None:
    data = content(SIZE)
    path = desk.file("papers.zip", data)
    started = desk.start_report(path, options=("--no-resume",))
    gate.wait_until_held()
    assert desk.notes == []
    assert "where they stopped" not in started.end(signal.SIGINT).refused("Interrupted.")
    gate.open()
    mailbox = desk.report(path, options=("--no-resume",)).json["mailbox"]
    desk.url = ""
    assert desk.exported(mailbox) == {"papers.zip": data}
    assert not (desk.folder / "run" / "drempel").exists()


def test_a_server_that_was_killed_costs_no_more_than_what_was_under_way(desk: Desk, gate: Gate) -> None:
    data = content(SIZE)
    started = desk.start_report(desk.file("papers.zip", data))
    gate.wait_until_held()
    desk.demo.server.kill()
    gate.cut()
    desk.demo.start()
    gate.url = desk.demo.url
    gate.open()
    mailbox = started.end().json["mailbox"]
    assert gate.sent < SIZE + UNDER_WAY
    desk.url = ""
    assert desk.exported(mailbox) == {"papers.zip": data}


def test_a_line_that_breaks_ten_times_loses_nothing(desk: Desk, gate: Gate) -> None:
    data = content(SIZE)
    gate.open(MIB)
    started = desk.start_report(desk.file("papers.zip", data))
    for number in range(10):
        gate.wait_until_held()
        gate.open(gate.sent + (number + 1) * MIB // 2)
        gate.cut()
    gate.open()
    mailbox = started.end().json["mailbox"]
    desk.url = ""
    assert desk.exported(mailbox) == {"papers.zip": data}


def test_a_file_that_changes_on_its_way_is_sent_anew_and_said_to_be(desk: Desk, gate: Gate) -> None:
    changed = content(SIZE, seed=2)
    path = desk.file("papers.zip", content(SIZE))
    started = desk.start_report(path)
    gate.wait_until_held()
    Path(path).write_bytes(changed)
    gate.open()
    ran = started.end()
    assert ran.err == "papers.zip changed while it was read: it was read and sent again.\n"
    desk.url = ""
    assert desk.exported(ran.json["mailbox"]) == {"papers.zip": changed}
    assert desk.notes == []


def test_a_file_that_changed_before_the_command_ran_again_is_another_file(desk: Desk, gate: Gate) -> None:
    path = desk.file("papers.zip", content(SIZE))
    started = desk.start_report(path)
    gate.wait_until_held()
    started.kill()
    gate.cut()
    Path(path).write_bytes(content(SIZE, seed=2))
    mailbox, sent = sent_by_rerun(desk, path)
    assert sent > SIZE
    assert desk.exported(mailbox) == {"papers.zip": content(SIZE, seed=2)}


def test_a_message_that_had_arrived_before_its_command_was_killed_shares_no_blob(desk: Desk) -> None:
    """The note says where the blob is; but another message has it, so the file is sealed anew."""
    path = desk.file("papers.zip", content(SIZE))
    with gate_to(desk.demo.url, SIZE - MIB) as gate:
        desk.url = gate.address(desk.demo.url)
        started = desk.start_report(path)
        gate.wait_until_held()
        [note] = desk.notes
        kept = note.read_bytes()
        gate.open()
        first = started.end().json["mailbox"]
    assert desk.notes == []
    assert not note.parent.parent.exists(), "even an empty folder would tell"
    note.parent.mkdir(parents=True)
    note.write_bytes(kept)
    note.chmod(0o600)
    second, sent = sent_by_rerun(desk, path)
    assert sent > SIZE
    assert desk.notes == []
    for name, mailbox in (("one", first), ("two", second)):
        assert desk.exported(mailbox, name) == {"papers.zip": content(SIZE)}
