"""A file that becomes another while it goes up: nothing of what it was is sent, and what it is now can be."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import Page, poll
from tests.browser.kit.http_relay import HttpRelay
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.sample_files import Gate, exported, made
from tests.kit.serving import Demo

# What the page and its Worker make of it: the engine has no part in it.
pytestmark = pytest.mark.one_class

LENGTH = 3_000_000


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(os.urandom(LENGTH // 2))


def cut(path: Path) -> None:
    os.truncate(path, LENGTH // 3)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def rewrite(path: Path) -> None:
    made(path, LENGTH)


def swap(path: Path) -> None:
    made(path.with_name("other"), LENGTH)
    path.with_name("other").replace(path)


@pytest.mark.parametrize("change", [rewrite, swap, grow, cut, empty])
def test_a_file_that_changes_while_it_goes_up_is_sealed_anew(
    same_page: Page, demo: Demo, middle: HttpRelay, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    page, text, path = (
        same_page,
        f"Het veranderde, {same_page.browser}, {change.__name__}.",
        tmp_path / "Notulen.odt",
    )
    made(path, LENGTH)
    gate, reporter = Gate(middle), Reporter(page, middle.address(demo.pinned))
    reporter.arrive()
    reporter.begin()
    reporter.choose("confidential-adviser")
    reporter.attach(path)
    poll(lambda: len(gate.blobs) == 1, lambda: "nothing goes up")
    change(path)
    gate.open.set()
    # Chromium reads no file again that has changed since it was chosen, and Firefox does not say how long it is now.
    if page.browser == "chromium" or change in {grow, cut, empty}:
        code = "unreadable" if page.browser == "chromium" else "changed"
        page.wait_for("#file-1[data-state=failed]")
        assert page.text("#file-1-words") == words("reporter", f"error.attachment-{code}")
        page.choose("#files-choose", path)
        page.wait_for("#file-2[data-state=done]")
    else:
        page.wait_for("#file-1[data-state=done]")
        assert page.text("#file-1-words") == words("reporter", "attach.done.changed")
    assert reporter.files() == {"Notulen.odt": "done"}
    assert len(gate.blobs) == 2
    first = next(iter(gate.blobs))
    poll(lambda: bool(middle.asked("DELETE", first)), lambda: "the first stays on the server")
    reporter.write(text)
    receipt = reporter.receipt()
    reporter.confirm(receipt)
    reporter.send()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert exported(demo, text, tmp_path / "export") == {"Notulen.odt": digest}
    assert page.errors() == []
