"""A recipient looks at files without opening them: they are seen, and nothing in them is done."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright

from tests.browser.conftest import BROWSERS, Lasting, as_new
from tests.browser.kit import sample_documents
from tests.browser.kit.attacks import nothing_ran, payload
from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import poll
from tests.browser.kit.http_relay import HttpRelay, Reply, altered, relaying
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.wire import Request, Response
from tests.kit.serving import Demo
from tests.project import ROOT

# One engine shows that the page does it; the other one is in `make test-all`.
pytestmark = pytest.mark.one_class

RECIPIENT = "confidential-adviser-1"
MARK = "\u202e"
TEXT = f"De uitslag stond al vast: {MARK}Jansen.\n\tEn nog een regel, “zo”.\n"
PLAIN = "/static/pages/viewer-plain.js"
SANDBOX = "/static/js/viewer/sandbox.js"
# How many pixels of what is shown are dark, of all.
DARK = """(() => {
  const shown = document.querySelector('#preview-canvas');
  const copy = document.createElement('canvas');
  [copy.width, copy.height] = [shown.width, shown.height];
  const context = copy.getContext('2d');
  context.drawImage(shown, 0, 0);
  const {data} = context.getImageData(0, 0, copy.width, copy.height);
  let dark = 0;
  for (let at = 0; at < data.length; at += 4) dark += data[at] < 64 && data[at + 3] > 128;
  return [shown.width, shown.height, dark];
})()"""


@pytest.fixture(scope="module")
def middle(demo: Demo) -> Iterator[HttpRelay]:
    with relaying(demo.url) as made:
        yield made


@pytest.fixture(scope="module")
def names(
    demo: Demo, middle: HttpRelay, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> list[str]:
    """A report with a file of each sort; by what they are, and not by what they call themselves, they are shown."""
    made = sample_documents.drawn(playwright)
    elsewhere = f"http://127.0.0.1:{middle.port}/planted-by-a-stranger"
    script = payload("tekening").replace("/planted", f"{elsewhere}/planted")
    files = {
        "brief.txt": TEXT.encode(),
        "scherm.png": made.png,
        "foto.jpg": made.jpeg,
        "verslag.pdf": made.pdf,
        "tekening.svg": f"<svg xmlns='http://www.w3.org/2000/svg'>{script}</svg>".encode(),
        "pagina.html": f"<!doctype html>{script}".encode(),
        "aanval.pdf": sample_documents.hostile(elsewhere),
        "geen.txt": b"a\0b",
        "bom.png": sample_documents.png(20_000, 20_000),
        "stuk.pdf": b"%PDF-1.7\n" + bytes(range(256)) * 8,
        "stuk.png": made.png[:40] + bytes(99),
        "heet anders.pdf": made.png,
        "gesloten.pdf": sample_documents.locked(),
        "fax.pdf": sample_documents.fax(),
        "lang.txt": b"0123456789abcde\n" * 40_000,
    }
    folder: Path = tmp_path_factory.mktemp("looked-at")
    attached = []
    for name, content in files.items():
        (folder / name).write_bytes(content)
        attached += ["--attach", str(folder / name)]
    assert demo.report("Met bijlagen.", *attached).status == 0
    return list(files)


@pytest.fixture(scope="module", params=BROWSERS)
def inbox(
    lasting: Lasting, demo: Demo, middle: HttpRelay, names: list[str], request: pytest.FixtureRequest
) -> Inbox:
    """A recipient before the files."""
    found = Inbox(as_new(lasting(request.param, 0)), middle.address(demo.pinned))
    found.open(demo.access_codes[RECIPIENT])
    found.read()
    return found


@pytest.fixture
def look(inbox: Inbox, middle: HttpRelay, names: list[str]) -> Iterator[Callable[[str], str]]:
    """Looks at a file by its name, and afterwards goes back to where its viewer has ended."""
    inbox.page.forget()
    yield lambda name: inbox.look(f"#file-0-{names.index(name)}")
    nothing_ran(inbox.page, middle)
    inbox.back_to_messages()
    poll(lambda: inbox.page.workers() == 1, lambda: "a viewer goes on")
    middle.tamper = lambda _, ask: ask()


Look = Callable[[str], str]


def shown(inbox: Inbox) -> tuple[int, int, int]:
    width, height, dark = inbox.page.evaluate(DARK)
    return width, height, dark


def test_a_text_is_shown_with_what_would_turn_it(inbox: Inbox, look: Look) -> None:
    assert look("brief.txt") == ""
    assert inbox.page.evaluate("document.querySelector('#preview-text').textContent") == TEXT.replace(
        MARK, "[U+202E]"
    )


def test_of_a_long_text_the_beginning_is_shown(inbox: Inbox, look: Look) -> None:
    assert look("lang.txt") == ""
    while inbox.page.count(".more-text"):
        inbox.page.click(".more-text")
    assert inbox.page.evaluate("document.querySelector('#preview-text').textContent.length") == 256 * 1024
    assert inbox.page.text("#preview-cut") == words("inbox", "preview.cut")


@pytest.mark.parametrize("name", ["scherm.png", "foto.jpg", "heet anders.pdf"])
def test_a_picture_is_drawn_whatever_its_name(inbox: Inbox, look: Look, name: str) -> None:
    assert look(name) == ""
    width, height, dark = shown(inbox)
    assert (width, height) == (640, 480)
    assert 5_000 < dark < 100_000


def test_a_document_is_drawn_page_by_page_with_its_words(inbox: Inbox, look: Look) -> None:
    assert look("verslag.pdf") == ""
    width, height, dark = shown(inbox)
    assert height > width > 600
    assert dark > 5_000
    assert sample_documents.WORDS in inbox.page.evaluate(
        "document.querySelector('#preview-words .text').textContent"
    )
    inbox.page.click("#preview-next")
    inbox.page.wait_for_text("2", "#preview-page")
    inbox.page.wait_until("document.querySelector('#preview-next').getAttribute('aria-disabled') === 'true'")
    assert sample_documents.SECOND in inbox.page.evaluate(
        "document.querySelector('#preview-words .text').textContent"
    )
    assert 0 < shown(inbox)[2] < dark
    assert inbox.page.is_focused("#preview-next")
    inbox.page.click("#preview-previous")
    inbox.page.wait_until(f"({DARK})[2] === {dark}")


def test_what_a_scanner_wrote_is_drawn(inbox: Inbox, look: Look) -> None:
    assert look("fax.pdf") == ""
    width, height, dark = shown(inbox)
    assert 0.2 < dark / (width * height) < 0.3


@pytest.mark.parametrize("name", ["tekening.svg", "pagina.html"])
def test_what_could_run_is_shown_as_what_is_written_in_it(inbox: Inbox, look: Look, name: str) -> None:
    assert look(name) == ""
    assert "<script data-planted>" in inbox.page.text("#preview-text")


def test_a_document_that_would_run_and_tell_does_neither(inbox: Inbox, middle: HttpRelay, look: Look) -> None:
    before = len(middle.requests)
    assert look("aanval.pdf") == ""
    assert "Niets aan de hand" in inbox.page.evaluate(
        "document.querySelector('#preview-words .text').textContent"
    )
    assert shown(inbox)[2] > 100
    inbox.page.click("#preview-canvas")
    asked = {it.path for it in middle.requests[before:] if "/blobs/" not in it.path}
    assert asked == {
        "/static/pages/viewer-pdf.js",
        "/static/vendor/pdf.js",
    }
    assert inbox.screen == "preview"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("geen.txt", "kind"),
        ("bom.png", "pixels"),
        ("stuk.pdf", "broken"),
        ("stuk.png", "broken"),
        ("gesloten.pdf", "password"),
    ],
)
def test_why_a_file_is_not_shown_is_said(inbox: Inbox, look: Look, name: str, problem: str) -> None:
    assert look(name) == problem
    assert inbox.page.text("#preview-failed") == words("inbox", f"preview.{problem}")


def instead_of_viewer(code: str) -> Callable[[Request, Callable[[], Response]], Reply]:
    """Another viewer, which may import the sources of the real one."""

    def tamper(request: Request, ask: Callable[[], Response]) -> Reply:
        if request.path == SANDBOX:
            return altered(
                ask(), status=200, body=(ROOT / SANDBOX[1:]).read_bytes(), content_type="text/javascript"
            )
        return altered(ask(), body=code.encode()) if request.path == PLAIN else ask()

    return tamper


def test_a_viewer_that_never_answers_is_ended(inbox: Inbox, middle: HttpRelay, look: Look) -> None:
    middle.tamper = instead_of_viewer(
        "postMessage({ready: true}); addEventListener('message', () => { for (;;); });"
    )
    assert look("brief.txt") == "slow"
    assert inbox.page.text("#preview-failed") == words("inbox", "preview.slow")
    poll(lambda: inbox.page.workers() == 1, lambda: "it goes on")


@pytest.mark.parametrize("code", ["import './gone.js';", "postMessage({ready: true}); onmessage = null.x;"])
def test_a_viewer_that_does_not_come_is_said(inbox: Inbox, middle: HttpRelay, look: Look, code: str) -> None:
    middle.tamper = instead_of_viewer(code)
    assert look("brief.txt") == "broken"


# What is left in a Worker that has been confined: by name, and by trying.
CONFINED = """
import {answerWith, confine} from '/static/js/viewer/sandbox.js';
const scopes = [globalThis, ...(function* up(at) { for (; at; at = Object.getPrototypeOf(at)) yield at; })(globalThis)];
const {getOwnPropertyNames} = Object;
confine();
const left = new Set(scopes.flatMap((at) => (at === Object.prototype ? [] : getOwnPropertyNames(at))));
const run = () => { try { return Function('return "ran"')(); } catch { return 'refused'; } };
answerWith(async () => ({text: JSON.stringify({left: [...left].sort(), run: run()})}));
"""
WAYS_OUT = {
    *("fetch", "fetchLater", "XMLHttpRequest", "WebSocket", "WebSocketStream", "EventSource", "WebTransport"),
    *(
        "importScripts",
        "BroadcastChannel",
        "SharedWorker",
        "Worker",
        "MessageChannel",
        "MessagePort",
        "caches",
    ),
    *("CacheStorage", "indexedDB", "IDBFactory", "cookieStore", "navigator", "WorkerNavigator", "location"),
    *(
        "FontFace",
        "fonts",
        "Notification",
        "RTCPeerConnection",
        "PushManager",
        "StorageManager",
        "FileReader",
    ),
    *(
        "ServiceWorkerRegistration",
        "WebAssembly",
        "open",
        "webkitRequestFileSystem",
        "crypto",
        "Response",
        "Request",
    ),
}


def test_a_viewer_has_laid_down_all_that_leads_outside(inbox: Inbox, middle: HttpRelay, look: Look) -> None:
    middle.tamper = instead_of_viewer(CONFINED)
    assert look("brief.txt") == ""
    found: dict[str, Any] = inbox.page.evaluate(
        "JSON.parse(document.querySelector('#preview-text').textContent)"
    )
    assert "createImageBitmap" in found["left"]
    assert WAYS_OUT & set(found["left"]) == set()
    assert found["run"] == "refused"
    inbox.page.forget()  # that it was refused is what was wanted, and Firefox tells of it


def test_a_viewer_knows_nothing_of_the_inbox(inbox: Inbox, middle: HttpRelay, look: Look) -> None:
    """What it is told is the file, its kind, and how much room there is."""
    middle.tamper = instead_of_viewer(
        "addEventListener('message', ({data}) => postMessage({text: JSON.stringify(Object.keys(data).sort())}));"
        "postMessage({ready: true});"
    )
    assert look("brief.txt") == ""
    assert inbox.page.text("#preview-text") == '["bytes","kind","width"]'


def test_locking_ends_a_viewer_and_leaves_nothing_of_what_it_showed(
    inbox: Inbox, demo: Demo, look: Look
) -> None:
    assert look("verslag.pdf") == ""
    assert inbox.page.workers() == 2
    inbox.lock()
    poll(lambda: inbox.page.workers() == 0, lambda: "a viewer goes on")
    assert not inbox.page.is_visible("canvas")
    for text in (sample_documents.WORDS, "verslag.pdf"):
        assert text not in inbox.page.evaluate("document.documentElement.outerHTML")
    inbox.sign_in(demo.access_codes[RECIPIENT])
    inbox.read()


def test_leaving_ends_a_viewer(inbox: Inbox, demo: Demo, look: Look) -> None:
    assert look("verslag.pdf") == ""
    inbox.page.click("#leave")
    poll(lambda: inbox.page.workers() == 0, lambda: "a viewer goes on")
    inbox.open(demo.access_codes[RECIPIENT])
    inbox.read()
