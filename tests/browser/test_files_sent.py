"""What is said of a message with files while it is sent is true, whatever the server has lost, however the line is."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import Page, poll
from tests.browser.kit.http_relay import HttpRelay, Reply, answer, held, untouched
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.sample_files import Gate, exported, give, made
from tests.browser.kit.thread import at
from tests.browser.kit.wire import Request, Response
from tests.browser.test_files import writing
from tests.kit.serving import Demo

# What the page and its Worker make of it: the engine has no part in it.
pytestmark = pytest.mark.one_class

NOTHING = answer(200, b'{"stored": []}', content_type="application/json")


def refused(status: int, code: str) -> Response:
    body = {"type": "about:blank", "status": status, "title": code, "code": code}
    return answer(status, json.dumps(body).encode(), content_type="application/problem+json")


def forgetful(request: Request, ask: Callable[[], Response]) -> Reply:
    """A server that has lost all files, and has no room to get them again."""
    if "/opening/" in request.path or "/envelopes/" in request.path:
        return refused(409, "attachments-incomplete")
    if request.method == "GET" and request.path.endswith("/chunks"):
        return NOTHING
    return refused(507, "storage-full") if request.method == "PUT" and "/chunks/" in request.path else ask()


def about_to_send(page: Page, url: str, text: str, path: Path) -> Reporter:
    """A reporter whose file has arrived, and who has noted the receipt."""
    reporter = writing(page, url)
    reporter.attach(path)
    reporter.files_arrived()
    reporter.write(text)
    reporter.confirm(reporter.receipt())
    return reporter


def test_a_message_that_is_stored_is_said_to_be_although_it_can_not_be_seen(
    same_page: Page, demo: Demo, middle: HttpRelay, tmp_path: Path
) -> None:
    page, text = same_page, f"Niet te zien, {same_page.browser}."
    receipt = demo.report(text).json["receipt"]
    digest = made(tmp_path / "bewijs.bin", 1000)
    stored = threading.Event()

    def blind(request: Request, ask: Callable[[], Response]) -> Reply:
        if "/envelopes/" in request.path:
            stored.set()
        lost = stored.is_set() and request.method == "GET" and "/mailboxes/" in request.path
        return answer(503) if lost else ask()

    reporter = Reporter(page, middle.address(demo.pinned))
    reporter.come_back(receipt)
    reporter.attach(tmp_path / "bewijs.bin")
    reporter.files_arrived()
    middle.tamper = blind
    page.type("Hier is het.", into="#reply")
    page.click("#send-reply")
    page.wait_for_text(words("reporter", "thread.fetching"), "#main")
    page.wait_for_text(words("reporter", "waiting.unavailable"), "#status")
    page.click("#stop")
    page.wait_for_text(words("reporter", "thread.unseen"), "#done")
    assert (page.value("#reply"), reporter.files(), reporter.problem) == ("", {}, "")
    middle.tamper = untouched
    page.type("Van vorige week.", into="#reply")
    page.click("#send-reply")
    page.wait_for_text(words("reporter", "thread.sent"), "#done")
    assert [it.text for it in reporter.messages()] == [text, "Hier is het.", "Van vorige week."]
    assert reporter.notices() == []
    assert exported(demo, text, tmp_path / "export") == {"bewijs.bin": digest}


def test_files_that_the_server_has_lost_are_seen_on_their_way_again(
    same_page: Page, demo: Demo, middle: HttpRelay, tmp_path: Path
) -> None:
    page, text = same_page, f"Kwijt, {same_page.browser}."
    digest = made(tmp_path / "bewijs.bin", 300_000)
    reporter = about_to_send(page, middle.address(demo.pinned), text, tmp_path / "bewijs.bin")
    middle.tamper = forgetful
    page.click("#send")
    page.wait_for_text(words("reporter", "sending.files"), "h1")
    page.wait_for_text(words("reporter", "waiting.full"), "#files-connection")
    assert reporter.files() == {"bewijs.bin": "uploading"}
    page.click("#stop")
    page.wait_for_text(words("reporter", "error.attachments-incomplete"), "#problem")
    middle.tamper = untouched
    reporter.files_arrived()
    page.click("#next")
    # Nothing was stored under the first, and nobody says that it may have been.
    page.wait_for_text(words("reporter", "receipt.renewed"), "#renewed")
    reporter.confirm(reporter.receipt())
    reporter.send()
    assert exported(demo, text, tmp_path / "export") == {"bewijs.bin": digest}


def test_a_lost_file_that_is_gone_stops_the_sending(
    same_page: Page, demo: Demo, middle: HttpRelay, tmp_path: Path
) -> None:
    page, text = same_page, f"Kwijt en weg, {same_page.browser}."
    path = tmp_path / "bewijs.bin"
    made(path, 300_000)
    reporter = about_to_send(page, middle.address(demo.pinned), text, path)
    middle.tamper = forgetful
    path.unlink()
    page.click("#send")
    page.wait_for_text(words("reporter", "error.attachments-incomplete"), "#problem")
    assert reporter.files() == {"bewijs.bin": "failed"}
    assert page.value("#text") == text


@pytest.mark.parametrize("said", ["Try now", "online"])
def test_a_line_that_hangs_is_told_of_and_tried_again_at_once(
    same_page: Page, demo: Demo, middle: HttpRelay, tmp_path: Path, said: str
) -> None:
    page, gate = same_page, Gate(middle)
    made(tmp_path / "bewijs.bin", 1000)
    reporter = writing(page, middle.address(demo.pinned))
    reporter.attach(tmp_path / "bewijs.bin")
    poll(lambda: len(gate.blobs) == 1, lambda: "nothing goes up")
    if said == "online":
        middle.tamper = untouched
        page.evaluate("void dispatchEvent(new Event('online'))")
    else:
        page.wait_for_text(words("reporter", "waiting.slow"), "#files-connection")
        middle.tamper = untouched
        page.click("#files-hurry")
    reporter.files_arrived()
    page.wait_gone("#files-connection .notice")
    gate.open.set()


def test_the_keyboard_stays_near_a_file_that_is_removed(
    same_page: Page, demo: Demo, middle: HttpRelay, tmp_path: Path
) -> None:
    page, gate = same_page, Gate(middle)
    paths = [tmp_path / f"{name}.bin" for name in ("een", "twee", "drie")]
    for path in paths:
        made(path, 300_000)
    reporter = writing(page, middle.address(demo.pinned))
    reporter.attach(*paths)
    page.evaluate("document.querySelector('#file-2-remove').focus()")
    give(page, "drop", ("vier.txt", "vier", "text/plain"))
    page.wait_for("#file-4")
    assert page.is_focused("#file-2-remove"), "others may be added meanwhile"
    reporter.write("Wat ik zag.")
    reporter.confirm(reporter.receipt())
    page.click("#send")
    page.wait_for("[data-screen=sending] .file")
    for pressed, then in (("2", "#file-3-remove"), ("4", "#file-3-remove"), ("3", "#file-1-remove")):
        page.click(f"#file-{pressed}-remove")
        assert page.is_focused(then)
    gate.open.set()
    page.wait_for("[data-screen=received]")


def test_after_a_message_that_may_have_arrived_nobody_says_that_nothing_was_sent(
    same_page: Page, demo: Demo, middle: HttpRelay, tmp_path: Path
) -> None:
    page, answering = same_page, threading.Event()
    receipt = demo.report(f"Misschien, {page.browser}.").json["receipt"]
    made(tmp_path / "bewijs.bin", 1000)
    reporter = Reporter(page, middle.address(demo.pinned))
    reporter.come_back(receipt)
    page.type("Hier is het.", into="#reply")
    middle.tamper = lambda request, ask: held(ask(), answering) if "/envelopes/" in request.path else ask()
    page.click("#send-reply")
    poll(lambda: bool(middle.asked("PUT", "/envelopes/")), lambda: "it is not sent")
    page.click("#stop")
    page.wait_for_text(words("reporter", "thread.stopped"), "#problem")
    answering.set()
    gate = Gate(middle)
    reporter.attach(tmp_path / "bewijs.bin")
    page.click("#send-reply")
    page.wait_for("[data-screen=sending] .file")
    page.click("#stop")
    at(page, "thread")
    page.wait_for_text(words("reporter", "thread.stopped"), "#problem")
    gate.open.set()
