"""Files go along with a message, arrive as they were, and are written where nothing can go wrong with them."""

import hashlib
import json
import os
import re
import stat
from pathlib import Path

import pytest

from crypto.encoding import parse_object
from tests.cli.desk import CHANNEL, TEXT, Desk, content
from tests.recorder import recording
from tests.serving import Demo, Server
from tests.terminal import on_terminal

MIB = 1024 * 1024


@pytest.fixture
def desk(demo: Demo, tmp_path: Path) -> Desk:
    return Desk(demo, tmp_path)


@pytest.fixture
def own_desk(own_demo: Demo, tmp_path: Path) -> Desk:
    folder = tmp_path / "desk"
    folder.mkdir()
    return Desk(own_demo, folder)


def test_files_of_three_messages_arrive_as_they_were(desk: Desk) -> None:
    large, small = content(21 * MIB + 17), b"An evidence.\n"
    sent = desk.report(desk.file("large.bin", large), desk.file("notes.txt", small)).json
    listed = [{"name": "large.bin", "bytes": len(large)}, {"name": "notes.txt", "bytes": len(small)}]
    empty, odd = desk.file("empty", b""), desk.file("Ünïcode – 報告.PDF", small)
    message = ("--message-file", str(desk.folder / "text"))
    assert desk.with_receipt(sent["receipt"], "write", *message, "--attach", empty).json
    assert desk.as_adviser("reply", sent["mailbox"], *message, "--attach", odd).json
    said = [listed, [{"name": "empty", "bytes": 0}], [{"name": "Ünïcode – 報告.PDF", "bytes": len(small)}]]
    for seen in (
        desk.with_receipt(sent["receipt"], "read").json,
        desk.as_adviser("show", sent["mailbox"]).json,
    ):
        assert [message["attachments"] for message in seen["messages"]] == said
        assert [message["body"] for message in seen["messages"]] == [TEXT.decode()] * 3
    assert desk.exported(sent["mailbox"]) == {
        "large.bin": large,
        "notes.txt": small,
        "empty": b"",
        "Ünïcode – 報告.PDF": small,
    }
    assert desk.notes == []


def test_a_message_without_files_says_so(desk: Desk) -> None:
    sent = desk.report().json
    assert desk.as_adviser("show", sent["mailbox"]).json["messages"][0]["attachments"] == []
    ran, folder = desk.export(sent["mailbox"])
    assert ran.json == {"files": []}
    assert {path.name for path in folder.iterdir()} == {
        "files",
        "conversation.html",
        "conversation.json",
        "manifest.json",
    }


def test_an_export_is_private_and_its_manifest_has_the_hash_of_everything(desk: Desk) -> None:
    sent = desk.report(desk.file("one.bin", content(300_000)), desk.file("two.txt", b"two")).json
    ran, folder = desk.export(sent["mailbox"])
    paths = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    manifest = parse_object((folder / "manifest.json").read_bytes())
    assert {row["path"] for row in manifest["files"]} == paths - {"manifest.json"}
    assert manifest["missing"] == []
    for row in manifest["files"]:
        data = (folder / row["path"]).read_bytes()
        assert (row["bytes"], row["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    for row in ran.json["files"]:
        data = (folder / "files" / row["name"]).read_bytes()
        assert (row["bytes"], row["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    read = json.loads((folder / "conversation.json").read_text("ascii"))
    assert [file["file"] for file in read["messages"][0]["attachments"]] == ["files/one.bin", "files/two.txt"]
    assert read["messages"][0]["attachments"][1]["type"] == "text/plain"
    assert read["messages"][0]["name"] == "The reporter"
    assert (read["id"], read["channel"]) == (sent["mailbox"], CHANNEL)


def test_an_export_goes_only_where_nothing_is(desk: Desk) -> None:
    sent = desk.report().json
    occupied = desk.folder / "occupied"
    occupied.mkdir()
    (occupied / "mine").write_text("mine")
    assert "not empty" in desk.export(sent["mailbox"], "occupied")[0].refused("not empty")
    desk.export(sent["mailbox"], "occupied/mine")[0].refused("That is a file")
    desk.export(sent["mailbox"], "no/where")[0].refused("does not exist")
    assert (occupied / "mine").read_text() == "mine"
    empty = desk.folder / "empty"
    empty.mkdir(mode=0o755)
    assert desk.export(sent["mailbox"], "empty")[0].json
    assert stat.S_IMODE(empty.stat().st_mode) == 0o700
    nothing = desk.export("A" * 43, "nothing")
    nothing[0].refused("no such conversation")
    assert not nothing[1].exists()


HOSTILE = {
    "\u202egpj.exe": "gpj.exe",
    "a\\..\\b.txt": "b.txt",
    "CON.txt": "_CON.txt",
    "-rf": "_-rf",
    ".bashrc": "bashrc",
    "letter.pdf.exe": "letter_pdf.exe",
    "\x1b[2J\nsecond line.txt": "[2Jsecond line.txt",
    "<b onclick=x>.html": "_b onclick=x_.html",
    "same.txt": "same.txt",
    "SAME.TXT": "SAME (2).TXT",
}


def test_hostile_names_arrive_harmless_and_are_shown_for_what_they_are(desk: Desk) -> None:
    paths = [desk.file(name, name.encode()) for name in HOSTILE]
    (desk.folder / "elsewhere").mkdir()
    paths.append(desk.file("elsewhere/same.txt", b"another of that name"))
    sent = desk.report(*paths).json
    shown = desk.as_adviser("show", sent["mailbox"]).json
    assert [item["name"] for item in shown["messages"][0]["attachments"]] == [*HOSTILE, "same.txt"]
    files = desk.exported(sent["mailbox"])
    assert list(files) == [*HOSTILE.values(), "same (3).txt"]
    assert {path.name for path in (desk.folder / "out" / "files").iterdir()} == set(files)
    assert list(files.values()) == [*(name.encode() for name in HOSTILE), b"another of that name"]
    page = (desk.folder / "out" / "conversation.html").read_text("utf-8")
    for trick in ("\u202e", "\x1b", "<b onclick"):
        assert trick not in page
    assert '<span class="sign">U+202E</span>gpj.exe' in page
    assert "default-src &#x27;none&#x27;" in page


def test_a_name_that_is_no_text_is_sent_as_what_can_be_read_of_it(desk: Desk) -> None:
    path = desk.folder / os.fsdecode(b"caf\xe9.txt")
    path.write_bytes(b"latin")
    sent = desk.report(str(path)).json
    shown = desk.as_adviser("show", sent["mailbox"]).json
    assert shown["messages"][0]["attachments"] == [{"name": "caf\ufffd.txt", "bytes": 5}]


def test_64_files_go_along_and_65_do_not(desk: Desk) -> None:
    paths = [desk.file(f"{number}.txt", str(number).encode()) for number in range(65)]
    refusal = desk.report(*paths).refused("at most 64 files")
    assert "the server has nothing of it" in refusal
    sent = desk.report(*paths[:64]).json
    files = desk.exported(sent["mailbox"])
    assert files == {f"{number}.txt": str(number).encode() for number in range(64)}


def test_the_same_file_twice_are_two_files(desk: Desk) -> None:
    path = desk.file("twice.bin", content(600_000))
    sent = desk.report(path, path).json
    assert list(desk.exported(sent["mailbox"])) == ["twice.bin", "twice (2).bin"]


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "closed"])
def test_what_cannot_be_read_is_named_before_anything_is_sent(desk: Desk, kind: str) -> None:
    path = desk.folder / f"{kind}\u202e"
    if kind == "folder":
        path.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
    if kind == "closed":
        path = Path("/proc/self/mem/nothing")
    desk.url = "http://127.0.0.1:9/demo/"
    refusal = desk.report(str(path)).refused("This file can't be read.")
    assert kind == "closed" or f"{kind}\ufffd" in refusal
    assert "\u202e" not in refusal
    assert desk.notes == []


def test_a_file_beyond_what_the_server_takes_is_refused_before_it_is_read(own_desk: Desk) -> None:
    demo = own_desk.demo
    demo.stop()
    command = ["demo", "--port", "0", "--data", str(demo.data), "--json", "--largest-file", "1M"]
    demo.server = Server(command, demo.logs / "small")
    demo.codes = json.loads(demo.server.first_line)
    large = own_desk.file("large.bin", bytes(MIB + 1))
    refusal = own_desk.report(large).refused("larger than the server takes")
    assert "large.bin: at most 1,048,576 bytes." in refusal
    assert own_desk.report(own_desk.file("largest.bin", content(MIB))).json
    assert own_desk.notes == []


def test_a_server_without_room_for_files_says_so_and_goes_on_when_there_is(own_desk: Desk) -> None:
    path, data = own_desk.file("a.bin", content(12 * MIB)), content(12 * MIB)
    # The file of texts is far smaller than that, the file of chunks becomes larger.
    own_desk.demo.server.limit_files(6 * MIB)
    refusal = own_desk.report(path, options=("--patience", "1")).refused("no room for files")
    assert "the files go on where they stopped" in refusal
    assert len(own_desk.notes) == 1
    assert own_desk.report().json, "a text still goes in"
    own_desk.demo.server.limit_files(-1)
    with recording(own_desk.demo.url) as recorder:
        own_desk.url = recorder.address(own_desk.demo.url)
        sent = own_desk.report(path).json
        rest = sum(len(line.sent) for line in recorder.take())
    assert 6 * MIB < rest < 9 * MIB, "what had arrived was kept"
    own_desk.url = ""
    assert own_desk.exported(sent["mailbox"]) == {"a.bin": data}
    assert own_desk.notes == []


def test_a_terminal_shows_how_far_a_file_is_and_why_it_waits(own_desk: Desk) -> None:
    path = own_desk.file("a\u202e.bin", content(12 * MIB))
    own_desk.report()
    server = own_desk.demo.pinned
    message = ("--message-file", str(own_desk.folder / "text"), "--channel", CHANNEL, "--no-resume")
    call = ["report", "--server", server, *message, "--patience", "1", "--attach", path]
    own_desk.demo.server.limit_files(6 * MIB)
    waited = on_terminal(call, [])
    assert "The server has no room for files now." in waited.screen
    assert "Still trying; Ctrl-C stops it." in waited.screen
    own_desk.demo.server.limit_files(-1)
    sent = on_terminal(call, [])
    assert sent.ran.out.startswith("Received.")
    assert re.search(r"\ra\ufffd\.bin: 100 %, [0-9.]+ MB/s *\r\n", sent.screen), sent.screen
    assert "\u202e" not in sent.screen


def test_memory_does_not_grow_with_a_file(own_desk: Desk) -> None:
    peaks = []
    for size in (8 * MIB, 128 * MIB):
        with (own_desk.folder / f"{size}.bin").open("wb") as file:
            file.truncate(size)
        peaks.append(own_desk.peaks(str(own_desk.folder / f"{size}.bin"), f"out-{size}"))
        assert (own_desk.folder / f"out-{size}" / "files" / f"{size}.bin").stat().st_size == size
    for small, large in zip(*peaks, strict=True):
        assert large - small < 16 * 1024, peaks
