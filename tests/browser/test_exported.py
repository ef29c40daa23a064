"""An exported conversation in a browser: nothing on its page leads to what its author's script could run in."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.browser.kit.driver import Page, poll
from tests.browser.kit.http_relay import HttpRelay, relaying
from tests.browser.kit.sample_site import site
from tests.cli.kit.user import User
from tests.kit.serving import Demo

LINKED = ["letter.txt", "picture.png", "paper.pdf"]
OTHERS = ["page.html", "PAGE.XHTML", "drawing.svg", "nothing", "data.xml"]


@pytest.fixture
def beacon() -> Iterator[HttpRelay]:
    """A place of an author's own, which hears when a file is opened that can speak."""
    with site({"/": ""}) as url, relaying(url) as made:
        yield made


def speaking(beacon: HttpRelay) -> bytes:
    """What calls the beacon wherever it is taken for a page."""
    where = beacon.address("http://127.0.0.1:1/")
    return (
        '<html xmlns="http://www.w3.org/1999/xhtml"><body><h1>Opened</h1>'
        f'<script>document.title = "ran"; new Image().src = "{where}heard";</script></body></html>'
    ).encode()


@pytest.fixture
def folder(demo: Demo, tmp_path: Path, beacon: HttpRelay) -> Path:
    """An export of a report with such files."""
    user = User(demo, tmp_path)
    files = [user.file(name, speaking(beacon)) for name in LINKED + OTHERS]
    files.append(user.file("noise.gif", Random(1).randbytes(1000)))
    return user.export(user.report(*files).json["mailbox"])[1]


def test_no_link_of_an_exported_page_runs_a_script(same_page: Page, folder: Path, beacon: HttpRelay) -> None:
    page, exported = same_page, (folder / "conversation.html").as_uri()
    page.go(exported)
    links = page.evaluate("[...document.links].map((link) => link.getAttribute('href'))")
    assert links == [f"files/{name}" for name in [*LINKED, "noise.gif"]]
    assert page.text().count("No link") == len(OTHERS)
    page.click_named("letter.txt", "link")
    page.wait_for_text("<h1>Opened</h1>")
    page.go(exported)
    page.click_named("picture.png", "link")
    page.wait_until("document.contentType.startsWith('image/')")
    assert beacon.requests == []
    # The same bytes under another name would have been heard.
    page.go((folder / "files" / "page.html").as_uri())
    poll(lambda: bool(beacon.asked("GET", "/heard")), lambda: "the beacon hears nothing at all")
