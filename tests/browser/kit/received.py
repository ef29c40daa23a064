"""Received files on either page: saved, previewed."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from crypto.public.blobs import CHUNK_LENGTH
from tests.browser.kit import thread
from tests.browser.kit.driver import Page
from tests.browser.kit.http_relay import Reply
from tests.browser.kit.thread import at
from tests.browser.kit.wire import Request, Response

FILES = """Array.from(document.querySelectorAll('#thread .received-file'), (e) => ({
  id: e.id,
  name: e.querySelector('.received-name').textContent,
  called: e.querySelector('.received-called bdi')?.textContent ?? '',
  kind: e.querySelector('.received-facts').firstElementChild.textContent,
  size: e.querySelector('.received-facts').lastElementChild.textContent,
}))"""


@dataclass(frozen=True)
class File:
    """A file of a message: the name it is saved under, and, if that is another, what its author called it."""

    id: str
    name: str
    called: str
    kind: str
    size: str


class Held:
    """A server that gives a file's first chunk and then no more, until it is let go."""

    def __init__(self) -> None:
        self.going = threading.Event()

    def __call__(self, request: Request, ask: Callable[[], Response]) -> Reply:
        return self._slowly(ask()) if "/chunks/" in request.path else ask()

    def _slowly(self, true: Response) -> Iterator[bytes]:
        first = len(true.raw) - len(true.body) + CHUNK_LENGTH
        yield true.raw[:first]
        self.going.wait(60)
        yield true.raw[first:]


class ReceivedFilesPage:
    """A page that shows the files of a conversation."""

    page: Page
    home: str
    """The screen of the conversation."""

    def received(self) -> list[File]:
        """The files of the conversation that is open."""
        return [File(**it) for it in self.page.evaluate(FILES)]

    def ended(self, css: str = "#file-0-0") -> str:
        """The end of a file's download: saved, handed, stopped, unsaved or the code of a problem."""
        self.page.wait_for(f"{css} [data-end]")
        return self.page.attribute(f"{css} [data-end]", "data-end") or ""

    def save(self, css: str = "#file-0-0") -> str:
        """Download a file; how it ends, whatever an earlier try did."""
        self.page.evaluate(f"document.querySelector('{css} [data-end]')?.remove()")
        self.page.click(f"{css}-save")
        return self.ended(css)

    def look(self, css: str = "#file-0-0") -> str:
        """Look at a file; nothing if it is shown, or the problem."""
        self.page.click(f"{css}-preview")
        at(self.page, "preview")
        self.page.click("#preview-start")
        self.page.wait_for("[data-phase=shown], [data-phase=failed]")
        shown = self.page.is_visible("[data-phase=shown]")
        return "" if shown else self.page.attribute("#preview-failed", "data-problem") or "?"

    def back_to_messages(self) -> None:
        """Back from a file that was looked at, if one is."""
        if thread.screen(self.page) == "preview":
            self.page.click("#back")
        at(self.page, self.home)
