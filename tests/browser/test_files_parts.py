"""No message goes without a file that was chosen for it, whichever part of the page does not come, or comes late."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import Page
from tests.browser.kit.http_relay import HttpRelay, Reply, Tamper, answer, held, untouched
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.sample_files import exported, made
from tests.browser.kit.thread import at
from tests.browser.kit.wire import Request, Response
from tests.browser.test_files import writing
from tests.kit.serving import Demo

# What the page and its Worker make of it: the engine has no part in it.
pytestmark = pytest.mark.one_class

OF_THE_PAGE = "/reporter-files.js"
OF_THE_WORKER = "/reporter-worker-files.js"


def without(part: str) -> Tamper:
    """A server that has this part no more."""
    return lambda request, ask: answer(503) if request.path.endswith(part) else ask()


def late(part: str, until: threading.Event) -> Tamper:
    """A server that gives this part only then."""

    def tamper(request: Request, ask: Callable[[], Response]) -> Reply:
        return held(ask(), until) if request.path.endswith(part) else ask()

    return tamper


def test_what_was_chosen_while_the_page_still_loads_goes_along(
    page: Page, demo: Demo, middle: HttpRelay, tmp_path: Path
) -> None:
    text, come = f"Traag geladen, {page.browser}.", threading.Event()
    digest = made(tmp_path / "bewijs.bin", 1000)
    middle.tamper = late(OF_THE_PAGE, come)
    reporter = writing(page, middle.address(demo.pinned))
    page.choose("#files-choose", tmp_path / "bewijs.bin")
    page.wait_for_text(words("reporter", "attach.coming.one", n="1"), "#files-coming")
    page.type(text, into="#text")
    page.click("#next")
    page.wait_for_text(words("reporter", "sending.taking"), "h1")
    page.click("#stop")
    page.wait_for_text(words("reporter", "error.files-stopped"), "#problem")
    page.click("#next")
    at(page, "sending")
    come.set()
    receipt = reporter.receipt()
    reporter.confirm(receipt)
    assert "bewijs.bin" in page.text("dl.summary")
    reporter.send()
    assert exported(demo, text, tmp_path / "export") == {"bewijs.bin": digest}
    assert page.errors() == []


def test_what_the_page_can_not_take_holds_the_message_until_the_person_says(
    page: Page, demo: Demo, middle: HttpRelay, tmp_path: Path
) -> None:
    text = f"Niet geladen, {page.browser}."
    receipt = demo.report(text).json["receipt"]
    digest = made(tmp_path / "bewijs.bin", 1000)
    reporter = Reporter(page, middle.address(demo.pinned))
    reporter.come_back(receipt)
    middle.tamper = without(OF_THE_PAGE)
    page.choose("#files-choose", tmp_path / "bewijs.bin")
    page.wait_for_text(words("reporter", "attach.lost.one"), "#files-coming")
    page.type("Hier is het.", into="#reply")
    page.click("#send-reply")
    at(page, "sending")
    page.wait_for("#files-drop")
    middle.tamper = untouched
    if page.browser == "chromium":
        page.click("#files-bring")
    else:  # it asks for such a part never again
        page.click("#files-bring")
        page.wait_for("#files-drop")
        page.click("#files-drop")
    page.wait_for("#done")
    sent = {"bewijs.bin": digest} if page.browser == "chromium" else {}
    assert exported(demo, text, tmp_path / "export") == sent


def test_what_the_worker_can_not_take_holds_the_message_until_the_person_says(
    page: Page, demo: Demo, middle: HttpRelay, tmp_path: Path
) -> None:
    text = f"Niet aangenomen, {page.browser}."
    digest = made(tmp_path / "bewijs.bin", 1000)
    middle.tamper = without(OF_THE_WORKER)
    reporter = writing(page, middle.address(demo.pinned))
    reporter.attach(tmp_path / "bewijs.bin")
    page.wait_for("#file-1[data-state=failed]")
    assert page.text("#file-1-words") == words("reporter", "attach.lost.one")
    reporter.write(text)
    reporter.confirm(reporter.receipt())
    page.click("#send")
    page.wait_for_text("“bewijs.bin”", "#files-held")
    middle.tamper = untouched
    page.click("#file-1-go")
    if page.browser == "firefox":  # it asks for such a part never again
        page.wait_for("#file-1[data-state=failed]")
        page.click("#file-1-remove")
    page.wait_for("[data-screen=received]")
    sent = {"bewijs.bin": digest} if page.browser == "chromium" else {}
    assert exported(demo, text, tmp_path / "export") == sent


def test_who_went_on_to_another_screen_is_not_pulled_back_by_files_that_come_late(
    same_page: Page, demo: Demo, middle: HttpRelay, tmp_path: Path
) -> None:
    page, come = same_page, threading.Event()
    found = demo.report(f"Laat, {page.browser}.").json
    (tmp_path / "brief.bin").write_bytes(b"brief")
    attached = ("--attach", str(tmp_path / "brief.bin"))
    ran = demo.inbox("confidential-adviser-1", "reply", *attached, "--", found["mailbox"], text="Hierbij.")
    assert ran.status == 0
    reporter = Reporter(page, middle.address(demo.pinned))
    reporter.come_back(found["receipt"])
    middle.tamper = late("/reporter-received.js", come)
    page.click("#get-files-1")
    page.wait_for_text(words("reporter", "thread.getting"), "#get-files-1")
    assert page.is_focused("#get-files-1")
    page.click("#delete")
    at(page, "delete")
    come.set()
    page.wait_until(
        "performance.getEntriesByName(location.origin + '/static/pages/reporter-received.js').length"
    )
    page.click("#keep")
    at(page, "thread")
    page.wait_for("#files-1")
    assert page.is_focused("#heading")
    assert page.errors() == []
