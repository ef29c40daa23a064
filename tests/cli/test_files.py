"""Files go along with a message, arrive as they were, and are written where nothing can go wrong with them."""

import hashlib
import json
import os
import re
import stat
from pathlib import Path

import pytest

from crypto.public.encoding import parse_object
from tests.cli.kit.user import CHANNEL, TEXT, User, content
from tests.kit.recorder import recording
from tests.kit.relay import relay_to
from tests.kit.serving import Demo, Server
from tests.kit.terminal import on_terminal

MIB = 1024 * 1024


@pytest.fixture
def user(demo: Demo, tmp_path: Path) -> User:
    return User(demo, tmp_path)


@pytest.fixture
def own_user(own_demo: Demo, tmp_path: Path) -> User:
    folder = tmp_path / "user"
    folder.mkdir()
    return User(own_demo, folder)


def test_files_of_three_messages_arrive_as_they_were(user: User) -> None:
    large, small = content(21 * MIB + 17), b"An evidence.\n"
    sent = user.report(user.file("large.bin", large), user.file("notes.txt", small)).json
    listed = [{"name": "large.bin", "bytes": len(large)}, {"name": "notes.txt", "bytes": len(small)}]
    empty, odd = user.file("empty", b""), user.file("Ünïcode – 報告.PDF", small)
    message = ("--message-file", str(user.folder / "text"))
    assert user.with_receipt(sent["receipt"], "write", *message, "--attach", empty).json
    assert user.as_adviser("reply", sent["mailbox"], *message, "--attach", odd).json
    said = [listed, [{"name": "empty", "bytes": 0}], [{"name": "Ünïcode – 報告.PDF", "bytes": len(small)}]]
    for seen in (
        user.with_receipt(sent["receipt"], "read").json,
        user.as_adviser("show", sent["mailbox"]).json,
    ):
        assert [message["attachments"] for message in seen["messages"]] == said
        assert [message["body"] for message in seen["messages"]] == [TEXT.decode()] * 3
    assert user.exported(sent["mailbox"]) == {
        "large.bin": large,
        "notes.txt": small,
        "empty": b"",
        "Ünïcode – 報告.PDF": small,
    }
    assert user.notes == []


def test_a_message_without_files_says_so(user: User) -> None:
    sent = user.report().json
    assert user.as_adviser("show", sent["mailbox"]).json["messages"][0]["attachments"] == []
    ran, folder = user.export(sent["mailbox"])
    assert ran.json == {"files": []}
    assert {path.name for path in folder.iterdir()} == {
        "files",
        "conversation.html",
        "conversation.json",
        "manifest.json",
    }


def test_an_export_is_private_and_its_manifest_has_the_hash_of_everything(user: User) -> None:
    sent = user.report(user.file("one.bin", content(300_000)), user.file("two.txt", b"two")).json
    ran, folder = user.export(sent["mailbox"])
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


def test_an_export_goes_only_where_nothing_is(user: User) -> None:
    sent = user.report().json
    occupied = user.folder / "occupied"
    occupied.mkdir()
    (occupied / "mine").write_text("mine")
    assert "not empty" in user.export(sent["mailbox"], "occupied")[0].refused("not empty")
    user.export(sent["mailbox"], "occupied/mine")[0].refused("That is a file")
    user.export(sent["mailbox"], "no/where")[0].refused("does not exist")
    assert (occupied / "mine").read_text() == "mine"
    empty = user.folder / "empty"
    empty.mkdir(mode=0o755)
    assert user.export(sent["mailbox"], "empty")[0].json
    assert stat.S_IMODE(empty.stat().st_mode) == 0o700
    nothing = user.export("A" * 43, "nothing")
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


def test_hostile_names_arrive_harmless_and_are_shown_for_what_they_are(user: User) -> None:
    paths = [user.file(name, name.encode()) for name in HOSTILE]
    (user.folder / "elsewhere").mkdir()
    paths.append(user.file("elsewhere/same.txt", b"another of that name"))
    sent = user.report(*paths).json
    shown = user.as_adviser("show", sent["mailbox"]).json
    assert [item["name"] for item in shown["messages"][0]["attachments"]] == [*HOSTILE, "same.txt"]
    files = user.exported(sent["mailbox"])
    assert list(files) == [*HOSTILE.values(), "same (3).txt"]
    assert {path.name for path in (user.folder / "out" / "files").iterdir()} == set(files)
    assert list(files.values()) == [*(name.encode() for name in HOSTILE), b"another of that name"]
    page = (user.folder / "out" / "conversation.html").read_text("utf-8")
    for trick in ("\u202e", "\x1b", "<b onclick"):
        assert trick not in page
    assert '<span class="sign">U+202E</span>gpj.exe' in page
    assert "default-src &#x27;none&#x27;" in page


def test_a_name_that_is_no_text_is_sent_as_what_can_be_read_of_it(user: User) -> None:
    path = user.folder / os.fsdecode(b"caf\xe9.txt")
    path.write_bytes(b"latin")
    sent = user.report(str(path)).json
    shown = user.as_adviser("show", sent["mailbox"]).json
    assert shown["messages"][0]["attachments"] == [{"name": "caf\ufffd.txt", "bytes": 5}]


def test_64_files_go_along_and_65_do_not(user: User) -> None:
    paths = [user.file(f"{number}.txt", str(number).encode()) for number in range(65)]
    refusal = user.report(*paths).refused("at most 64 files")
    assert "the server has nothing of it" in refusal
    sent = user.report(*paths[:64]).json
    files = user.exported(sent["mailbox"])
    assert files == {f"{number}.txt": str(number).encode() for number in range(64)}


def test_the_same_file_twice_are_two_files(user: User) -> None:
    path = user.file("twice.bin", content(600_000))
    sent = user.report(path, path).json
    assert list(user.exported(sent["mailbox"])) == ["twice.bin", "twice (2).bin"]


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "closed"])
def test_what_cannot_be_read_is_named_before_anything_is_sent(user: User, kind: str) -> None:
    path = user.folder / f"{kind}\u202e"
    if kind == "folder":
        path.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
    if kind == "closed":
        path = Path("/proc/self/mem/nothing")
    user.url = "http://127.0.0.1:9/demo/"
    refusal = user.report(str(path)).refused("This file can't be read.")
    assert kind == "closed" or f"{kind}\ufffd" in refusal
    assert "\u202e" not in refusal
    assert user.notes == []


def test_a_file_beyond_what_the_server_takes_is_refused_before_it_is_read(own_user: User) -> None:
    demo = own_user.demo
    demo.stop()
    command = ["demo", "--port", "0", "--data", str(demo.data), "--json", "--largest-file", "1M"]
    demo.server = Server(command, demo.logs / "small")
    demo.codes = json.loads(demo.server.first_line)
    large = own_user.file("large.bin", bytes(MIB + 1))
    refusal = own_user.report(large).refused("larger than the server takes")
    assert "large.bin: at most 1,048,576 bytes." in refusal
    assert own_user.report(own_user.file("largest.bin", content(MIB))).json
    assert own_user.notes == []


def test_a_server_without_room_for_files_says_so_and_goes_on_when_there_is(own_user: User) -> None:
    data = content(24 * MIB)
    path = own_user.file("a.bin", data)
    with relay_to(own_user.demo.url, 14 * MIB) as relay:
        own_user.url = relay.address(own_user.demo.url)
        started = own_user.start_report(path, options=("--patience", "1"))
        relay.wait_until_held()
        # The log of the database is smaller than that, and hardly any slot of the file of chunks is below.
        own_user.demo.server.limit_files(MIB)
        relay.open()
        refusal = started.end().refused("no room for files")
    own_user.url = ""
    assert "the files go on where they stopped" in refusal
    assert len(own_user.notes) == 1
    assert own_user.report().json, "a text still goes in"
    own_user.demo.server.limit_files(-1)
    with recording(own_user.demo.url) as recorder:
        own_user.url = recorder.address(own_user.demo.url)
        sent = own_user.report(path).json
        rest = sum(len(line.sent) for line in recorder.take())
    assert 10 * MIB < rest < 23 * MIB, "what had arrived was kept"
    own_user.url = ""
    assert own_user.exported(sent["mailbox"]) == {"a.bin": data}
    assert own_user.notes == []


def test_a_terminal_shows_how_far_a_file_is_and_why_it_waits(own_user: User) -> None:
    path = own_user.file("a\u202e.bin", content(12 * MIB))
    own_user.report()
    server = own_user.demo.pinned
    message = ("--message-file", str(own_user.folder / "text"), "--channel", CHANNEL, "--no-resume")
    call = ["report", "--server", server, *message, "--patience", "1", "--attach", path]
    own_user.demo.server.limit_files(MIB)
    waited = on_terminal(call, [])
    assert "The server has no room for files now." in waited.screen
    assert "Still trying; Ctrl-C stops it." in waited.screen
    own_user.demo.server.limit_files(-1)
    sent = on_terminal(call, [])
    assert sent.ran.out.startswith("Received.")
    assert re.search(r"\ra\ufffd\.bin: 100 %, [0-9.]+ MB/s *\r\n", sent.screen), sent.screen
    assert "\u202e" not in sent.screen


def test_memory_does_not_grow_with_a_file(own_user: User) -> None:
    peaks = []
    for size in (8 * MIB, 128 * MIB):
        with (own_user.folder / f"{size}.bin").open("wb") as file:
            file.truncate(size)
        peaks.append(own_user.peaks(str(own_user.folder / f"{size}.bin"), f"out-{size}"))
        assert (own_user.folder / f"out-{size}" / "files" / f"{size}.bin").stat().st_size == size
    for small, large in zip(*peaks, strict=True):
        assert large - small < 16 * 1024, peaks
