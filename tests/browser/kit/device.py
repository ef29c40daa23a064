"""The place where a browser saves files: a folder for Firefox, and for Chromium one without a dialog.

No test can press the buttons of the system's own dialog. So what it gives a page is given without it: a handle of a
file, of the same kind, in the folder that an origin has to itself.
"""

import hashlib
import json
from pathlib import Path

from tests.browser.conftest import BrowserLauncher
from tests.browser.kit.driver import Page, poll

PICKERS = """(() => {
  const folder = navigator.storage.getDirectory();
  window.showSaveFilePicker = async ({suggestedName}) => (await folder).getFileHandle(suggestedName, {create: true});
  window.showDirectoryPicker = () => folder;
})()"""
LISTED = """(async () => {
  const found = {};
  for await (const [name, handle] of (await navigator.storage.getDirectory()).entries()) {
    const digest = await crypto.subtle.digest('SHA-256', await (await handle.getFile()).arrayBuffer());
    found[name] = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  }
  return found;
})()"""
FOLDER = {"folderList": 2, "useDownloadDir": True, "always_ask_before_handling_new_types": False}


def digest(content: bytes) -> str:
    """The digest that files are compared by."""
    return hashlib.sha256(content).hexdigest()


class Device:
    """A browser with a place to save to."""

    def __init__(self, launch: BrowserLauncher, browser: str, folder: Path) -> None:
        self._folder = folder / "saved"
        self._folder.mkdir()
        profile = folder / "profile"
        profile.mkdir()
        wanted = {**FOLDER, "dir": str(self._folder)}
        lines = [
            f"user_pref({json.dumps(f'browser.download.{k}')}, {json.dumps(v)});\n" for k, v in wanted.items()
        ]
        (profile / "prefs.js").write_text("".join(lines), "utf-8")
        self.page: Page = launch(browser, profile=None if browser == "chromium" else profile)
        self._streams = browser == "chromium"

    @property
    def kept(self) -> str:
        """The mark of a successful download: on the disk, or handed to a browser that tells the page no more."""
        return "saved" if self._streams else "handed"

    def ready(self) -> None:
        """Prepare a page that is about to save files."""
        if self._streams:
            self.page.evaluate(PICKERS)
        for path in self._folder.iterdir():
            path.unlink()

    def saved(self) -> dict[str, str]:
        """The digests of all saved files, whole or not, by name."""
        if self._streams:
            return dict(self.page.evaluate(LISTED))
        return {path.name: digest(path.read_bytes()) for path in self._folder.iterdir()}

    def saves(self, wanted: dict[str, bytes]) -> None:
        """Wait until these files, and no others, are there. A browser goes on saving after it was handed a file."""
        digests = {name: digest(content) for name, content in wanted.items()}
        poll(lambda: self.saved() == digests, lambda: f"{self.saved()}, not {digests}")
