"""What somebody on the line sees: no text, no code, no client's name, and the same lengths whatever was said."""

import asyncio
import base64
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from crypto.public.encoding import unb64
from crypto.secret.attachment import attachment_keys
from crypto.secret.codes import new_code, parse_code, reporter_keys
from crypto.secret.primitives import os_random
from tests.cli.kit.attached import add_attachment, attachments_of
from tests.kit.codes import add_access_code, add_receipt
from tests.kit.recorder import RecordedConnection, Recorder, recording
from tests.kit.secret_search import Secrets
from tests.kit.serving import Demo, Ran

TEXT = "The director signed for deliveries that never came, in March and in May."
ANSWER = "Thank you. Which deliveries do you mean, and who else has seen the papers?"
MORE = "The gravel of the second contract; nobody but me has the delivery notes."
ADVISER = "confidential-adviser-1"
NAME = "Gravel of the second contract.html"
PAPERS = "".join(f"Delivery {number}: never seen, but paid for.\n" for number in range(8_000))

# All that a request may say about whoever sends it.
HEADERS = {
    "host",
    "accept-encoding",
    "authorization",
    "content-type",
    "content-length",
    "if-match",
}


@dataclass
class Heard:
    """A command by way of the recorder, and what it sent and received."""

    ran: Ran
    lines: Sequence[RecordedConnection]

    @property
    def sent(self) -> bytes:
        return b"".join(bytes(line.sent) for line in self.lines)

    @property
    def received(self) -> bytes:
        return b"".join(bytes(line.received) for line in self.lines)

    @property
    def lengths(self) -> list[tuple[int, int]]:
        """Of each connection: bytes sent and received."""
        return [(len(line.sent), len(line.received)) for line in self.lines]


@dataclass
class Listener:
    """A demo behind a recorder."""

    demo: Demo
    recorder: Recorder

    def hear(self, ran: Ran) -> Heard:
        """What a command that has ended sent and received."""
        return Heard(ran, self.recorder.take())

    def report(self, text: str, *options: str, **where: str) -> Heard:
        return self.hear(self.demo.report(text, *options, **where))

    def receipt(self, code: str, what: str, text: str | None = None) -> Heard:
        return self.hear(self.demo.receipt(code, what, text=text))

    def export(self, code: str, to: Path) -> Heard:
        return self.hear(self.demo.receipt(code, "export", "--to", str(to)))

    def inbox(self, recipient: str, what: str, *options: str, text: str | None = None) -> Heard:
        return self.hear(self.demo.inbox(recipient, what, *options, text=text))


@pytest.fixture
def listener(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    with recording(demo.url) as recorder:
        monkeypatch.setitem(demo.codes, "url", recorder.address(demo.url))
        yield Listener(demo, recorder)


def secrets_of(demo: Demo, receipt: str, *texts: str) -> Secrets:
    """All that a receipt gives and an adviser's access code, and texts."""
    found = Secrets()
    add_receipt(found, receipt, demo.codes["fingerprint"])
    add_access_code(found, demo.access_codes[ADVISER], demo.codes["fingerprint"])
    for text in texts:
        found.text(text, text)
    return found


def test_no_request_holds_a_text_a_code_or_a_token_it_needs_not(listener: Listener) -> None:
    reported = listener.report(TEXT, "--kind", "wrongdoing")
    receipt, mailbox = reported.ran.json["receipt"], reported.ran.json["mailbox"]
    steps = [
        (reported, set()),
        (listener.inbox(ADVISER, "list"), set()),
        (listener.inbox(ADVISER, "show", mailbox), {"read"}),
        (listener.inbox(ADVISER, "reply", mailbox, text=ANSWER), {"read", "write"}),
        (listener.receipt(receipt, "read"), {"read"}),
        (listener.receipt(receipt, "write", MORE), {"read", "write"}),
        (listener.receipt(receipt, "delete"), {"read", "delete"}),
        (listener.receipt(receipt, "read"), {"read"}),
    ]
    secrets = secrets_of(listener.demo, receipt, TEXT, ANSWER, MORE)
    for heard, needed in steps:
        assert heard.sent, heard.ran.err
        assert secrets.found(heard.sent) == needed, heard.ran
        assert secrets.found(heard.received) == set()
        # Who is told is under the seal too.
        assert b"confidential-adviser" not in heard.sent
        assert b"wrongdoing" not in heard.sent


def test_no_request_says_who_or_what_sends_it(listener: Listener) -> None:
    receipt = listener.report(TEXT).ran.json["receipt"]
    for heard in (
        listener.report(TEXT),
        listener.receipt(receipt, "read"),
        listener.receipt(receipt, "write", MORE),
        listener.inbox(ADVISER, "list"),
        listener.receipt(receipt, "delete"),
    ):
        requests = re.findall(
            rb"((?:GET|PUT|POST|DELETE) [^\r]* HTTP/1\.1)\r\n(.*?)\r\n\r\n", heard.sent, re.S
        )
        assert requests
        for _, head in requests:
            names = [line.partition(b":")[0].decode().lower() for line in head.split(b"\r\n")]
            assert set(names) <= HEADERS
        head = re.sub(rb"[^\x20-\x7e\r\n]", b"", heard.received).lower()
        for name in (b"set-cookie", b"\r\ndate:", b"\r\nserver:", b"last-modified", b"content-encoding"):
            assert name not in head


def test_return_visits_have_one_length_whether_or_not_there_is_an_answer(listener: Listener) -> None:
    demo = listener.demo
    answered, silent = listener.report(TEXT).ran.json, listener.report("Short.").ran.json
    hidden = listener.report(TEXT, "--not-rereadable", channel="integrity-committee").ran.json
    assert listener.inbox(ADVISER, "reply", answered["mailbox"], text=ANSWER * 30).ran.json
    deleted = listener.report(TEXT).ran.json
    assert listener.receipt(deleted["receipt"], "delete").ran.json
    visits = {
        "answered": listener.receipt(answered["receipt"], "read"),
        "again": listener.receipt(answered["receipt"], "read"),
        "silent": listener.receipt(silent["receipt"], "read"),
        "not rereadable": listener.receipt(hidden["receipt"], "read"),
        "unknown": listener.receipt(new_code("receipt", os_random), "read"),
        "deleted": listener.receipt(deleted["receipt"], "read"),
        "unknown, to write": listener.receipt(new_code("receipt", os_random), "write", MORE),
        "unknown, to delete": listener.receipt(new_code("receipt", os_random), "delete"),
    }
    assert len(visits["answered"].ran.json["messages"]) == 2
    assert len(visits["silent"].ran.json["messages"]) == 1
    for name in ("unknown", "deleted", "unknown, to write", "unknown, to delete"):
        visits[name].ran.refused("No report belongs")
    lengths = {name: heard.lengths for name, heard in visits.items()}
    assert all(length == lengths["answered"] for length in lengths.values()), lengths
    [(sent, received)] = lengths["answered"]
    assert sent > 0
    assert received > 64 * 1024
    assert demo.codes["url"] in listener.demo.pinned


def test_no_request_holds_anything_of_a_file_but_the_token_it_needs(
    listener: Listener, tmp_path: Path
) -> None:
    demo, path = listener.demo, tmp_path / NAME
    path.write_text(PAPERS, encoding="utf-8")
    reported = listener.report(TEXT, "--no-resume", "--attach", str(path))
    receipt, mailbox = reported.ran.json["receipt"], reported.ran.json["mailbox"]
    steps = [
        (reported, {"token"}),
        (listener.inbox(ADVISER, "list"), set()),
        (listener.inbox(ADVISER, "show", mailbox), {"read"}),
        (listener.inbox(ADVISER, "export", mailbox, "--to", str(tmp_path / "out")), {"read", "token"}),
        (listener.receipt(receipt, "read"), {"read"}),
        (listener.export(receipt, tmp_path / "own"), {"read", "token"}),
    ]
    for folder in ("out", "own"):
        assert (tmp_path / folder / "files" / NAME).read_text("utf-8") == PAPERS
    secrets = secrets_of(demo, receipt, TEXT, PAPERS[:96], PAPERS[-96:])
    [attachment] = asyncio.run(attachments_of(demo, ADVISER, mailbox))
    listener.recorder.take()
    add_attachment(secrets, attachment, token="token")
    for heard, needed in steps:
        assert heard.ran.json
        assert secrets.found(heard.sent) == needed, heard.ran
        assert secrets.found(heard.received) == set(), heard.ran
        assert str(len(PAPERS)).encode() not in heard.sent
    head, _, body = reported.sent.partition(b"\r\n\r\n")
    for name, leak in (
        (f"name of {NAME}", NAME.encode("utf-16-le")),
        (f"key of {NAME}", attachment_keys(attachment.secret).key),
        (PAPERS[:96], PAPERS[:96].encode()),
    ):
        assert name in secrets.found(head + b"\r\n\r\n" + body[:5000] + leak + body[5000:])


def test_files_of_one_padded_size_are_alike_whatever_they_are_called_and_hold(
    listener: Listener, tmp_path: Path
) -> None:
    lengths = {}
    for name, size in (("a", 0), ("b.pdf", 1), (f"{'long' * 40}.docx", 262_144)):
        (tmp_path / name).write_bytes(bytes(size))
        heard = listener.report("Short.", "--no-resume", "--attach", str(tmp_path / name))
        assert heard.ran.json
        lengths[name] = sorted(heard.lengths)
    assert len({str(length) for length in lengths.values()}) == 1, lengths


def test_reports_have_one_length_whatever_they_say_and_to_whom(listener: Listener) -> None:
    long = "x" * 6 * 1024
    sent = {
        "ten characters": listener.report("Ten chars."),
        "6 KiB": listener.report(long),
        "6 KiB, not to be read again": listener.report(long, "--not-rereadable"),
        "of a kind, to others": listener.report(long, "--kind", "behaviour", channel="complaints-committee"),
    }
    lengths = {name: heard.lengths for name, heard in sent.items() if heard.ran.json}
    assert len(lengths) == len(sent)
    assert all(length == lengths["6 KiB"] for length in lengths.values()), lengths
    written = [
        listener.receipt(sent["6 KiB"].ran.json["receipt"], "write", text).lengths
        for text in ("Yes.", "y" * 3_000)
    ]
    assert written[0] == written[1]


def test_the_search_would_see_a_client_that_leaks(listener: Listener) -> None:
    """The same search over the same requests, with each secret put into one of them."""
    reported = listener.report(TEXT)
    receipt = reported.ran.json["receipt"]
    secrets = secrets_of(listener.demo, receipt, TEXT)
    head, _, body = reported.sent.partition(b"\r\n\r\n")
    keys = reporter_keys(parse_code(receipt, "receipt"), unb64(listener.demo.codes["fingerprint"]))
    for name, leak in (
        ("receipt", receipt.replace("-", "+").encode()),
        ("receipt", base64.b64encode(parse_code(receipt, "receipt"))),
        ("delete", base64.urlsafe_b64encode(keys.delete)),
        ("conversation", keys.conversation),
        (TEXT, json.dumps({"text": TEXT}).encode()),
    ):
        assert secrets.found(head + b"\r\n\r\n" + body[:5000] + leak + body[5000:]) == {name}
