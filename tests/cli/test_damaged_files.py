"""A server that damages or loses files: what is left of a conversation is exported, and what is not is named."""

import sqlite3
from pathlib import Path

import pytest

from crypto.public.encoding import parse_object
from intake.store.sqlite.slots import SLOT_BYTES
from tests.cli.kit.user import User, content
from tests.kit.serving import Demo, Ran


def damage(data: Path, kind: str) -> None:
    """Do this to the last chunk that the server holds."""
    with sqlite3.connect(data / "store.sqlite") as store:
        rows = store.execute("SELECT slot, length FROM chunk ORDER BY number DESC, chunk DESC").fetchall()
        (last, length), (other, _) = rows[:2]
        if kind == "a chunk less":
            assert store.execute("DELETE FROM chunk WHERE slot = ?", (last,)).rowcount == 1
    store.close()
    with (data / "chunks.data").open("r+b") as chunks:
        chunks.seek(other * SLOT_BYTES)
        moved = chunks.read(length)
        chunks.seek(last * SLOT_BYTES)
        chunks.write({"other bytes": bytes(length), "moved": moved}.get(kind, b""))


@pytest.mark.parametrize("kind", ["other bytes", "a chunk less", "moved"])
def test_a_damaged_file_costs_no_other(own_demo: Demo, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "user"
    folder.mkdir()
    user, data = User(own_demo, folder), content(2_000_000)
    names = ["a.bin", "b\u202e.bin", "c.bin"]
    sent = user.report(*(user.file(name, data) for name in names)).json
    own_demo.stop()
    damage(own_demo.data, kind)
    own_demo.start()
    for exported in (user.export(sent["mailbox"]), user.export_own(sent["receipt"])):
        check_all_but_one(*exported, names, data)


def check_all_but_one(ran: Ran, out: Path, names: list[str], data: bytes) -> None:
    """One of the files is named as damaged wherever it is looked for, and the others are there."""
    refusal = ran.refused("Not exported: ")
    assert "All the rest is in the folder." in refusal
    [lost] = parse_object((out / "manifest.json").read_bytes())["missing"]
    assert lost["code"] == "attachment-damaged"
    assert lost["name"].replace("\u202e", "\ufffd") in refusal
    whole = [name for name in names if name != lost["name"]]
    saved = {path.name: path.read_bytes() for path in (out / "files").iterdir()}
    assert saved == {name.replace("\u202e", ""): data for name in whole}
    page = (out / "conversation.html").read_text("utf-8")
    assert page.count("SHA-256 <code>") == 2
    assert lost["text"] in page
    read = parse_object((out / "conversation.json").read_bytes())
    files = {file["name"]: file for file in read["messages"][0]["attachments"]}
    assert files[lost["name"]]["file"] is None
    assert files[lost["name"]]["problem"] == lost["code"]


def test_a_file_that_the_server_lost_is_named(own_demo: Demo, tmp_path: Path) -> None:
    folder = tmp_path / "user"
    folder.mkdir()
    user = User(own_demo, folder)
    sent = user.report(user.file("a.bin", b"a")).json
    own_demo.stop()
    with sqlite3.connect(own_demo.data / "store.sqlite") as store:
        assert store.execute("DELETE FROM blob").rowcount == 1
    store.close()
    own_demo.start()
    ran, out = user.export(sent["mailbox"])
    assert "a.bin" in ran.refused("There is no such file")
    assert list((out / "files").iterdir()) == []
