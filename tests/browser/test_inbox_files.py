"""A recipient saves files: whole, under safe names, over any line, and nothing of one that is not what was sent."""

import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crypto.public.blobs import CHUNK_LENGTH
from crypto.public.encoding import write_object
from tests.browser.conftest import BROWSERS, BrowserLauncher
from tests.browser.kit.attacks import instead, meddled, nothing_ran
from tests.browser.kit.catalogue import words
from tests.browser.kit.device import Device
from tests.browser.kit.driver import poll
from tests.browser.kit.http_relay import HttpRelay, Reply, Tamper, answer
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.inbox_screens import LATER, MINUTE
from tests.browser.kit.received import Held
from tests.browser.kit.thread import at
from tests.browser.kit.wire import Request, Response
from tests.kit.serving import Demo

# What the page and its Worker make of it: the engine has no part in it.
pytestmark = pytest.mark.one_class

MARK = "\u202e"
EVIDENCE = random.Random(16).randbytes(1_000_000)
CHUNKS = 4
NOTE = b"Zie het bestand.\n"
# By what their author calls them, in the order they are sent in.
HOSTILE = {
    f"foto{MARK}gpj.exe": b"MZ",
    "..\\..\\Startup\\los.bat": b"echo",
    "CON.txt": b"con",
    "factuur.pdf.scr": b"scr",
    "-rf": b"",
    "<img src=x onerror=alert(1)>": b"<b>",
}
SAFE = ["fotogpj.exe", "los.bat", "_CON.txt", "factuur_pdf.scr", "_-rf", "_img src=x onerror=alert(1)_"]


def written(folder: Path, name: str, content: bytes) -> str:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return str(folder / name)


@pytest.fixture(scope="module", autouse=True)
def sent(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A report with one file, one with many of one name, and one with names that would do harm."""
    folder = tmp_path_factory.mktemp("sent")
    same = [written(folder / "a", "Notitie.txt", NOTE), written(folder / "b", "notitie.TXT", b"anders")]
    evidence = written(folder / "c", "bewijs.bin", EVIDENCE)
    hostile = [written(folder / "d", name, content) for name, content in HOSTILE.items()]
    for channel, files in {
        "confidential-adviser": [evidence],
        "complaints-committee": [*same, evidence],
        "integrity-committee": hostile,
    }.items():
        attached = [option for file in files for option in ("--attach", file)]
        assert demo.report("Met bijlage.", *attached, channel=channel).status == 0


@pytest.fixture(scope="module", params=BROWSERS)
def device(
    launch_once: BrowserLauncher, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Device]:
    made = Device(launch_once, request.param, tmp_path_factory.mktemp("device"))
    yield made
    assert made.page.errors() == []


def opened(device: Device, demo: Demo, middle: HttpRelay, channel: str = "confidential-adviser") -> Inbox:
    """A recipient of the channel before the conversation with the files."""
    inbox = Inbox(device.page, middle.address(demo.pinned))
    inbox.open(demo.access_codes[f"{channel}-1"])
    device.ready()
    inbox.read()
    return inbox


def test_names_that_would_do_harm_are_shown_for_what_they_are(
    device: Device, demo: Demo, middle: HttpRelay
) -> None:
    inbox = opened(device, demo, middle, "integrity-committee")
    files = inbox.received()
    assert [it.name for it in files] == SAFE
    assert [it.called for it in files] == ["foto[U+202E]gpj.exe", "", "", "factuur.pdf.scr", "", ""]
    assert files[0].kind == words("inbox", "file.kind.program")
    assert words("inbox", "files.warning") in device.page.text("#files-0")
    nothing_ran(device.page, middle)
    device.page.click("#files-0-save")
    for number in range(len(SAFE)):
        assert inbox.ended(f"#file-0-{number}") == device.kept
    device.saves(dict(zip(SAFE, HOSTILE.values(), strict=True)))


def test_a_file_is_saved_as_it_was_sent(device: Device, demo: Demo, middle: HttpRelay) -> None:
    inbox = opened(device, demo, middle)
    assert inbox.save() == device.kept
    device.saves({"bewijs.bin": EVIDENCE})
    assert len(middle.asked("GET", "/chunks/")) == 1


def test_all_files_of_a_message_are_saved_and_two_of_one_name_stay_two(
    device: Device, demo: Demo, middle: HttpRelay
) -> None:
    inbox = opened(device, demo, middle, "complaints-committee")
    device.page.click("#files-0-save")
    for number in range(3):
        assert inbox.ended(f"#file-0-{number}") == device.kept
    device.saves({"Notitie.txt": NOTE, "notitie (2).TXT": b"anders", "bewijs.bin": EVIDENCE})


def of_chunks(body: bytes) -> list[bytes]:
    return [body[at : at + CHUNK_LENGTH] for at in range(0, len(body), CHUNK_LENGTH)]


def flipped(body: bytes) -> bytes:
    return body[:-1] + bytes([body[-1] ^ 1])


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "a bit of the last chunk": flipped,
    "cut off at the end of a chunk": lambda body: body[: 2 * CHUNK_LENGTH],
    "changed places": lambda body: b"".join(of_chunks(body)[place] for place in (0, 2, 1, 3)),
    "noise": lambda body: random.Random(1).randbytes(len(body)),
    "more than there is": lambda body: body + body[-CHUNK_LENGTH:],
}


PAGE = answer(200, b"<!doctype html><p>Please log in", content_type="text/html")
# What the page calls each of them: of what no Drempel answers with, the file is not to blame.
TAMPERS = [(instead("blobs/", damage), "attachment-damaged") for damage in DAMAGES.values()] + [
    (instead("blobs/", lambda body: body[: 3 * CHUNK_LENGTH + 9]), "answer-damaged"),
    (meddled("blobs/", lambda _: PAGE), "answer-damaged"),
]


@pytest.mark.parametrize(
    ("tamper", "code"), TAMPERS, ids=[*DAMAGES, "cut off in a chunk", "a page in between"]
)
def test_of_a_damaged_file_nothing_is_saved(
    device: Device, demo: Demo, middle: HttpRelay, tamper: Tamper, code: str
) -> None:
    inbox = opened(device, demo, middle)
    middle.tamper = tamper
    assert inbox.save() == code
    assert device.page.text("#file-0-0 [data-end]") == words("inbox", f"download.{code}")
    assert device.saved() == {}
    middle.tamper = lambda _, ask: ask()
    assert inbox.save() == device.kept
    device.saves({"bewijs.bin": EVIDENCE})


def test_a_file_that_the_server_no_longer_gives(device: Device, demo: Demo, middle: HttpRelay) -> None:
    inbox = opened(device, demo, middle)
    gone = answer(
        404, write_object({"status": 404, "code": "blob-unknown"}), content_type="application/problem+json"
    )
    middle.tamper = meddled("blobs/", lambda _: gone)
    assert inbox.save() == "blob-unknown"
    assert device.page.text("#file-0-0 [data-end]") == words("inbox", "download.blob-unknown")
    assert device.saved() == {}


class Breaking:
    """A line that brings one chunk and a bit more, and breaks when the test says so."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.broken = threading.Semaphore(0)

    def __call__(self, request: Request, ask: Callable[[], Response]) -> Reply:
        if "/chunks/" not in request.path:
            return ask()
        self.asked.append(int(request.path.rpartition("/")[2]))
        return self._begun(ask()) if len(self.asked) < CHUNKS else ask()

    def _begun(self, true: Response) -> Iterator[bytes]:
        yield true.raw[: len(true.raw) - len(true.body) + CHUNK_LENGTH + 1000]
        self.broken.acquire(timeout=60)


def test_a_line_that_breaks_goes_on_where_it_was(device: Device, demo: Demo, middle: HttpRelay) -> None:
    inbox = opened(device, demo, middle)
    middle.tamper = line = Breaking()
    device.page.click("#file-0-0-save")
    for number in range(1, CHUNKS):
        there = f"{number} * {CHUNK_LENGTH - 16} / {len(EVIDENCE)}"
        device.page.wait_until(f"document.querySelector('#file-0-0 progress')?.value >= {there}")
        line.broken.release()
    assert inbox.ended() == device.kept
    assert line.asked == list(range(CHUNKS))
    device.saves({"bewijs.bin": EVIDENCE})


@pytest.fixture
def held(device: Device, demo: Demo, middle: HttpRelay) -> Iterator[Inbox]:
    """A recipient whose download has begun and does not end."""
    inbox = opened(device, demo, middle)
    middle.tamper = hold = Held()
    device.page.click("#file-0-0-save")
    device.page.wait_until("document.querySelector('#file-0-0 progress')?.value > 0")
    assert device.page.is_focused("#file-0-0-stop")
    yield inbox
    hold.going.set()


def test_a_download_can_be_stopped(device: Device, held: Inbox) -> None:
    device.page.click("#file-0-0-stop")
    assert held.ended() == "stopped"
    assert device.page.is_focused("#file-0-0-save")
    assert device.saved() == {}


def test_locking_ends_a_download_and_leaves_nothing_of_it(device: Device, held: Inbox) -> None:
    held.lock()
    poll(lambda: device.page.workers() == 0, lambda: "the worker goes on")
    assert device.saved() == {}
    assert "bewijs" not in device.page.evaluate("document.documentElement.outerHTML")


def test_a_download_keeps_no_inbox_open_that_nobody_touches(device: Device, held: Inbox) -> None:
    device.page.evaluate(LATER % (14 * MINUTE + 5_000))
    device.page.wait_for("#dialog.idle")
    assert words("inbox", "idle.saving") in device.page.text("#dialog")
    device.page.evaluate(LATER % (2 * MINUTE))
    at(device.page, "locked")
    poll(lambda: device.page.workers() == 0, lambda: "the worker goes on")
    assert device.saved() == {}


# As a system does that makes an empty file of the name it was given.
CHOSEN_LATE = """(async () => {
  const folder = await navigator.storage.getDirectory();
  window.found(await folder.getFileHandle('bewijs.bin', {create: true}));
})()"""


def test_a_place_that_is_found_after_the_page_has_locked_gets_nothing(
    device: Device, demo: Demo, middle: HttpRelay
) -> None:
    inbox = opened(device, demo, middle)
    # A person who leaves while the browser asks where to.
    place = "window.showSaveFilePicker = () => new Promise((found) => (window.found = found))"
    device.page.evaluate(f"{place}, 0")
    device.page.click("#file-0-0-save")
    inbox.lock()
    poll(lambda: device.page.workers() == 0, lambda: "the worker goes on")
    device.page.evaluate(CHOSEN_LATE)
    device.page.evaluate("new Promise((done) => setTimeout(done, 200))")
    assert device.page.workers() == 0
    assert device.saved() == {}
    assert "bewijs" not in device.page.evaluate("document.documentElement.outerHTML")


def test_one_goes_on_reading_and_answering_meanwhile(device: Device, held: Inbox) -> None:
    held.back()
    held.read()
    assert device.page.is_visible("#file-0-0 progress")
    before = len(held.messages())
    held.reply("Ik heb het bestand gezien.")
    assert len(held.messages()) == before + 1
    assert device.page.is_visible("#file-0-0 progress")
