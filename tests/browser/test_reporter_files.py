"""A reporter who comes back looks at what a recipient has sent along, or downloads it, and leaves nothing behind."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import BROWSERS, BrowserLauncher
from tests.browser.kit import sample_documents
from tests.browser.kit.attacks import instead, meddled, nothing_ran
from tests.browser.kit.catalogue import words
from tests.browser.kit.device import Device
from tests.browser.kit.driver import Page, poll
from tests.browser.kit.http_relay import HttpRelay, answer, gone, untouched
from tests.browser.kit.profile import in_session, linger, search
from tests.browser.kit.reporter import Reporter
from tests.kit.secret_search import Secrets
from tests.kit.serving import Demo

MARK = "\u202e"
RECIPIENT = "confidential-adviser-1"
LETTER = random.Random(8).randbytes(700_000)
HOSTILE = f"besluit{MARK}fdp.exe"
INSIDE = "Wij nemen uw melding over de aanbesteding in behandeling."
FILES = {"brief.bin": LETTER, HOSTILE: b"MZ", "bericht.txt": INSIDE.encode()}
SAFE = ["brief.bin", "besluitfdp.exe", "bericht.txt"]
LOOKED_AT = "#file-1-2"


def answered(demo: Demo, folder: Path, files: dict[str, bytes]) -> str:
    """A report that was answered with files; its receipt."""
    sent = demo.report("Wilt u mij de brief sturen?")
    found = json.loads(sent.out)
    attached = []
    for name, content in files.items():
        (folder / name).write_bytes(content)
        attached += ["--attach", str(folder / name)]
    assert demo.inbox(RECIPIENT, "reply", *attached, "--", found["mailbox"], text="Hierbij.").status == 0
    receipt: str = found["receipt"]
    return receipt


@pytest.fixture(scope="module")
def receipt(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> str:
    return answered(demo, tmp_path_factory.mktemp("sent"), FILES)


@pytest.fixture(scope="module", params=BROWSERS)
def device(
    launch_once: BrowserLauncher, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Device]:
    made = Device(launch_once, request.param, tmp_path_factory.mktemp("device"))
    yield made
    assert made.page.errors() == []


@pytest.fixture
def reporter(device: Device, middle: HttpRelay, demo: Demo, receipt: str) -> Reporter:
    """Back, before the answer."""
    found = Reporter(device.page, middle.address(demo.pinned))
    found.come_back(receipt)
    device.ready()
    found.get_files()
    return found


def test_what_a_recipient_sent_is_downloaded_as_it_was_under_safe_names(
    device: Device, reporter: Reporter, middle: HttpRelay
) -> None:
    files = reporter.received()
    assert [it.name for it in files] == SAFE
    assert [it.called for it in files] == ["", HOSTILE.replace(MARK, "[U+202E]"), ""]
    for mind in ("look", "traces", "care"):
        assert words("reporter", f"mind.{mind}") in device.page.text("#files-1")
    nothing_ran(device.page, middle)
    device.page.click("#files-1-save")
    for number in range(len(SAFE)):
        assert reporter.ended(f"#file-1-{number}") == device.kept
    device.saves(dict(zip(SAFE, FILES.values(), strict=True)))


def test_one_looks_and_comes_back_to_what_was_typed(device: Device, reporter: Reporter) -> None:
    page = device.page
    page.type("Dank u.", into="#reply")
    assert reporter.look(LOOKED_AT) == ""
    assert page.text("#preview-text") == INSIDE
    reporter.back_to_messages()
    assert page.value("#reply") == "Dank u."
    assert page.evaluate("document.activeElement.id") == f"{LOOKED_AT[1:]}-preview"
    poll(lambda: page.workers() == 1, lambda: "a viewer goes on")
    reporter.reply("")
    assert [it.text for it in reporter.messages()][-1] == "Dank u."
    assert reporter.look(LOOKED_AT) == ""
    assert device.saved() == {}


def test_a_file_that_is_not_what_was_sent_leaves_nothing(
    device: Device, reporter: Reporter, middle: HttpRelay
) -> None:
    middle.tamper = instead("blobs/", lambda body: body[:-1] + bytes([body[-1] ^ 1]))
    assert reporter.save("#file-1-0") == "attachment-damaged"
    assert words("reporter", "download.attachment-damaged") in device.page.text("#file-1-0")
    assert reporter.look(LOOKED_AT) == "attachment-damaged"
    reporter.back_to_messages()
    middle.tamper = untouched
    assert reporter.save("#file-1-0") == device.kept
    device.saves({"brief.bin": LETTER})


def test_of_a_file_that_the_server_no_longer_gives_nothing_is_said_as_of_one_to_send(
    device: Device, reporter: Reporter, middle: HttpRelay
) -> None:
    unknown = {"type": "about:blank", "status": 404, "title": "unknown", "code": "blob-unknown"}
    reply = answer(404, json.dumps(unknown).encode(), content_type="application/problem+json")
    middle.tamper = meddled("blobs/", lambda _: reply)
    said = words("reporter", "download.blob-unknown")
    assert said != words("reporter", "error.blob-unknown")
    assert reporter.save("#file-1-0") == "blob-unknown"
    assert device.page.text("#file-1-0 [data-end]") == said
    assert reporter.look(LOOKED_AT) == "blob-unknown"
    assert device.page.text("#preview-failed") == said
    assert device.saved() == {}


def test_while_the_line_is_broken_nothing_is_asked_of_who_waits(
    device: Device, reporter: Reporter, middle: HttpRelay
) -> None:
    said = f"{words('reporter', 'download.server-unreachable')} {words('reporter', 'file.goes-on')}"
    middle.tamper = meddled("blobs/", lambda _: gone())
    device.page.click("#file-1-0-save")
    device.page.wait_for("#file-1-0 [data-code]")
    assert device.page.text("#file-1-0 [data-code]") == said
    middle.tamper = untouched
    assert reporter.ended("#file-1-0") == device.kept
    middle.tamper = meddled("blobs/", lambda _: gone())
    device.page.click(f"{LOOKED_AT}-preview")
    device.page.click("#preview-start")
    device.page.wait_for("[data-phase=coming] [data-code]")
    assert device.page.text("[data-code]") == said
    middle.tamper = untouched
    device.page.wait_for("[data-phase=shown]")


def test_nobody_on_the_line_sees_that_an_answer_has_files(
    device: Device, demo: Demo, middle: HttpRelay, receipt: str
) -> None:
    """Nor that there is one: nothing more is fetched before somebody asks for it."""
    reporter, asked = Reporter(device.page, middle.address(demo.pinned)), []
    for code in (receipt, json.loads(demo.report("Is er al iets?").out)["receipt"]):
        begun = len(middle.requests)
        reporter.come_back(code)
        reporter.refresh()
        paths = [it.path.partition("/mailboxes/")[0] for it in middle.requests[begun:]]
        asked.append(
            sorted(path for path in paths if not path.endswith("icon.svg"))
        )  # once in a browser's life
    assert len(asked[0]) > 8
    assert asked[0] == asked[1]


def test_a_reporter_at_safer_gets_a_file_too(
    launch: BrowserLauncher, demo: Demo, receipt: str, tmp_path: Path
) -> None:
    reporter = Reporter(launch("firefox", safer=True), demo.pinned)
    reporter.come_back(receipt)
    reporter.get_files()
    assert reporter.look(LOOKED_AT) == ""
    assert reporter.page.text("#preview-text") == INSIDE
    assert reporter.page.errors() == []


@pytest.mark.parametrize("end", ["closed", "killed"])
def test_nothing_is_left_of_files_that_were_looked_at(
    launch: BrowserLauncher, browser: str, demo: Demo, tmp_path: Path, end: str
) -> None:
    page, name = launch(browser), "Besluit over uw melding.txt"
    files = {name: INSIDE.encode(), "Kaart van het pand.png": sample_documents.png(64, 64)}
    secrets = Secrets()
    for each in (*files, INSIDE):
        secrets.text(each, each)
    reporter = Reporter(page, demo.pinned)
    reporter.come_back(answered(demo, tmp_path, files))
    reporter.get_files()
    for number in range(len(files)):
        assert reporter.look(f"#file-1-{number}") == ""
        linger(page, "with a file on the screen")
        reporter.back_to_messages()
    assert in_session(page, secrets) == set()
    _ended(page, end)
    searched = search(page.profile, secrets)
    assert searched.files > 20
    assert searched.found == {}
    (page.profile / "planted").write_bytes(b"\0" * 3 + name.encode("utf-16-le"))
    assert search(page.profile, secrets).found == {"planted": {name}}


def _ended(page: Page, how: str) -> None:
    if how == "closed":
        page.close()
    else:
        page.kill()
