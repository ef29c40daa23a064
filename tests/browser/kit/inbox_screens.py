"""The recipient's screens, with a fake Worker."""

from collections.abc import Iterator

from tests.browser.kit.catalogue import words
from tests.browser.kit.reporter_screens import UNPICKED
from tests.browser.kit.screens import ACCESS_CODE, MALFORMED, RECEIPT, SLIPS, Screen, Walker

ANSWER = "Dank u voor uw melding. Ik lees die vandaag nog."
READY = "#enter:enabled"
MINUTE = 60_000
# As if what is handed to the browser next were all that it can hold; and as if it had read that.
HELD = """(() => {
  const [size, later] = [Object.getOwnPropertyDescriptor(Blob.prototype, 'size'), setTimeout];
  Object.defineProperty(Blob.prototype, 'size', {configurable: true, get: () => 512 * 1024 * 1024});
  window.setTimeout = (run, within) => {
    if (within !== 60_000) return later(run, within);
    Object.defineProperty(Blob.prototype, 'size', size);
    Object.assign(window, {setTimeout: later, givenBack: run});
  };
})()"""
GIVEN_BACK = "void givenBack()"
# Each browser has the page's own clock at its window.
LATER = "((own) => { const now = own.now; own.now = () => now() + %d; })(window.Date)"


def entering(walker: Walker) -> Iterator[Screen]:
    """The sign-in with an access code, and each of its errors."""
    page = walker.page
    with walker.fake_worker.without_scripts():
        walker.open("inbox", "#unscripted .notice")
        yield Screen("sign-in without scripts", "", scripts=False)
    walker.page.forget()  # that its scripts were refused is what was wanted
    walker.open("inbox", "#problem", open="refused directory-pin")
    yield Screen("sign-in refused directory", "#problem")
    walker.open("inbox", READY)
    yield Screen("sign-in", "#code")
    page.click("#enter")
    page.wait_for("#code-wrong")
    yield Screen("sign-in nothing", "#code")
    page.click("#show-code")
    for name, text in {"malformed": MALFORMED, "other code": RECEIPT, "slipped": SLIPS["access"]}.items():
        page.clear("#code")
        page.type(text, into="#code")
        page.wait_for("#code-wrong")
        yield Screen(f"sign-in {name}", "#code")
    page.clear("#code")
    page.type(ACCESS_CODE, into="#code")
    walker.refused("#enter", signIn="refused access-unknown")
    yield Screen("sign-in unknown", "#problem")
    walker.fake_worker.set(signIn="going busy")
    page.click("#enter")
    page.wait_for("#hurry")
    yield Screen("entering", "")


def _enter(walker: Walker, **answers: str) -> None:
    walker.open("inbox", READY)
    walker.fake_worker.set(**answers)
    walker.page.type(ACCESS_CODE, into="#code")
    walker.page.click("#enter")


def listing(walker: Walker) -> Iterator[Screen]:
    """Fetching, and the list."""
    page = walker.page
    for name, told in {"progress": "[max]", "unreachable": "#waiting"}.items():
        _enter(walker, sync=f"going {name}")
        page.wait_for(f"[data-screen=syncing] {told}")
        yield Screen(f"syncing {name}")
    _enter(walker, sync="refused answer-damaged")
    page.wait_for("#problem")
    yield Screen("syncing failed", "#problem")
    for name in ("empty", "noticed", "many", "plain"):
        _enter(walker, sync=name)
        page.wait_for("[data-screen=list]")
        yield Screen(f"list {name}".removesuffix(" plain"))
    page.evaluate("document.querySelector('#channel').focus()")
    page.press("ArrowDown")
    page.press("Enter")
    page.wait_until("document.querySelectorAll('#conversations > li').length < 6")
    yield Screen("list of a channel", "#channel")
    walker.fake_worker.set(sync="going progress")
    page.click("#refresh")
    page.wait_for("[data-activity] [max]")
    yield Screen("list being refreshed", "#refresh")


def reading(walker: Walker) -> Iterator[Screen]:
    """A conversation as its recipient sees it."""
    page = walker.page
    _enter(walker)
    page.wait_for("[data-screen=list]")
    walker.press("#conversation-0", "conversation", read="going")
    yield Screen("conversation being opened")
    for name in ("withheld", "odd", "waiting"):
        walker.press("#back", "list")
        walker.press("#conversation-0", "conversation", read=name)
        page.wait_for("#thread")
        yield Screen(f"conversation {name}")
    page.click("#send")
    page.wait_for("#text-wrong")
    yield Screen("conversation nothing written", "#text")
    page.type(ANSWER, into="#text")
    walker.fake_worker.set(reply="going unreachable")
    page.click("#send")
    page.wait_for("#hurry")
    yield Screen("conversation sending", "")
    page.click("#stop")
    page.wait_for("#problem")
    yield Screen("conversation stopped", "#problem")
    walker.press("#back", "list")
    walker.press("#conversation-0", "conversation", read="refused conversation-gone")
    page.wait_for("#unsent")
    yield Screen("conversation gone", "#problem")
    walker.press("#back", "list")
    walker.press("#conversation-1", "conversation")
    page.wait_for("#thread")
    yield Screen("conversation")


def _open_files(walker: Walker) -> None:
    _enter(walker)
    walker.page.wait_for("[data-screen=list]")
    walker.page.evaluate(UNPICKED)
    walker.press("#conversation-0", "conversation")
    walker.page.wait_for("#files-0")


def received(walker: Walker) -> Iterator[Screen]:
    """The files of a message, and saving them."""
    page = walker.page
    _open_files(walker)
    page.click("#files-0-warning summary")
    yield Screen("files", "summary")
    for name, answer in {"coming": "going saving", "on a broken line": "going cut"}.items():
        walker.fake_worker.set(saveFile=answer)
        page.click("#files-0-save")
        page.wait_for("#file-0-0 progress")
        page.wait_for("#file-0-2 progress")
        page.wait_until("document.querySelector('#file-0-0 progress').value > 0")
        yield Screen(f"files {name}", "")
        page.click("#file-0-1-stop")
        page.click("#file-0-2-stop")
        walker.fake_worker.set(saveFile="plain")
        page.click("#file-0-0-stop")
        page.wait_gone("#file-0-0 progress")
    walker.fake_worker.set(saveFile="handed")
    page.evaluate(HELD)
    page.click("#file-0-0-save")
    page.wait_until("window.givenBack !== undefined")
    page.wait_for("#file-0-0 [data-end]")
    walker.fake_worker.set(saveFile="plain")
    page.click("#files-0-save")
    held = words("inbox", "file.held", walker.language, size="537\u00a0MB")
    page.wait_for_text(held, "#file-0-0")
    yield Screen("files held", "")
    page.evaluate(GIVEN_BACK)
    page.wait_for("#file-0-0 [data-end]")
    for name in ("plain", "damaged", "full", "gone"):
        walker.fake_worker.set(saveFile=name)
        page.click("#file-0-0-save")
        page.wait_for("#file-0-0 [data-end]")
        yield Screen(f"files saved {name}", "#file-0-0-save")


def looking(walker: Walker) -> Iterator[Screen]:
    """Looking at a file, as far as it goes."""
    page = walker.page
    _open_files(walker)
    page.click("#file-0-0-preview")
    page.wait_for("#preview-start")
    yield Screen("preview asked")
    walker.fake_worker.set(lookAtFile="going looking")
    page.click("#preview-start")
    page.wait_for("[data-phase=coming] [data-code]")
    yield Screen("preview coming")
    for name in ("plain", "pages", "bomb", "unknown", "damaged"):
        walker.press("#back", "conversation")
        page.click("#file-0-0-preview")
        walker.fake_worker.set(lookAtFile=name)
        page.click("#preview-start")
        page.wait_for("[data-phase=shown], [data-phase=failed]")
        yield Screen(f"preview {name}")
    walker.press("#back", "conversation")
    yield Screen("files after a preview", "#file-0-0-preview")


def locking(walker: Walker) -> Iterator[Screen]:
    """Locking by hand and by the clock, which is moved."""
    page = walker.page
    _enter(walker)
    page.wait_for("[data-screen=list]")
    walker.press("#conversation-0", "conversation")
    page.wait_for("#thread")
    page.evaluate(LATER % (14 * MINUTE + 5_000))
    page.wait_for("#dialog.idle")
    yield Screen("idle", "#stay", full=False)
    page.click("#stay")
    page.wait_gone("#dialog")
    page.type(ANSWER, into="#text")
    page.click("#lock")
    page.wait_for("#dialog.locking")
    yield Screen("locking with an answer unsent", "#stay", full=False)
    page.click("#lock-now")
    page.wait_for("[data-screen=locked]")
    yield Screen("locked")
    page.type(ACCESS_CODE, into="#code")
    page.click("#enter")
    page.wait_for("[data-screen=list]")
    page.evaluate(LATER % (16 * MINUTE))
    page.wait_for("[data-screen=locked]")
    yield Screen("locked by itself")


WALKS = (entering, listing, reading, received, looking, locking)
