"""Servers that are broken or meddled with, as somebody at the command line meets them."""

import gzip
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crypto.public.encoding import unb64
from tests.cli.test_usage import RECEIPT, run
from tests.kit.serving import Demo, drempel

ACCESS = "fizon-hotud-patot-fopib-birif-bubuf-sakof-satos"
ADVISERS = ["confidential-adviser-1", "confidential-adviser-2"]

OK = b"HTTP/1.1 200 OK\r\n"
BROKEN = {
    "nothing": b"",
    "noise": bytes(range(256)) * 8,
    "cut off in the head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "cut off in the body": OK + b'Content-Length: 9000\r\n\r\n{"payload": "',
    "a broken chunk": OK + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
    "a page": OK + b"Content-Length: 21\r\n\r\n<!doctype html><p>Hi.",
    "another length": OK + b"Content-Length: 2\r\n\r\n{}{}",
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}\n",
    "elsewhere": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
    "a bomb": OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(100_000_000)),
    "a cookie": OK + b"Set-Cookie: a=b\r\nContent-Length: 2\r\n\r\n{}",
    "unavailable": b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    "endless head": OK + b"X-Header: " + b"x" * 2_000_000,
}


@contextmanager
def saying(answer: bytes) -> Iterator[str]:
    """The address of a server that says the same to everyone, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    client, _ = listening.accept()
                except OSError:  # closed: the test is over
                    return
                with client:
                    try:
                        client.recv(65536)
                        client.sendall(answer)
                    except OSError:  # the client has had enough
                        continue

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/demo/"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(60)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_server_gets_nothing_and_is_told_in_a_word(name: str) -> None:
    text = b"A text that must not leave."
    with saying(BROKEN[name]) as server:
        fixed = ("--server", server, "--patience", "0", "--json")
        for result in (
            run("report", *fixed, "--channel", "c", "--message-file", "-", stdin=text),
            run("receipt", "read", *fixed, DREMPEL_RECEIPT=RECEIPT),
            run("inbox", "list", *fixed, DREMPEL_ACCESS_CODE=ACCESS),
        ):
            assert result.exit_code == 1, result.stderr
            assert isinstance(result.exception, SystemExit)
            assert result.stdout == ""
            assert 1 <= len(result.stderr.splitlines()) <= 2
            for secret in (text.decode(), RECEIPT, ACCESS):
                assert secret not in result.stderr


def test_a_code_that_is_another_version_says_so() -> None:
    body = b'{"status":404,"title":"x","code":"unsupported-version"}'
    head = b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n" % len(body)
    with saying(head + body) as server:
        fixed = ("--server", server, "--patience", "0", "--channel", "c", "--message-file", "-")
        result = run("report", *fixed, stdin=b"text")
    assert result.exit_code == 1
    assert "another version" in result.stderr
    assert "The text came from standard input and is nowhere else" in result.stderr


def change(data: Path, statement: str, *values: object) -> None:
    """Meddle with the database of a server that is stopped."""
    connection = sqlite3.connect(data / "store.sqlite", isolation_level=None)
    try:
        assert connection.execute(statement, values).rowcount == 1
    finally:
        connection.close()


def test_a_recipient_without_a_valid_key_is_named_and_the_reporter_decides(own_demo: Demo) -> None:
    demo = own_demo
    demo.stop()
    change(demo.data, "DELETE FROM statement WHERE recipient = ?", ADVISERS[1])
    demo.start()
    refusal = demo.report("text").refused("Not every recipient of this channel can be reached")
    assert ADVISERS[1] in refusal
    assert ADVISERS[0] not in refusal
    demo.report("text", "--without", ADVISERS[0]).refused(ADVISERS[1])
    sent = demo.report("text", "--without", ADVISERS[1]).json
    assert [row["id"] for row in demo.inbox(ADVISERS[0], "list").json["conversations"]] == [sent["mailbox"]]
    assert demo.report("text", channel="integrity-committee").json

    demo.stop()
    change(demo.data, "DELETE FROM statement WHERE recipient = ?", ADVISERS[0])
    demo.start()
    refusal = demo.report("text", "--without", ADVISERS[0], "--without", ADVISERS[1]).refused(
        "This channel can't take reports now"
    )
    assert all(adviser in refusal for adviser in ADVISERS)
    assert "must sign in once" in refusal


def test_a_message_that_a_server_lost_is_noticed_and_the_rest_is_read(own_demo: Demo) -> None:
    demo = own_demo
    sent = demo.report("One.").json
    lost = demo.inbox(ADVISERS[0], "reply", sent["mailbox"], text="Two.").json
    assert demo.receipt(sent["receipt"], "write", text="Three.").json
    demo.stop()
    change(demo.data, "DELETE FROM envelope WHERE id = ?", unb64(lost["envelope"]))
    demo.start()
    for seen in (
        demo.receipt(sent["receipt"], "read").json,
        demo.inbox(ADVISERS[1], "show", sent["mailbox"]).json,
    ):
        assert [message["body"] for message in seen["messages"]] == ["One.", "Three."]
        [notice] = seen["notices"]
        assert list(notice) == ["code", "text", "envelope"]
        assert notice["code"] == "gap"
        assert notice["text"] == "A message that others refer to is missing."
    shown = drempel("receipt", "read", "--server", demo.pinned, DREMPEL_RECEIPT=sent["receipt"])
    assert shown.status == 0
    assert "Notice: A message that others refer to is missing." in shown.out
    # One can write on, and the others are not told the same again and again of what came later.
    assert demo.receipt(sent["receipt"], "write", text="Four.").json
    assert len(demo.receipt(sent["receipt"], "read").json["notices"]) == 1
