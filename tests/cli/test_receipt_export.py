"""What a reporter takes home with a receipt: the conversation with all its files, and nothing half-done."""

import hashlib
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crypto.codes import new_code
from crypto.encoding import parse_object
from crypto.sealing import os_random
from tests.cli.desk import CHANNEL, Desk, Started, content
from tests.cli.gate import gate_to
from tests.cli.test_files import HOSTILE
from tests.cli.test_usage import run
from tests.serving import Demo, until
from tests.store.test_faults import files_limited_to

SAID = "This leaves the conversation readable on this device.\n"
MIB = 1024 * 1024


@pytest.fixture
def desk(demo: Demo, tmp_path: Path) -> Desk:
    return Desk(demo, tmp_path)


def message(desk: Desk, *files: str) -> list[str]:
    """The options of a message with files."""
    attached = [part for file in files for part in ("--attach", file)]
    return ["--message-file", str(desk.folder / "text"), *attached]


def test_a_reporter_takes_home_what_was_said_and_the_files_of_both_sides(desk: Desk) -> None:
    data = content(2 * MIB)
    sent = desk.report(desk.file("papers.zip", data), options=("--kind", "wrongdoing")).json
    assert desk.as_adviser("reply", sent["mailbox"], *message(desk, desk.file("Réponse.pdf", b"answer"))).json
    more = message(desk, desk.file("more.txt", b"more"))
    assert desk.with_receipt(sent["receipt"], "write", *more).json
    ran, folder = desk.export_own(sent["receipt"])
    files = {"papers.zip": data, "Réponse.pdf": b"answer", "more.txt": b"more"}
    rows = [
        {"name": name, "bytes": len(kept), "sha256": hashlib.sha256(kept).hexdigest()}
        for name, kept in files.items()
    ]
    assert ran.json == {"files": rows}
    assert ran.err == SAID
    assert {path.name: path.read_bytes() for path in (folder / "files").iterdir()} == files
    listed = parse_object((folder / "manifest.json").read_bytes())
    assert listed["missing"] == []
    for row in listed["files"]:
        kept = (folder / row["path"]).read_bytes()
        assert (row["bytes"], row["sha256"]) == (len(kept), hashlib.sha256(kept).hexdigest())
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_both_sides_export_the_same_conversation(desk: Desk) -> None:
    sent = desk.report(desk.file("a.txt", b"a"), options=("--kind", "wrongdoing")).json
    assert desk.as_adviser("reply", sent["mailbox"], *message(desk, desk.file("b.txt", b"b"))).json
    (theirs, out), (ours, own) = desk.export(sent["mailbox"]), desk.export_own(sent["receipt"])
    assert theirs.json == ours.json
    for path in ("conversation.json", "conversation.html", "manifest.json", "files/a.txt", "files/b.txt"):
        assert (out / path).read_bytes() == (own / path).read_bytes()
    read = parse_object((own / "conversation.json").read_bytes())
    assert (read["id"], read["channel"], read["kind"]) == (sent["mailbox"], CHANNEL, "wrongdoing")
    assert [said["name"] for said in read["messages"]] == ["The reporter", "Confidential adviser 1"]


def test_only_the_files_of_others_are_warned_of(desk: Desk) -> None:
    sent = desk.report(desk.file("a.txt", b"a")).json
    warning = "a file can harm the device"
    assert warning not in (desk.export_own(sent["receipt"])[1] / "conversation.html").read_text("utf-8")
    assert desk.as_adviser("reply", sent["mailbox"], *message(desk, desk.file("b.txt", b"b"))).json
    assert warning in (desk.export_own(sent["receipt"], "later")[1] / "conversation.html").read_text("utf-8")


def test_what_may_not_be_read_again_stays_away_with_its_files(desk: Desk) -> None:
    sent = desk.report(desk.file("a.txt", b"a"), options=("--not-rereadable", "--kind", "wrongdoing")).json
    more = message(desk, desk.file("b.txt", b"b"))
    assert desk.with_receipt(sent["receipt"], "write", *more).json
    ran, folder = desk.export_own(sent["receipt"])
    assert [row["name"] for row in ran.json["files"]] == ["b.txt"]
    read = parse_object((folder / "conversation.json").read_bytes())
    assert (read["channel"], read["kind"]) == (CHANNEL, None)
    assert [notice["code"] for notice in read["notices"]] == ["not-rereadable"]


def test_hostile_names_of_a_recipient_arrive_harmless(desk: Desk) -> None:
    sent = desk.report().json
    paths = [desk.file(name, name.encode()) for name in HOSTILE]
    assert desk.as_adviser("reply", sent["mailbox"], *message(desk, *paths)).json
    ran, folder = desk.export_own(sent["receipt"])
    assert [row["name"] for row in ran.json["files"]] == list(HOSTILE.values())
    saved = {path.name: path.read_bytes().decode() for path in (folder / "files").iterdir()}
    assert saved == {safe: name for name, safe in HOSTILE.items()}
    page = (folder / "conversation.html").read_text("utf-8")
    assert not any(trick in page for trick in ("\u202e", "\x1b", "<b onclick"))


def test_a_wrong_receipt_writes_nothing_and_says_only_that(desk: Desk) -> None:
    unknown = new_code("receipt", os_random)
    ran, folder = desk.export_own(unknown)
    assert SAID not in ran.refused("No report belongs", unknown)
    assert not folder.exists()
    ran, folder = desk.export_own("no receipt at all")
    assert SAID not in ran.refused("")
    assert not folder.exists()


def test_it_goes_only_where_nothing_is_and_something_can_be(desk: Desk) -> None:
    receipt = desk.report().json["receipt"]
    mine = desk.folder / "mine"
    mine.mkdir()
    (mine / "kept").write_text("kept")
    desk.url = "http://127.0.0.1:9/demo/"
    for name, word in (
        ("mine", "not empty"),
        ("mine/kept", "That is a file"),
        ("no/where", "does not exist"),
    ):
        assert SAID not in desk.export_own(receipt, name)[0].refused(word)
    desk.url = ""
    # Where nobody can make a folder, not even an administrator.
    refusal = desk.export_own(receipt, "/proc/drempel")[0].refused("The export is not complete")
    assert refusal.startswith(SAID)
    assert (mine / "kept").read_text() == "kept"


def test_a_full_disk_leaves_no_file_that_is_cut_off(desk: Desk) -> None:
    sent = desk.report(desk.file("large.bin", content(3 * MIB)), desk.file("small.bin", b"small")).json
    folder = desk.folder / "own"
    where = ("--server", desk.demo.pinned, "--to", str(folder))
    with files_limited_to(2 * MIB):
        result = run("receipt", "export", *where, DREMPEL_RECEIPT=sent["receipt"])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith(SAID)
    assert "remove the folder, if it is there, and export again" in result.stderr
    assert not (folder / "manifest.json").exists()
    assert [path.name for path in folder.rglob("*")] == ["files"]
    desk.export_own(sent["receipt"])[0].refused("not finished")


@contextmanager
def exporting(desk: Desk) -> Iterator[tuple[Started, Path]]:
    """An export that stands in the middle of a file, and its folder."""
    sent = desk.report(desk.file("large.bin", content(24 * MIB))).json
    with gate_to(desk.demo.url) as gate:
        gate.hold_answers(8 * MIB)
        desk.url = gate.address(desk.demo.url)
        started = desk.start_export_own(sent["receipt"], "own")
        gate.wait_until_held()
        until((desk.folder / "own" / "large.bin.part").exists, "nothing of the file is there")
        yield started, desk.folder / "own"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_export_that_is_ended_says_what_to_do_and_leaves_no_part(desk: Desk, number: int) -> None:
    with exporting(desk) as (started, folder):
        refusal = started.end(number).refused("Interrupted.")
    assert "remove the folder, if it is there, and export again" in refusal
    assert [path.name for path in folder.rglob("*")] == ["files"]


def test_what_a_killed_export_leaves_is_to_be_seen_and_named(desk: Desk) -> None:
    with exporting(desk) as (started, folder):
        started.kill()
    assert {path.name for path in folder.rglob("*")} == {"files", "large.bin.part"}
    refusal = desk.export_own("no receipt at all", "own")[0].refused("not empty")
    assert "looks like an export that was not finished: remove it" in refusal
    (folder / "mine").write_text("mine")
    refusal = desk.export_own("no receipt at all", "own")[0].refused("not empty")
    assert "remove" not in refusal, "somebody's own files are in it"
