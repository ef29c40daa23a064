"""A server that can't store: the client tries again, and if that does not help says where the text still is."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.kit.serving import Demo, drempel

ADVISER = "confidential-adviser-1"
PATIENT, IMPATIENT = ("--patience", "30"), ("--patience", "1")


@contextmanager
def locked(data: Path) -> Iterator[sqlite3.Connection]:
    """The database, held by somebody else: an operator's shell."""
    holder = sqlite3.connect(data / "store.sqlite", isolation_level=None, check_same_thread=False)
    try:
        holder.execute("BEGIN EXCLUSIVE")
        yield holder
    finally:
        holder.close()


@contextmanager
def full_disk(demo: Demo) -> Iterator[None]:
    """No file of the server can grow: writing to the log of the database fails as on a full disk, for anyone."""
    demo.server.limit_files(0)
    try:
        yield
    finally:
        demo.server.limit_files(-1)


def bodies(demo: Demo, receipt: str) -> list[str]:
    return [message["body"] for message in demo.receipt(receipt, "read").json["messages"]]


def test_a_locked_database_refuses_what_is_sent_and_says_where_the_text_is(
    own_demo: Demo, tmp_path: Path
) -> None:
    demo = own_demo
    sent = demo.report("First.").json
    kept = tmp_path / "text"
    kept.write_text("Written down.", encoding="utf-8")
    with locked(demo.data):
        refusal = demo.report("Second.", *IMPATIENT).refused("can't store anything now", "Second.")
        assert "The text came from standard input and is nowhere else" in refusal
        fixed = ("--server", demo.pinned, "--message-file", str(kept), "--json", *IMPATIENT)
        for command, code in (
            (["receipt", "write"], {"DREMPEL_RECEIPT": sent["receipt"]}),
            (["inbox", "reply", sent["mailbox"]], {"DREMPEL_ACCESS_CODE": demo.access_codes[ADVISER]}),
        ):
            refusal = drempel(*command, *fixed, stdin=None, **code).refused("can't store anything now")
            assert "The text is still in the file you named" in refusal
        # What can be read without writing can still be read.
        assert bodies(demo, sent["receipt"]) == ["First."]
    assert bodies(demo, sent["receipt"]) == ["First."]
    assert len(demo.inbox(ADVISER, "list").json["conversations"]) == 1
    assert demo.report("Second.", *IMPATIENT).json


def test_a_lock_that_ends_in_time_costs_nothing_but_time(own_demo: Demo) -> None:
    demo = own_demo
    with locked(demo.data) as holder:
        # The server waits half a second for the lock before it answers 503: this one outlives that, so that the
        # client must come again.
        timer = threading.Timer(2, holder.close)
        timer.start()
        sent = demo.report("Once.", *PATIENT).json
        timer.join()
    assert bodies(demo, sent["receipt"]) == ["Once."]
    listed = demo.inbox(ADVISER, "list").json["conversations"]
    assert [row["id"] for row in listed] == [sent["mailbox"]]


def test_a_full_disk_refuses_what_is_sent_and_loses_nothing(own_demo: Demo) -> None:
    demo = own_demo
    sent = demo.report("Before.").json
    with full_disk(demo):
        refusal = demo.report("While.", *IMPATIENT).refused("can't store anything now", "While.")
        assert "nowhere else" in refusal
        assert bodies(demo, sent["receipt"]) == ["Before."]
        demo.receipt(sent["receipt"], "delete", *IMPATIENT).refused("can't store anything now")
        timer = threading.Timer(2, demo.server.limit_files, (-1,))
        timer.start()
        later = demo.report("After.", *PATIENT).json
        timer.join()
    assert bodies(demo, sent["receipt"]) == ["Before."]
    assert bodies(demo, later["receipt"]) == ["After."]
    demo.stop()
    demo.start()
    listed = demo.inbox(ADVISER, "list").json["conversations"]
    assert {row["id"] for row in listed} == {sent["mailbox"], later["mailbox"]}
    assert bodies(demo, later["receipt"]) == ["After."]


@pytest.mark.parametrize("what", ["list", "show"])
def test_a_recipient_can_read_while_nothing_can_be_stored(own_demo: Demo, what: str) -> None:
    demo = own_demo
    sent = demo.report("A report.").json
    identity = [sent["mailbox"]] if what == "show" else []
    assert demo.inbox(ADVISER, what, *identity).json  # the keyring is up to date now
    with locked(demo.data):
        assert demo.inbox(ADVISER, what, *identity, *IMPATIENT).json
        # Someone who has never synced must write the keyring, and is told.
        demo.inbox("confidential-adviser-2", what, *identity, *IMPATIENT).refused("can't store anything now")
