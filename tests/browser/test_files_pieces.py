"""Where a browser can't write to disk as a file comes, it holds files in memory: up to a limit that the page states."""

from collections.abc import Callable, Iterator

import pytest

from tests.browser.conftest import BROWSERS, BrowserLauncher
from tests.browser.kit.catalogue import words
from tests.browser.kit.device import Device
from tests.browser.kit.http_relay import HttpRelay, Reply, altered
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.wire import Request, Response
from tests.kit.serving import Demo

# One engine shows that the page does it; the other one is in `make test-all`.
pytestmark = pytest.mark.one_class

CHANNEL = "complaints-committee"
SIZES = {"een.bin": 900_000, "twee.bin": 400_000, "drie.bin": 600_000}
# LARGEST_PIECE, READ_WITHIN and ANSWERED_WITHIN of saving.js, as they are in the built script. Firefox may keep the
# focus for as long as the last, which is none of these tests' business.
STATED = b"536870912"
KEPT = b",6e4)"
ANSWERED = b",8e3)"
NO_PICKERS = "(delete window.showSaveFilePicker, delete window.showDirectoryPicker, 0)"
# What of all that was handed over the browser still holds, at most.
COUNTED = """(() => {
  const [make, revoke, sizes] = [URL.createObjectURL, URL.revokeObjectURL, new Map()];
  const sum = () => [...sizes.values()].reduce((all, each) => all + each, 0);
  window.most = 0;
  URL.createObjectURL = (blob) => {
    const address = make.call(URL, blob);
    sizes.set(address, blob.size);
    window.most = Math.max(window.most, sum());
    return address;
  };
  URL.revokeObjectURL = (address) => {
    sizes.delete(address);
    revoke.call(URL, address);
  };
})()"""

# All that the row of the second file has said, however shortly.
LISTENING = """(() => {
  window.said = [];
  const listen = () => document.querySelectorAll("#file-0-1").forEach((row) => window.said.push(row.innerText));
  new MutationObserver(listen).observe(document.body, {subtree: true, childList: true, characterData: true});
})()"""


@pytest.fixture(scope="module", autouse=True)
def sent(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder, attached = tmp_path_factory.mktemp("sent"), []
    for name, size in SIZES.items():
        (folder / name).write_bytes(bytes(size))
        attached += ["--attach", str(folder / name)]
    assert demo.report("Met bijlagen.", *attached, channel=CHANNEL).status == 0


@pytest.fixture(scope="module", params=BROWSERS)
def device(
    launch_once: BrowserLauncher, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Device]:
    made = Device(launch_once, request.param, tmp_path_factory.mktemp("device"))
    yield made
    assert made.page.errors() == []


def opened(device: Device, demo: Demo, middle: HttpRelay, largest: int, read_within: int = 60_000) -> Inbox:
    """A recipient before the files, in a browser that holds so many bytes, each for so many milliseconds."""

    def tamper(request: Request, ask: Callable[[], Response]) -> Reply:
        if not request.path.endswith("/recipient.js"):
            return ask()
        code = ask().content
        assert STATED in code
        assert (code.count(KEPT), code.count(ANSWERED)) == (1, 1)
        code = code.replace(STATED, b"%d" % largest).replace(KEPT, b",%d)" % read_within)
        return altered(ask(), body=code.replace(ANSWERED, b",1)"))

    middle.tamper = tamper
    inbox = Inbox(device.page, middle.address(demo.pinned))
    inbox.open(demo.access_codes[f"{CHANNEL}-1"])
    device.page.evaluate(NO_PICKERS)
    device.page.evaluate(COUNTED)
    inbox.read()
    return inbox


def test_what_a_browser_can_not_save_the_command_line_can(
    device: Device, demo: Demo, middle: HttpRelay
) -> None:
    opened(device, demo, middle, 600_000)
    [mailbox] = [it["id"] for it in demo.inbox(f"{CHANNEL}-1", "list").json["conversations"]]
    said = device.page.text("#file-0-0-large")
    assert said.startswith(words("inbox", "file.too-large", size="600\u00a0kB"))
    assert f"drempel inbox export {mailbox} --to" in said
    assert not device.page.is_visible("#file-0-0-save")
    assert device.page.is_visible("#file-0-1-save")
    assert device.page.is_visible("#file-0-2-save")


def test_all_files_together_take_no_more_memory_than_one_may(
    device: Device, demo: Demo, middle: HttpRelay
) -> None:
    inbox = opened(device, demo, middle, 1_000_000, 6_000)
    device.page.evaluate(LISTENING)
    device.page.click("#files-0-save")
    for number in range(len(SIZES)):
        assert inbox.ended(f"#file-0-{number}") == "handed"
    held = words("inbox", "file.held", size="1\u00a0MB")
    assert any(held in said for said in device.page.evaluate("window.said"))
    assert device.page.evaluate("window.most") == SIZES["twee.bin"] + SIZES["drie.bin"]


def test_a_file_that_waits_for_room_can_be_stopped_and_keeps_no_other_waiting(
    device: Device, demo: Demo, middle: HttpRelay
) -> None:
    inbox = opened(device, demo, middle, 1_300_000)
    for number in (0, 2, 1):
        device.page.click(f"#file-0-{number}-save")
    device.page.wait_for_text(words("inbox", "file.held", size="1,3\u00a0MB"), "#file-0-2")
    device.page.click("#file-0-2-stop")
    assert inbox.ended("#file-0-2") == "stopped"
    assert device.page.is_focused("#file-0-2-save")
    assert inbox.ended("#file-0-1") == "handed"
    assert device.page.evaluate("window.most") == SIZES["een.bin"] + SIZES["twee.bin"]
    device.page.click("#file-0-2-save")
    device.page.wait_for_text(words("inbox", "file.held", size="1,3\u00a0MB"), "#file-0-2")
    inbox.lock()
