"""`drempel backup` and `drempel restore`, with real services and the commands of all roles."""

import hashlib
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.kit.user import ADVISER, User, content
from tests.kit.serving import Demo, Server, drempel

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
