"""What a reporter takes home with a receipt: the conversation with all its files, and nothing half-done."""

import errno
import hashlib
import os
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from crypto.public.encoding import parse_object
from crypto.secret.codes import new_code
from crypto.secret.primitives import os_random
from intake.cli.export.folder import ExportFolder
from tests.cli.kit.user import CHANNEL, Started, User, content
from tests.cli.test_files import HOSTILE
from tests.cli.test_usage import run
from tests.kit.relay import relay_to
from tests.kit.serving import Demo, drempel, until
from tests.store.sqlite.test_faults import files_limited_to

SAID = "This leaves the conversation readable on this device.\n"
MIB = 1024 * 1024


@pytest.fixture
def user(demo: Demo, tmp_path: Path) -> User:
    return User(demo, tmp_path)


def message(user: User, *files: str) -> list[str]:
    """The options of a message with files."""
    attached = [part for file in files for part in ("--attach", file)]
    return ["--message-file", str(user.folder / "text"), *attached]


def test_a_reporter_takes_home_what_was_said_and_the_files_of_both_sides(user: User) -> None:
    data = content(2 * MIB)
    sent = user.report(user.file("papers.zip", data), options=("--kind", "wrongdoing")).json
    assert user.as_adviser("reply", sent["mailbox"], *message(user, user.file("Réponse.pdf", b"answer"))).json
    more = message(user, user.file("more.txt", b"more"))
    assert user.with_receipt(sent["receipt"], "write", *more).json
    ran, folder = user.export_own(sent["receipt"])
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


def test_both_sides_export_the_same_conversation(user: User) -> None:
    sent = user.report(user.file("a.txt", b"a"), options=("--kind", "wrongdoing")).json
    assert user.as_adviser("reply", sent["mailbox"], *message(user, user.file("b.txt", b"b"))).json
    (theirs, out), (ours, own) = user.export(sent["mailbox"]), user.export_own(sent["receipt"])
    assert theirs.json == ours.json
    for path in ("conversation.json", "conversation.html", "manifest.json", "files/a.txt", "files/b.txt"):
        assert (out / path).read_bytes() == (own / path).read_bytes()
    read = parse_object((own / "conversation.json").read_bytes())
    assert (read["id"], read["channel"], read["kind"]) == (sent["mailbox"], CHANNEL, "wrongdoing")
    assert [said["name"] for said in read["messages"]] == ["The reporter", "Confidential adviser 1"]


def test_only_the_files_of_others_are_warned_of(user: User) -> None:
    sent = user.report(user.file("a.txt", b"a")).json
    warning = "a file can harm the device"
    assert warning not in (user.export_own(sent["receipt"])[1] / "conversation.html").read_text("utf-8")
    assert user.as_adviser("reply", sent["mailbox"], *message(user, user.file("b.txt", b"b"))).json
    assert warning in (user.export_own(sent["receipt"], "later")[1] / "conversation.html").read_text("utf-8")


def test_what_may_not_be_read_again_stays_away_with_its_files(user: User) -> None:
    sent = user.report(user.file("a.txt", b"a"), options=("--not-rereadable", "--kind", "wrongdoing")).json
    more = message(user, user.file("b.txt", b"b"))
    assert user.with_receipt(sent["receipt"], "write", *more).json
    ran, folder = user.export_own(sent["receipt"])
    assert [row["name"] for row in ran.json["files"]] == ["b.txt"]
    read = parse_object((folder / "conversation.json").read_bytes())
    assert (read["channel"], read["kind"]) == (CHANNEL, None)
    assert [notice["code"] for notice in read["notices"]] == ["not-rereadable"]


def test_hostile_names_of_a_recipient_arrive_harmless(user: User) -> None:
    sent = user.report().json
    paths = [user.file(name, name.encode()) for name in HOSTILE]
    assert user.as_adviser("reply", sent["mailbox"], *message(user, *paths)).json
    ran, folder = user.export_own(sent["receipt"])
    assert [row["name"] for row in ran.json["files"]] == list(HOSTILE.values())
    saved = {path.name: path.read_bytes().decode() for path in (folder / "files").iterdir()}
    assert saved == {safe: name for name, safe in HOSTILE.items()}
    page = (folder / "conversation.html").read_text("utf-8")
    assert not any(trick in page for trick in ("\u202e", "\x1b", "<b onclick"))


def test_a_wrong_receipt_writes_nothing_and_says_only_that(user: User) -> None:
    unknown = new_code("receipt", os_random)
    ran, folder = user.export_own(unknown)
    assert SAID not in ran.refused("No report belongs", unknown)
    assert not folder.exists()
    ran, folder = user.export_own("no receipt at all")
    assert SAID not in ran.refused("")
    assert not folder.exists()


def test_it_goes_only_where_nothing_is_and_something_can_be(user: User) -> None:
    receipt = user.report().json["receipt"]
    mine = user.folder / "mine"
    mine.mkdir()
    (mine / "kept").write_text("kept")
    user.url = "http://127.0.0.1:9/demo/"
    for name, word in (
        ("mine", "not empty"),
        ("mine/kept", "That is a file"),
        ("no/where", "does not exist"),
    ):
        assert SAID not in user.export_own(receipt, name)[0].refused(word)
    user.url = ""
    # Where nobody can make a folder, not even an administrator.
    refusal = user.export_own(receipt, "/proc/drempel")[0].refused("The export is not complete")
    assert refusal.startswith(SAID)
    assert (mine / "kept").read_text() == "kept"


def test_a_file_that_the_place_does_not_take_costs_nothing_else(user: User) -> None:
    """As a file of more than 4 GiB on a stick with FAT."""
    sent = user.report(user.file("large.bin", content(3 * MIB)), user.file("small.bin", b"small")).json
    folder = user.folder / "own"
    where = ("--server", user.demo.pinned, "--to", str(folder))
    with files_limited_to(2 * MIB):
        result = run("receipt", "export", *where, DREMPEL_RECEIPT=sent["receipt"])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith(SAID)
    assert "Not exported: large.bin. This file is larger than the place" in result.stderr
    assert "All the rest is in the folder." in result.stderr
    listed = parse_object((folder / "manifest.json").read_bytes())
    paths = [row["path"] for row in listed["files"]]
    assert paths == ["files/small.bin", "conversation.html", "conversation.json"]
    assert [(row["name"], row["code"]) for row in listed["missing"]] == [("large.bin", "place-too-small")]
    assert "larger than the place" in (folder / "conversation.html").read_text("utf-8")
    assert sorted(path.name for path in folder.rglob("*")) == sorted(
        ["files", "small.bin", "conversation.html", "conversation.json", "manifest.json"]
    )


def test_where_there_is_no_room_for_all_the_texts_come_first(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = user.report(user.file("large.bin", content(MIB)), user.file("small.bin", b"small")).json
    folder = user.folder / "own"
    write = ExportFolder._write

    def full(self: ExportFolder, name: str, text: bytes) -> None:
        if name == "conversation.json" and (folder / "files" / "large.bin").exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, name, text)

    monkeypatch.setattr(ExportFolder, "_write", full)
    where = ("--server", user.demo.pinned, "--to", str(folder))
    result = run("receipt", "export", *where, DREMPEL_RECEIPT=sent["receipt"])
    assert result.exit_code == 1
    assert "Not exported: large.bin. There was no room" in result.stderr
    assert [path.name for path in (folder / "files").iterdir()] == ["small.bin"]
    listed = parse_object((folder / "manifest.json").read_bytes())
    assert [row["code"] for row in listed["missing"]] == ["place-full"]
    for row in listed["files"]:
        assert hashlib.sha256((folder / row["path"]).read_bytes()).hexdigest() == row["sha256"]


PLAIN: Any = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def test_no_locale_keeps_a_file_from_the_export_or_a_name_from_arriving(user: User) -> None:
    names = ["\u20ac nota.txt", "co\u00f6rdinatie.txt"]
    attached = [part for name in names for part in ("--attach", user.file(name, name.encode()))]
    text = user.file("text", b"Text.")
    send = ("report", "--server", user.demo.pinned, "--channel", CHANNEL, "--message-file", text, "--json")
    sent = drempel(*send, *attached, **PLAIN)
    assert sent.err == ""
    folder = user.folder / "own"
    where = ("--server", user.demo.pinned, "--to", str(folder), "--json")
    ran = drempel("receipt", "export", *where, DREMPEL_RECEIPT=sent.json["receipt"], **PLAIN)
    assert [row["name"] for row in ran.json["files"]] == names
    assert {path.name: path.read_text("utf-8") for path in (folder / "files").iterdir()} == dict(
        zip(names, names, strict=True)
    )


def test_a_name_that_nobody_can_know_is_said_to_be_none(user: User) -> None:
    path = os.fsencode(user.folder) + b"/caf\xe9.txt"
    Path(os.fsdecode(path)).write_bytes(b"x")
    sent = user.report(os.fsdecode(path))
    assert "It arrives as caf\ufffd.txt." in sent.err
    assert sent.json


@contextmanager
def exporting(user: User) -> Iterator[tuple[Started, Path]]:
    """An export that stands in the middle of a file, and its folder."""
    sent = user.report(user.file("large.bin", content(24 * MIB))).json
    with relay_to(user.demo.url) as relay:
        relay.hold_answers(8 * MIB)
        user.url = relay.address(user.demo.url)
        started = user.start_export_own(sent["receipt"], "own")
        relay.wait_until_held()
        until((user.folder / "own" / "large.bin.part").exists, "nothing of the file is there")
        yield started, user.folder / "own"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_export_that_is_ended_says_what_to_do_and_leaves_no_part(user: User, number: int) -> None:
    with exporting(user) as (started, folder):
        refusal = started.end(number).refused("Interrupted.")
    assert "remove the folder, if it is there, and export again" in refusal
    assert [path.name for path in folder.rglob("*")] == ["files"]


def test_what_a_killed_export_leaves_is_to_be_seen_and_named(user: User) -> None:
    with exporting(user) as (started, folder):
        started.kill()
    assert {path.name for path in folder.rglob("*")} == {"files", "large.bin.part"}
    refusal = user.export_own("no receipt at all", "own")[0].refused("not empty")
    assert "looks like an export that was not finished: remove it" in refusal
    (folder / "mine").write_text("mine")
    refusal = user.export_own("no receipt at all", "own")[0].refused("not empty")
    assert "remove" not in refusal, "somebody's own files are in it"
