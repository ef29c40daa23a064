"""The reporter's screens, with a fake Worker."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.browser.kit.catalogue import words
from tests.browser.kit.screens import ACCESS_CODE, MALFORMED, RECEIPT, SLIPS, Screen, Walker

TEXT = "Ik zag dat de enveloppen open op tafel lagen.\nDat was op dinsdag, voordat iemand had geboden."
READY = "#begin:enabled"
# As browsers without one have it.
UNPICKED = "delete window.showSaveFilePicker, delete window.showDirectoryPicker"


def arriving(walker: Walker) -> Iterator[Screen]:
    """The first screen, and what is wrong with a link or an organisation."""
    walker.open("", "#loading", open="going")
    yield Screen("start loading", "")
    walker.open("", "#begin:disabled", open="going unreachable")
    walker.page.wait_for_text("8", "#loading")
    yield Screen("start waiting", "")
    for code in ("pin-malformed", "directory-signature"):
        walker.open("", "[data-screen=unusable]", open=f"refused {code}")
        yield Screen(f"unusable {code}")
    with walker.fake_worker.without_scripts():
        walker.open("", "#unscripted .notice")
        yield Screen("start without scripts", "", scripts=False)
    walker.page.forget()  # that its scripts were refused is what was wanted
    walker.open("", READY, open="unverified")
    walker.page.click("#verified summary")
    yield Screen("start unverified", "")
    walker.open("", READY)
    yield Screen("start", "")
    walker.page.click("#verified summary")
    yield Screen("start verified", "")


def writing(walker: Walker) -> Iterator[Screen]:
    """A report until its receipt is noted."""
    page = walker.page
    walker.open("", READY)
    walker.press("#begin", "channel")
    yield Screen("channel")
    walker.refused("#next")
    yield Screen("channel none", "#problem")
    page.click("#channel-complaints-committee")
    page.wait_for("#agree-complaints-committee")
    yield Screen("channel someone missing", "#channel-complaints-committee")
    walker.refused("#next")
    yield Screen("channel not agreed", "#problem")
    page.click("#channel-confidential-adviser")
    walker.press("#next", "write")
    yield Screen("write")
    walker.refused("#next", seal="refused text-empty")
    yield Screen("write nothing", "#text")
    page.type(TEXT, into="#text")
    page.click("#kind-wrongdoing")
    walker.press("#next", "receipt", seal="going")
    yield Screen("receipt in the making")
    walker.open("", READY)
    walker.press("#begin", "channel")
    page.click("#channel-confidential-adviser")
    walker.press("#next", "write")
    page.type(TEXT, into="#text")
    walker.press("#next", "receipt")
    page.wait_for("#receipt-groups")
    yield Screen("receipt")
    walker.press("#next", "confirm")
    yield Screen("confirm")
    page.type("babab", into="#group-1")
    walker.refused("#send")
    yield Screen("confirm wrong", "#group-1")


def sending(walker: Walker) -> Iterator[Screen]:
    """From the noted receipt to the end."""
    page = walker.page
    _confirmed(walker, RECEIPT)
    for name in ("", "slow", "unreachable", "busy"):
        walker.press("#send", "sending", send=f"going {name}")
        if name:
            page.wait_until("document.querySelector('#status').textContent !== ''")
        yield Screen(f"sending {name}".strip())
        walker.press("#stop", "write")
        if name == "busy":
            yield Screen("write stopped", "#problem")
        walker.press("#next", "receipt")
        page.wait_for("#receipt-groups")
        _type_groups(walker, RECEIPT)
    walker.press("#send", "receipt", receipt="renewed")
    page.wait_for("#renewed")
    yield Screen("receipt renewed")
    _type_groups(walker, page.text("#receipt-groups").replace("\n", "-"))
    walker.press("#send", "received", receipt="renewed")
    yield Screen("received")
    page.click("#show-code summary")
    yield Screen("received with the code", "summary")


def _confirmed(walker: Walker, receipt: str) -> None:
    walker.open("", READY)
    walker.press("#begin", "channel")
    walker.page.click("#channel-confidential-adviser")
    walker.press("#next", "write")
    walker.page.type(TEXT, into="#text")
    walker.press("#next", "receipt")
    walker.page.wait_for("#receipt-groups")
    _type_groups(walker, receipt)


def _type_groups(walker: Walker, receipt: str) -> None:
    walker.press("#next", "confirm", **walker.fake_worker.answers)
    for field in ("#group-1", "#group-2"):
        place = int(walker.page.attribute(field, "data-group") or 0)
        walker.page.type(receipt.split("-")[place - 1], into=field)


# By what becomes of it. The first tries to look like another kind of file.
FILES = {
    "uploading": "Foto van het prikbord \u202egpj.exe",
    "checking": "Offertes bruggen (kopie).pdf",
    "changed": "Notulen_" + "van_het_overleg_" * 8 + ".odt",
    "paused": "opname.mp4",
    "unreadable": "Verplaatst.docx",
    "refused page-incomplete": "Brief.odt",
    "again": "Planning.xlsx",
    "plain": "leeg.txt",
    "waiting storage-full": "archief.zip",
}


UNFINISHED = "Array.from(document.querySelectorAll('.file:not([data-state=done])'), (e) => e.id)"


def _choose(walker: Walker, folder: Path, state: str, name: str) -> None:
    path = folder / name
    path.write_bytes(bytes(0 if name == "leeg.txt" else 2_411_724))
    before = walker.page.count(".file")
    walker.fake_worker.set(attach=state)
    walker.page.choose("#files-choose", path)
    walker.page.wait_until(f"document.querySelectorAll('.file').length > {before}")


def filing(walker: Walker) -> Iterator[Screen]:
    """Files in every state, until they are sent along."""
    page = walker.page
    with TemporaryDirectory() as name:
        folder = Path(name)
        walker.open("", READY, open="small")
        walker.press("#begin", "channel", open="small")
        page.click("#channel-confidential-adviser")
        walker.press("#next", "write")
        (folder / "film.mkv").write_bytes(bytes(101))
        page.choose("#files-choose", folder / "film.mkv")
        page.wait_for("#files-wrong")
        yield Screen("write files too large", "")
        walker.open("", READY)
        walker.press("#begin", "channel")
        page.click("#channel-confidential-adviser")
        walker.press("#next", "write")
        with walker.fake_worker.lacking("/reporter-files.js"):
            page.choose("#files-choose", folder / "film.mkv")
            page.wait_for("#files-bring")
        page.forget()  # that this did not come is what was wanted
        yield Screen("write files lost", "")
        page.type(TEXT, into="#text")
        walker.press("#next", "sending")
        yield Screen("sending files lost")
        walker.open("", READY)
        walker.press("#begin", "channel")
        page.click("#channel-confidential-adviser")
        walker.press("#next", "write")
        page.type(TEXT, into="#text")
        for state, name in FILES.items():
            _choose(walker, folder, state, name)
        page.wait_for("#files-connection .notice")
        yield Screen("write files", "")
        walker.press("#next", "receipt")
        _type_groups(walker, RECEIPT)
        yield Screen("confirm files", "#group-2")
        walker.press("#send", "sending", settled="going")
        page.wait_for("#files-held")
        yield Screen("sending files")
        walker.press("#stop", "write")
        yield Screen("write files stopped", "#problem")
        for file in page.evaluate(UNFINISHED):
            page.click(f"#{file}-remove")
        walker.press("#next", "receipt")
        page.wait_for("#receipt-groups")
        _type_groups(walker, RECEIPT)
        walker.press("#send", "received")
        yield Screen("received files")


def returning(walker: Walker) -> Iterator[Screen]:
    """The screen that asks for a receipt, and each of its errors."""
    page = walker.page
    walker.open("", READY)
    walker.press("#return", "return")
    yield Screen("return")
    typed = {
        "malformed": MALFORMED,
        "slipped": SLIPS["receipt"],
        "other code": ACCESS_CODE,
        "complete": RECEIPT,
    }
    for name, text in typed.items():
        page.clear("#code")
        page.type(text, into="#code")
        page.wait_for("#code-words p")
        yield Screen(f"return {name}", "#code")
    walker.press("#open", "sending", visit="going")
    yield Screen("opening")
    walker.press("#stop", "return")
    walker.refused("#open", visit="refused receipt-unknown")
    yield Screen("return unknown", "#code")


def receiving(walker: Walker) -> Iterator[Screen]:
    """The files of a recipient: downloaded, previewed."""
    page = walker.page
    walker.open("", READY)
    page.evaluate(UNPICKED)
    walker.press("#return", "return")
    page.type(RECEIPT, into="#code")
    walker.press("#open", "thread", visit="answered", withFiles="ready")
    yield Screen("thread answered")
    walker.fake_worker.set(withFiles="going")
    page.click("#get-files-1")
    page.wait_for("#get-files-1[aria-disabled]")
    yield Screen("thread files asked", "#get-files-1")
    walker.open("", READY)
    page.evaluate(UNPICKED)
    walker.press("#return", "return")
    page.type(RECEIPT, into="#code")
    walker.press("#open", "thread", visit="answered", withFiles="ready")
    page.click("#get-files-1")
    page.wait_for("#files-1")
    yield Screen("thread with files", "#file-1-0-preview")
    for name in ("damaged", "gone"):
        walker.fake_worker.set(saveFile=name)
        page.click("#file-1-0-save")
        page.wait_for("#file-1-0 [data-end]")
        yield Screen(f"thread with files {name}", "#file-1-0-save")
    page.click("#file-1-0-preview")
    page.wait_for("#preview-start")
    yield Screen("thread preview asked")
    walker.fake_worker.set(lookAtFile="plain")
    page.click("#preview-start")
    page.wait_for("[data-phase=shown]")
    yield Screen("thread preview")


def conversing(walker: Walker) -> Iterator[Screen]:
    """A conversation as its reporter sees it, until it is deleted."""
    page = walker.page
    for name in ("withheld", "hidden", "odd", "waiting", "plain"):
        walker.open("", READY)
        walker.press("#return", "return")
        page.type(RECEIPT, into="#code")
        walker.press("#open", "thread", visit=name)
        yield Screen(f"thread {name}".removesuffix(" plain"))
    walker.refused("#send-reply")
    yield Screen("thread nothing written", "#reply")
    page.type(TEXT, into="#reply")
    walker.refused("#send-reply", write="refused mailbox-full")
    yield Screen("thread full", "#problem")
    walker.press("#send-reply", "sending", write="going unreachable")
    yield Screen("sending a message")
    walker.press("#stop", "thread")
    walker.press("#send-reply", "sending", refresh="going")
    page.wait_for_text(words("reporter", "thread.fetching", walker.language), "#main")
    yield Screen("message sent")
    walker.press("#stop", "thread")
    yield Screen("thread unseen")
    page.type(TEXT, into="#reply")
    walker.press("#send-reply", "thread")
    page.wait_for("#done")
    yield Screen("thread sent")
    walker.press("#delete", "delete")
    yield Screen("delete")
    walker.press("#delete-now", "sending", remove="going slow")
    yield Screen("deleting")
    walker.press("#stop", "thread")
    walker.press("#delete", "delete")
    walker.press("#delete-now", "deleted")
    yield Screen("deleted")


WALKS = (arriving, writing, sending, filing, returning, receiving, conversing)
