"""A sending of files that is broken off goes on where it was, and what is kept for that gives nothing away."""

import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from crypto.secret.attachment import SECRET_LENGTH
from intake.client.files.resume_note import VERSION
from tests.cli.kit.user import User, content
from tests.kit.recorder import recording
from tests.kit.relay import Relay, relay_to
from tests.kit.serving import Demo

MIB = 1024 * 1024
SIZE = 24 * MIB
HELD = 14 * MIB
# What was sent and not confirmed when it broke off, or what the line still held: three requests of at most 4 MiB.
UNDER_WAY = 13 * MIB


@pytest.fixture
def user(own_demo: Demo, tmp_path: Path) -> User:
    folder = tmp_path / "user"
    folder.mkdir()
    return User(own_demo, folder)


@pytest.fixture
def relay(user: User) -> Iterator[Relay]:
    with relay_to(user.demo.url, HELD) as relay:
        user.url = relay.address(user.demo.url)
        yield relay


def sent_by_rerun(user: User, path: str) -> tuple[str, int]:
    """Run the same command again: the mailbox, and how many bytes it sent."""
    with recording(user.demo.url) as recorder:
        user.url = recorder.address(user.demo.url)
        mailbox = user.report(path).json["mailbox"]
        sent = sum(len(line.sent) for line in recorder.take())
    user.url = ""
    return mailbox, sent


def test_a_command_that_was_killed_goes_on_with_the_rest(user: User, relay: Relay) -> None:
    data = content(SIZE)
    path = user.file("papers.zip", data)
    started = user.start_report(path)
    relay.wait_until_held()
    [note] = user.notes
    started.kill()
    relay.cut()
    assert user.notes == [note]
    mailbox, sent = sent_by_rerun(user, path)
    assert sent < SIZE - HELD + UNDER_WAY, "what was there was sent again"
    assert user.exported(mailbox) == {"papers.zip": data}
    assert user.notes == []


def test_a_note_is_private_and_holds_nothing_but_a_secret(user: User, relay: Relay) -> None:
    path = user.file("papers.zip", content(SIZE))
    started = user.start_report(path)
    relay.wait_until_held()
    [note] = user.notes
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert stat.S_IMODE(note.parent.stat().st_mode) == 0o700
    assert len(note.name) == 43
    kept = note.read_bytes()
    assert kept.startswith(VERSION)
    assert len(kept) == len(VERSION) + SECRET_LENGTH
    started.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_ended_says_that_the_same_goes_on(user: User, relay: Relay, number: int) -> None:
    path = user.file("papers.zip", content(SIZE))
    started = user.start_report(path)
    relay.wait_until_held()
    refusal = started.end(number).refused("Interrupted.")
    assert refusal.splitlines()[-1].endswith(
        "run the same command again; the files go on where they stopped."
    )
    assert len(user.notes) == 1


def test_without_resuming_there_is_no_note_and_no_promise(user: User, relay: Relay) -> None:
    data = content(SIZE)
    path = user.file("papers.zip", data)
    started = user.start_report(path, options=("--no-resume",))
    relay.wait_until_held()
    assert user.notes == []
    assert "where they stopped" not in started.end(signal.SIGINT).refused("Interrupted.")
    relay.open()
    mailbox = user.report(path, options=("--no-resume",)).json["mailbox"]
    user.url = ""
    assert user.exported(mailbox) == {"papers.zip": data}
    assert not (user.folder / "run" / "drempel").exists()


def test_a_server_that_was_killed_costs_no_more_than_what_was_under_way(user: User, relay: Relay) -> None:
    data = content(SIZE)
    started = user.start_report(user.file("papers.zip", data))
    relay.wait_until_held()
    user.demo.server.kill()
    relay.cut()
    user.demo.start()
    relay.url = user.demo.url
    relay.open()
    mailbox = started.end().json["mailbox"]
    assert relay.sent < SIZE + UNDER_WAY
    user.url = ""
    assert user.exported(mailbox) == {"papers.zip": data}


def test_a_line_that_breaks_ten_times_loses_nothing(user: User, relay: Relay) -> None:
    data = content(SIZE)
    relay.open(MIB)
    started = user.start_report(user.file("papers.zip", data))
    for number in range(10):
        relay.wait_until_held()
        relay.open(relay.sent + (number + 1) * MIB // 2)
        relay.cut()
    relay.open()
    mailbox = started.end().json["mailbox"]
    user.url = ""
    assert user.exported(mailbox) == {"papers.zip": data}


def test_a_file_that_changes_on_its_way_is_sent_anew_and_said_to_be(user: User) -> None:
    changed = content(SIZE, seed=2)
    path = user.file("papers.zip", content(SIZE))
    with relay_to(user.demo.url, SIZE - UNDER_WAY - 8 * MIB) as relay:  # so that it can't have read all of it
        user.url = relay.address(user.demo.url)
        started = user.start_report(path)
        relay.wait_until_held()
        Path(path).write_bytes(changed)
        relay.open()
        ran = started.end()
    assert ran.err == "papers.zip changed while it was read: it was read and sent again.\n"
    user.url = ""
    assert user.exported(ran.json["mailbox"]) == {"papers.zip": changed}
    assert user.notes == []


def test_a_file_that_changed_before_the_command_ran_again_is_another_file(user: User, relay: Relay) -> None:
    path = user.file("papers.zip", content(SIZE))
    started = user.start_report(path)
    relay.wait_until_held()
    started.kill()
    relay.cut()
    Path(path).write_bytes(content(SIZE, seed=2))
    mailbox, sent = sent_by_rerun(user, path)
    assert sent > SIZE
    assert user.exported(mailbox) == {"papers.zip": content(SIZE, seed=2)}


def test_a_message_that_had_arrived_before_its_command_was_killed_shares_no_blob(user: User) -> None:
    """The note says where the blob is; but another message has it, so the file is sealed anew."""
    path = user.file("papers.zip", content(SIZE))
    with relay_to(user.demo.url, SIZE - MIB) as relay:
        user.url = relay.address(user.demo.url)
        started = user.start_report(path)
        relay.wait_until_held()
        [note] = user.notes
        kept = note.read_bytes()
        relay.open()
        first = started.end().json["mailbox"]
    assert user.notes == []
    assert not note.parent.parent.exists(), "even an empty folder would tell"
    note.parent.mkdir(parents=True)
    note.write_bytes(kept)
    note.chmod(0o600)
    second, sent = sent_by_rerun(user, path)
    assert sent > SIZE
    assert user.notes == []
    for name, mailbox in (("one", first), ("two", second)):
        assert user.exported(mailbox, name) == {"papers.zip": content(SIZE)}
