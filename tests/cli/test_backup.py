"""`drempel backup` and `drempel restore`, with real services and the commands of all roles."""

import asyncio
import hashlib
import json
import re
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from crypto.public.encoding import utc_day
from intake.cli import main
from intake.cli.operator import backup as backup_module
from intake.store import Clock, Mailbox, create_store, open_store
from tests.cli.kit.user import ADVISER, User, content
from tests.kit.serving import DREMPEL, Demo, Ran, Server, drempel
from tests.store.kit.rows import DIRECTORY, ORGANISATION, mailbox
from tests.store.kit.sending import claimed
from tests.store.kit.small_disk import run_on_small_disk

FILE = content(600_000)  # three chunks


@pytest.fixture
def user(own_demo: Demo, tmp_path: Path) -> User:
    place = tmp_path / "user"
    place.mkdir()
    return User(own_demo, place)


@contextmanager
def served(data: Path, logs: Path) -> Iterator[str]:
    """The address of the organisation of a restored folder."""
    server = Server(["serve", "--port", "0", "--data", str(data)], logs)
    try:
        yield f"{server.first_line.removeprefix('Listening on ')}demo/"
        server.stop()
    finally:
        server.kill()


@pytest.mark.parametrize("running", [True, False])
def test_reporters_return_and_recipients_read_and_answer_after_a_restore(
    user: User, tmp_path: Path, running: bool
) -> None:
    demo = user.demo
    sent = user.report(user.file("papers.bin", FILE)).json
    assert demo.receipt(sent["receipt"], "write", text="One thing more.").status == 0
    assert demo.inbox(ADVISER, "reply", sent["mailbox"], text="Thank you.").status == 0
    before = demo.receipt(sent["receipt"], "read").json
    if not running:
        demo.stop()
    file, data = tmp_path / "backup", tmp_path / "restored"
    made = drempel("backup", "--data", str(demo.data), "--to", str(file), "--json").json
    content = file.read_bytes()
    assert made == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "mailboxes": 1}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    restored = drempel("restore", "--data", str(data), "--from", str(file), "--json").json
    assert restored == made
    with served(data, tmp_path / "again") as url:
        user.url = url
        assert user.with_receipt(sent["receipt"], "read").json == before
        assert user.exported(sent["mailbox"])["papers.bin"] == FILE
        answer = tmp_path / "answer"
        answer.write_bytes(b"Still here.")
        assert user.as_adviser("reply", "--message-file", str(answer), sent["mailbox"]).status == 0
        assert "Still here." in user.with_receipt(sent["receipt"], "read").out
        assert user.report(user.file("papers.bin", FILE)).status == 0


@pytest.fixture(scope="module")
def file(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a running service."""
    made = tmp_path_factory.mktemp("backup") / "backup"
    ran = drempel("backup", "--data", str(demo.data), "--to", str(made))
    assert (ran.status, ran.err) == (0, "")
    return made


def names(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir())


def test_it_says_in_two_lines_what_it_did_and_nothing_of_what_it_read(demo: Demo, tmp_path: Path) -> None:
    backup, data = tmp_path / "backup", tmp_path / "data"
    ran = drempel("backup", "--data", str(demo.data), "--to", str(backup))
    size, sha256 = backup.stat().st_size, hashlib.sha256(backup.read_bytes()).hexdigest()
    (mailboxes,) = re.findall(r"\d+(?= mailboxes)", ran.out)
    assert ran.out == (
        f"Backed up: {mailboxes} mailboxes, {size:,} bytes, read again and whole.\nSHA-256: {sha256}\n"
    )
    ran = drempel("restore", "--data", str(data), "--from", str(backup))
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(f"Restored: {mailboxes} mailboxes from {size:,} bytes.\nWhat was deleted ")
    assert len(ran.out.splitlines()) == 2
    assert demo.server.err == "The service has started.\n"


def test_a_backup_holds_no_code_and_no_text(user: User, tmp_path: Path) -> None:
    demo, text = user.demo, "A text that nobody else has."
    sent = demo.report(text).json
    assert drempel("backup", "--data", str(demo.data), "--to", str(tmp_path / "backup")).status == 0
    content = (tmp_path / "backup").read_bytes()
    for secret in (text, sent["receipt"], *demo.access_codes.values(), demo.codes["custodian_code"]):
        assert secret.encode() not in content


def test_what_exists_is_never_written_over(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"something")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("file", "folder", "link"):
        ran = drempel("backup", "--data", str(demo.data), "--to", str(tmp_path / name))
        ran.refused("There is something of that name already: choose another. No backup was made.")
    assert names(tmp_path) == ["file", "folder", "link"]
    assert (tmp_path / "file").read_bytes() == b"something"


def test_where_nothing_can_be_written_or_read_it_is_refused(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for to, word in (
        (tmp_path / "nowhere" / "backup", "No such file"),
        (tmp_path / "file" / "b", "Not a dir"),
    ):
        drempel("backup", "--data", str(demo.data), "--to", str(to)).refused(word)
    for data in (tmp_path, tmp_path / "nowhere"):
        ran = drempel("backup", "--data", str(data), "--to", str(tmp_path / "backup"))
        ran.refused("This folder holds no store of this service.")
    assert names(tmp_path) == ["file"]


def test_what_a_disk_has_changed_is_seen_before_it_is_called_a_backup(
    demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = backup_module._write
    monkeypatch.setattr(backup_module, "_write", lambda file, piece: write(file, piece[:-1] + b"?"))
    arguments = ["backup", "--data", str(demo.data), "--to", str(tmp_path / "backup")]
    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("What was written can't be read again as it was. No backup was made.")
    assert names(tmp_path) == []


def test_a_service_of_another_release_is_told(demo: Demo, tmp_path: Path) -> None:
    """One that knows no backups, with the same socket."""
    (tmp_path / "data").mkdir()
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(tmp_path / "data" / "control"))
    made.listen()

    def answer() -> None:
        asked, _ = made.accept()
        with asked, made:
            asked.recv(1000)
            asked.sendall(b'{"error": "The service that runs here is of another release."}\n')

    answering = threading.Thread(target=answer)
    answering.start()
    ran = drempel("backup", "--data", str(tmp_path / "data"), "--to", str(tmp_path / "backup"))
    answering.join()
    ran.refused("The service that runs here is of another release. No backup was made.")
    assert names(tmp_path) == ["data"]


def test_what_is_no_backup_is_not_restored(file: Path, tmp_path: Path) -> None:
    content = file.read_bytes()
    middle = len(content) // 2
    damaged = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    for name, data, word in (
        ("damaged", damaged, "This backup is damaged or cut short"),
        ("cut", content[:-1], "This backup is damaged or cut short"),
        ("foreign", b"SQLite format 3\0" + bytes(1000), "This file is no backup of this service."),
        ("empty", b"", "This file is no backup of this service."),
        ("newer", b"drempel backup 2\n" + content[17:], "A newer release has made this backup."),
    ):
        (tmp_path / name).write_bytes(data)
        ran = drempel("restore", "--data", str(tmp_path / "data"), "--from", str(tmp_path / name), "--json")
        ran.refused(word)
        assert not (tmp_path / "data").exists()
    (tmp_path / "folder").mkdir()
    for name, word in (("nowhere", "No such file or directory. Nothing"), ("folder", "FILE is a folder.")):
        ran = drempel("restore", "--data", str(tmp_path / "data"), "--from", str(tmp_path / name))
        ran.refused(word)


def test_only_an_empty_folder_is_restored_into(demo: Demo, file: Path, tmp_path: Path) -> None:
    (tmp_path / "notes").write_bytes(b"something")
    for data, word in ((demo.data, "There is a store in this data folder"), (tmp_path, "something else in")):
        before = names(data)
        drempel("restore", "--data", str(data), "--from", str(file)).refused(word)
        assert names(data) == before
    assert demo.report("It goes on.").status == 0


def test_a_restored_older_backup_is_a_jump_of_the_clock(own_demo: Demo, tmp_path: Path) -> None:
    """As deploy/README.md says: nothing expires until the operator accepts the clock."""
    own_demo.stop()
    asyncio.run(turn_back(own_demo.data))
    backup, data = tmp_path / "backup", tmp_path / "restored"
    assert drempel("backup", "--data", str(own_demo.data), "--to", str(backup)).status == 0
    assert drempel("restore", "--data", str(data), "--from", str(backup)).status == 0
    with served(data, tmp_path / "again"):
        assert "Nothing is erased: set the clock right, or run" in (tmp_path / "again" / "err").read_text()
        ran = drempel("doctor", "--data", str(data))
        assert ran.status == 1
        assert "this has expired: mailboxes 1, files without a message 0." in ran.out
        assert drempel("doctor", "--data", str(data), "--accept-clock", "--yes").status == 0


async def turn_back(data: Path) -> None:
    """Let the store be one of 800 days ago, with a report that has expired since."""
    async with await open_store(data) as store:
        (organisation,) = await store.organisations()
        await store.keep_clock(Clock(utc_day() - 800))
        box = Mailbox(
            b"b" * 32, organisation.id, bytes(225), utc_day() - 800, utc_day() - 70, utc_day() - 730
        )
        await store.create_mailbox(box, b"e" * 16, b"opening")


# Runs a command on a small disk; prints its status, what it said, and what is left there.
ON_SMALL_DISK = """
import json, os, subprocess, sys
done = subprocess.run([sys.argv[1], *sys.argv[3:]], capture_output=True, text=True)
print(json.dumps([done.returncode, done.stdout, done.stderr, sorted(os.listdir(sys.argv[2]))]))
"""


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    """A real one: where the backup should go, and where it should be restored."""
    backups, small = {}, tmp_path / "small"
    small.mkdir()
    for name, filled in (("files", filled_with_files), ("texts", filled_with_texts)):
        asyncio.run(filled(tmp_path / name))
        backups[name] = str(tmp_path / f"{name}.backup")
        assert drempel("backup", "--data", str(tmp_path / name), "--to", backups[name]).status == 0
    to, data = str(small / "backup"), str(small / "data")
    for command, word in (
        (("backup", "--data", str(tmp_path / "files"), "--to", to), "No space left on device. No backup"),
        (("restore", "--data", data, "--from", backups["files"]), "There is not enough room on the disk."),
        (("restore", "--data", data, "--from", backups["texts"]), "The disk is full."),
    ):
        ran = run_on_small_disk(small, 6, "-c", ON_SMALL_DISK, DREMPEL, str(small), *command)
        assert ran.returncode == 0, ran.stderr.decode()
        status, out, err, left = json.loads(ran.stdout)
        Ran(status, out, err).refused(word)
        assert left == []


async def filled_with_files(data: Path) -> None:
    async with await create_store(data) as store:
        await store.add_organisation(ORGANISATION, DIRECTORY)
        await claimed(store, b"n" * 32, 32)


async def filled_with_texts(data: Path) -> None:
    async with await create_store(data) as store:
        await store.add_organisation(ORGANISATION, DIRECTORY)
        for _ in range(8):
            box = mailbox()
            await store.create_mailbox(box, b"e" * 16, content(1 << 20))
