"""Files that a test makes, gives to a page, and finds again at the recipient's."""

import hashlib
import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.browser.kit.driver import Page
from tests.browser.kit.http_relay import HttpRelay, Reply
from tests.browser.kit.wire import Request, Response
from tests.kit.serving import Demo, drempel

ADVISER = "confidential-adviser-1"
# A file as another program hands it over: a test can't move a hand from one window to the other.
GIVE = """((kind, given) => {
  const data = new DataTransfer();
  for (const {name, text, type} of given) data.items.add(new File([text], name, {type}));
  const name = kind === 'paste' ? 'clipboardData' : 'dataTransfer';
  const Kind = kind === 'paste' ? ClipboardEvent : DragEvent;
  const event = new Kind(kind, {[name]: data, bubbles: true, cancelable: true});
  if (!event[name]?.files.length) Object.defineProperty(event, name, {value: data});
  document.querySelector('main').dispatchEvent(event);
  return event.defaultPrevented;
})"""


def made(path: Path, size: int) -> str:
    """Write a random file; gives its SHA-256."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for at in range(0, size, 1 << 20):
            piece = os.urandom(min(1 << 20, size - at))
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def give(page: Page, kind: str, *files: tuple[str, str, str]) -> bool:
    """Let "drop" or "paste" bring files (name, text, type); whether the page took it on itself."""
    given = [{"name": name, "text": text, "type": type_} for name, text, type_ in files]
    return bool(page.evaluate(f"{GIVE}({json.dumps(kind)}, {json.dumps(given)})"))


def exported(demo: Demo, text: str, to: Path) -> dict[str, str]:
    """SHA-256 by name of the files in the conversation that begins with `text`, as the command line saves them."""
    for row in demo.inbox(ADVISER, "list").json["conversations"]:
        messages = demo.inbox(ADVISER, "show", row["id"]).json["messages"]
        if messages[0]["body"] == text:
            break
    else:
        raise AssertionError(text)
    fixed = ("--server", demo.pinned, "--json", "--to", str(to))
    ran = drempel("inbox", "export", row["id"], *fixed, DREMPEL_ACCESS_CODE=demo.access_codes[ADVISER])
    return {file["name"]: file["sha256"] for file in ran.json["files"]}


@dataclass
class Gate:
    """Lets chunks pass only while it is open. `blobs` are the files that asked to pass, in order, and how often."""

    middle: HttpRelay
    open: threading.Event = field(default_factory=threading.Event)
    blobs: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.middle.tamper = self.tamper

    def tamper(self, request: Request, ask: Callable[[], Response]) -> Reply:
        """The server's answer, once the gate is open."""
        if request.method == "PUT" and "/blobs/" in request.path:
            blob = request.path.split("/")[5]
            self.blobs[blob] = self.blobs.get(blob, 0) + 1
            assert self.open.wait(60)
        return ask()
