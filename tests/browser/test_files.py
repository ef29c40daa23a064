"""Files as a reporter chooses, watches, pauses, removes and sends them."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import Page, poll
from tests.browser.kit.http_relay import HttpRelay, Reply, answer, gone, relaying, untouched
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.sample_files import Gate, exported, give, made
from tests.browser.kit.thread import at
from tests.browser.kit.wire import Request, Response
from tests.kit.serving import Demo

# What the page and its Worker make of it: the engine has no part in it.
pytestmark = pytest.mark.one_class

CHANNEL = "confidential-adviser"


def writing(page: Page, url: str) -> Reporter:
    """A reporter who is about to write."""
    reporter = Reporter(page, url)
    reporter.arrive()
    reporter.begin()
    reporter.choose(CHANNEL)
    return reporter


def sent(reporter: Reporter, text: str) -> str:
    """Write and send it with its files; the receipt."""
    reporter.write(text)
    receipt = reporter.receipt()
    reporter.confirm(receipt)
    reporter.send()
    return receipt


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_files_are_picked_dropped_and_pasted(same_page: Page, demo: Demo, tmp_path: Path) -> None:
    page, text = same_page, f"Drie bestanden, {same_page.browser}."
    reporter = writing(page, demo.pinned)
    digest = made(tmp_path / "opname één.mp4", 700_000)
    reporter.attach(tmp_path / "opname één.mp4")
    assert give(page, "drop", ("Notulen.txt", "Besproken: niets.", "text/plain"))
    page.wait_for_text("Notulen.txt", "#files-list")
    assert give(page, "paste", ("image.png", "geen echt plaatje", "image/png"))
    page.wait_for_text("image.png", "#files-list")
    reporter.files_arrived()
    receipt = sent(reporter, text)
    assert exported(demo, text, tmp_path / "export") == {
        "opname één.mp4": digest,
        "Notulen.txt": sha256("Besproken: niets."),
        "image.png": sha256("geen echt plaatje"),
    }
    reporter.come_back(receipt)
    assert [it.split(" (")[0] for it in page.texts(".attachments li")] == [
        "opname één.mp4",
        "Notulen.txt",
        "image.png",
    ]
    assert page.errors() == []


def test_a_file_that_falls_beside_the_form_costs_no_text(same_page: Page, demo: Demo) -> None:
    page = same_page
    reporter = Reporter(page, demo.pinned)
    reporter.arrive()
    assert give(page, "drop", ("a.txt", "a", "text/plain")), "the browser would open it in place of the page"
    reporter.begin()
    reporter.choose(CHANNEL)
    page.type("Dit blijft staan.", into="#text")
    give(page, "drop", ("a.txt", "a", "text/plain"))
    page.wait_for("#file-1")
    assert page.value("#text") == "Dit blijft staan."
    assert page.errors() == []


def test_text_that_is_pasted_with_a_picture_of_it_stays_text(same_page: Page, demo: Demo) -> None:
    reporter = writing(same_page, demo.pinned)
    taken = same_page.evaluate("""(() => {
      const data = {types: ['text/plain', 'Files'], items: [], files: [1]};
      const event = new Event('paste', {bubbles: true, cancelable: true});
      Object.defineProperty(event, 'clipboardData', {value: data});
      document.querySelector('#text').dispatchEvent(event);
      return event.defaultPrevented;
    })()""")
    assert not taken
    assert reporter.files() == {}


def test_a_folder_is_told_apart_and_not_sent(same_page: Page, demo: Demo) -> None:
    page = same_page
    reporter = writing(page, demo.pinned)
    page.evaluate("""(() => {
      const entry = {isDirectory: true, name: 'Bewijs'};
      const folder = {kind: 'file', webkitGetAsEntry: () => entry, getAsFile: () => new File([], 'Bewijs')};
      const event = new Event('drop', {bubbles: true, cancelable: true});
      Object.defineProperty(event, 'dataTransfer', {value: {types: ['Files'], items: [folder]}});
      document.querySelector('main').dispatchEvent(event);
    })()""")
    page.wait_for_text(words("reporter", "attach.folder", names="“Bewijs”"), "#files-wrong")
    assert reporter.files() == {}


def test_files_are_paused_go_on_and_are_removed(
    same_page: Page, demo: Demo, middle: HttpRelay, tmp_path: Path
) -> None:
    page, text = same_page, f"Eén van de twee, {same_page.browser}."
    gate = Gate(middle)
    reporter = writing(page, middle.address(demo.pinned))
    digest = made(tmp_path / "groot.mp4", 9_000_000)
    made(tmp_path / "klein.txt", 10)
    reporter.attach(tmp_path / "groot.mp4")
    poll(lambda: len(gate.blobs) == 1, lambda: "nothing goes up")
    page.click("#file-1-pause")
    page.wait_for("#file-1[data-state=paused]")
    assert page.is_focused("#file-1-go"), "the keyboard is where it was"
    gate.open.set()
    [first] = gate.blobs
    before = gate.blobs[first]
    reporter.attach(tmp_path / "klein.txt")
    page.wait_for("#file-2[data-state=done]")
    assert gate.blobs[first] == before, "it goes on although it is paused"
    [_, second] = gate.blobs
    page.click("#file-2-remove")
    page.wait_gone("#file-2")
    poll(lambda: bool(middle.asked("DELETE", second)), lambda: "what is removed stays on the server")
    page.type(text, into="#text")
    page.click("#next")
    receipt = reporter.receipt()
    reporter.confirm(receipt)
    page.click("#send")
    page.wait_for_text("“groot.mp4”", "#files-held")
    page.click("#file-1-go")
    page.wait_for("[data-screen=received]")
    assert page.text("#received-files") == words("reporter", "received.files.one")
    assert exported(demo, text, tmp_path / "export") == {"groot.mp4": digest}
    assert page.errors() == []


def test_files_stay_through_other_languages_and_screens(same_page: Page, demo: Demo, tmp_path: Path) -> None:
    page = same_page
    reporter = writing(page, demo.pinned)
    made(tmp_path / "a.pdf", 10)
    reporter.attach(tmp_path / "a.pdf")
    reporter.files_arrived()
    reporter.speak("en")
    assert page.text("#file-1-words") == words("reporter", "attach.done", "en")
    page.click("#back")
    page.click("#to-text")
    page.wait_for("#file-1[data-state=done]")
    reporter.speak("nl")
    page.click("#next")
    page.wait_for_text(words("reporter", "error.text-empty"), "#problem")
    assert reporter.files() == {"a.pdf": "done"}


def test_a_message_of_a_return_visit_takes_files_along(same_page: Page, demo: Demo, tmp_path: Path) -> None:
    page, text = same_page, f"Straks meer, {same_page.browser}."
    receipt = demo.report(text).json["receipt"]
    digest = made(tmp_path / "later.pdf", 600_000)
    reporter = Reporter(page, demo.pinned)
    reporter.come_back(receipt)
    reporter.attach(tmp_path / "later.pdf")
    reporter.reply("Hier is het.")
    assert [it.text for it in reporter.messages()] == [text, "Hier is het."]
    assert page.texts(".attachments li") == ["later.pdf (600\u00a0kB)"]
    assert reporter.files() == {}
    assert exported(demo, text, tmp_path / "export") == {"later.pdf": digest}
    assert page.errors() == []


def test_files_go_up_without_the_browsers_own_cryptography(
    same_page: Page, demo: Demo, tmp_path: Path
) -> None:
    page, text = same_page, f"Zonder slotje, {same_page.browser}."
    digest = made(tmp_path / "plan.pdf", 600_000)
    with relaying(demo.url) as middle:
        reporter = writing(page, middle.address(demo.pinned, "drempel.test"))
        assert page.evaluate("typeof crypto.subtle") == "undefined"
        reporter.attach(tmp_path / "plan.pdf")
        sent(reporter, text)
    assert exported(demo, text, tmp_path / "export") == {"plan.pdf": digest}
    assert page.errors() == []


def test_a_file_that_is_chosen_again_takes_its_own_place_and_no_other(
    same_page: Page, middle: HttpRelay, demo: Demo
) -> None:
    """Whatever is pasted is called image.png."""
    page = same_page
    large = {"type": "about:blank", "status": 413, "title": "large", "code": "attachment-too-large"}
    refused = answer(413, json.dumps(large).encode(), content_type="application/problem+json")
    writing(page, middle.address(demo.pinned))
    middle.tamper = lambda request, ask: refused if "/blobs/" in request.path else ask()
    give(page, "drop", *[("image.png", text, "image/png") for text in ("een", "twee")])
    give(page, "drop", ("brief.txt", "b", "text/plain"))
    page.wait_until("document.querySelectorAll('.file[data-state=failed]').length === 3")
    middle.tamper = untouched
    give(page, "drop", ("image.png", "weer een", "image/png"))
    page.wait_for(".file[data-state=done]")
    assert page.texts(".file bdi") == ["image.png", "image.png", "brief.txt"]
    assert page.evaluate("[...document.querySelectorAll('.file')].map((e) => e.dataset.state)") == [
        "done",
        "failed",
        "failed",
    ]


def test_files_of_a_report_that_arrived_unseen_go_with_another_report_too(
    same_page: Page, middle: HttpRelay, demo: Demo, tmp_path: Path
) -> None:
    """Its answer is lost, and the person changes the text: the files belong to the first report by then."""
    page = same_page
    digest, text = made(tmp_path / "bewijs.bin", 300_000), f"Aangekomen, {page.browser}."
    lost = {"answers": 1}

    def losing(request: Request, ask: Callable[[], Response]) -> Reply:
        found = ask()
        if "/opening/" in request.path and lost["answers"]:
            lost["answers"] += 1
            return gone()
        return found

    middle.tamper = losing
    reporter = writing(page, middle.address(demo.pinned))
    reporter.attach(tmp_path / "bewijs.bin")
    reporter.files_arrived()
    reporter.write(text)
    first = reporter.receipt()
    reporter.confirm(first)
    page.click("#send")
    poll(lambda: lost["answers"] > 1, lambda: "it does not arrive")
    page.click("#stop")
    at(page, "write")
    lost["answers"] = 0
    gate = Gate(middle)
    page.type(" En nog iets.", into="#text")
    page.click("#next")
    page.wait_for("#renewed")
    second = reporter.receipt()
    assert second != first
    reporter.confirm(second)
    page.click("#send")
    page.wait_for("[data-screen=sending] .file")
    page.click("#stop")
    # That nothing was sent would not be true.
    page.wait_for_text(words("reporter", "error.stopped"), "#problem")
    gate.open.set()
    reporter.files_arrived()
    page.click("#next")
    reporter.confirm(reporter.receipt())
    reporter.send()
    for said in (text, f"{text} En nog iets."):
        assert exported(demo, said, tmp_path / said) == {"bewijs.bin": digest}
    assert page.errors() == []
