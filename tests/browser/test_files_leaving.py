"""Whoever leaves in the middle of a download leaves nothing of it, and is gone at once."""

import json
import re
from collections.abc import Callable, Iterator

import pytest

from tests.browser.conftest import BROWSERS, BrowserLauncher
from tests.browser.kit.device import Device
from tests.browser.kit.driver import Page, poll
from tests.browser.kit.http_relay import HttpRelay, Reply, altered
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.received import Held, ReceivedFilesPage
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.wire import Request, Response
from tests.kit.serving import Demo

RECIPIENT = "confidential-adviser-1"
FILES = {"besluit over melding.bin": bytes(700_000), "bijlage.bin": bytes(700_000)}
# What is still there when the press of the button has been dealt with.
LEFT_AT_ONCE = "(document.querySelector('#leave').click(), document.title + document.body.textContent)"


@pytest.fixture(scope="module")
def receipt(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of a report that was answered with files."""
    folder, attached = tmp_path_factory.mktemp("sent"), []
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
        attached += ["--attach", str(folder / name)]
    found = json.loads(demo.report("Wat is er besloten?").out)
    assert demo.inbox(RECIPIENT, "reply", *attached, "--", found["mailbox"], text="Dit.").status == 0
    return str(found["receipt"])


@pytest.fixture(scope="module", params=BROWSERS)
def device(
    launch_once: BrowserLauncher, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Device]:
    made = Device(launch_once, request.param, tmp_path_factory.mktemp("device"))
    yield made
    assert made.page.errors() == []


def as_reporter(device: Device, demo: Demo, middle: HttpRelay, receipt: str) -> Reporter:
    found = Reporter(device.page, middle.address(demo.pinned))
    found.come_back(receipt)
    device.ready()
    found.get_files()
    return found


def as_recipient(device: Device, demo: Demo, middle: HttpRelay, receipt: str) -> Inbox:
    assert receipt
    found = Inbox(device.page, middle.address(demo.pinned))
    found.open(demo.access_codes[RECIPIENT])
    device.ready()
    found.read()
    return found


@pytest.fixture(params=[as_reporter, as_recipient])
def somebody(
    device: Device, demo: Demo, middle: HttpRelay, receipt: str, request: pytest.FixtureRequest
) -> Iterator[ReceivedFilesPage]:
    """Somebody whose download has begun and does not end, and who has chosen a place for another."""
    found: ReceivedFilesPage = request.param(device, demo, middle, receipt)
    middle.tamper = hold = Held()
    device.page.click("#file-1-0-save")
    device.page.wait_until("document.querySelector('#file-1-0 progress')?.value > 0")
    device.page.click("#file-1-1-save")
    device.page.wait_for("#file-1-1-stop")
    yield found
    hold.going.set()


def gone(page: Page) -> None:
    page.wait_until("location.href === 'about:blank'")
    poll(lambda: page.workers() == 0, lambda: "the worker goes on")


def test_leaving_empties_the_page_at_once_and_leaves_nothing_of_a_file(
    device: Device, demo: Demo, middle: HttpRelay, somebody: ReceivedFilesPage
) -> None:
    assert device.page.evaluate(LEFT_AT_ONCE) == ""
    gone(device.page)
    # Where a browser keeps it, only a page of the same address can look.
    Reporter(device.page, middle.address(demo.pinned)).arrive()
    assert device.saved() == {}


def test_what_waits_for_its_turn_leaves_nothing_when_it_is_stopped(
    device: Device, somebody: ReceivedFilesPage
) -> None:
    device.page.click("#file-1-1-stop")
    assert somebody.ended("#file-1-1") == "stopped"
    device.page.click("#file-1-0-stop")
    assert somebody.ended("#file-1-0") == "stopped"
    poll(lambda: device.saved() == {}, lambda: f"{device.saved()}")


def test_a_worker_that_does_not_answer_holds_nobody_up(
    device: Device, demo: Demo, middle: HttpRelay, receipt: str
) -> None:
    def tamper(request: Request, ask: Callable[[], Response]) -> Reply:
        if "/chunks/" in request.path:
            return hold(request, ask)
        if not request.path.endswith("/reporter-worker.js"):
            return ask()
        code, times = re.subn(
            rb"(leave:async\(\)=>\{\w+\(\),)", rb"\1await new Promise(()=>{}),", ask().content
        )
        assert times == 1
        return altered(ask(), body=code)

    middle.tamper, hold = tamper, Held()
    as_reporter(device, demo, middle, receipt)
    device.page.click("#file-1-0-save")
    device.page.wait_until("document.querySelector('#file-1-0 progress')?.value > 0")
    assert device.page.evaluate(LEFT_AT_ONCE) == ""
    gone(device.page)
    hold.going.set()
