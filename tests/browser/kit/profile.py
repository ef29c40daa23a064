"""Searches what a browser has left on disk."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.browser.kit.browser_storage import unpacked
from tests.browser.kit.driver import Page, poll
from tests.kit.secret_search import BEGINNING, Secrets

RENAMINGS = 10


@dataclass(frozen=True)
class Searched:
    """The amount of searched data, so that a search of nothing can't pass for a clean one."""

    files: int
    size: int  # bytes, with what was packed
    found: dict[str, set[str]]  # names of secrets by file, relative to the profile


class Needles:
    """Secrets, looked for eight bytes at a time in C: profiles have tens of megabytes, and secrets a thousand forms."""

    def __init__(self, secrets: Secrets) -> None:
        self._begun: dict[int, list[tuple[str, bytes]]] = {}
        for name, forms in secrets.forms.items():
            for form in forms:
                beginning = int.from_bytes(form[:BEGINNING], sys.byteorder)
                self._begun.setdefault(beginning, []).append((name, form))
        assert self._begun
        self._beginnings = set(self._begun)

    def found(self, data: bytes) -> set[str]:
        """The names of the secrets in it."""
        begun = {it for start in range(BEGINNING) for it in self._at(data, start)}
        return {name for it in begun for name, form in self._begun[it] if form in data}

    def _at(self, data: bytes, start: int) -> set[int]:
        end = start + (len(data) - start) // BEGINNING * BEGINNING
        return self._beginnings.intersection(memoryview(data)[start:end].cast("Q")) if end > start else set()


def files(profile: Path) -> Iterator[Path]:
    """Every file, in order. Firefox' lock is a link to nowhere."""
    return iter(sorted(path for path in profile.rglob("*") if path.is_file()))


def search(profile: Path, secrets: Secrets, without: Iterable[str] = ()) -> Searched:
    """Search the profile of a browser that has been closed: names, contents, and what is packed in them.

    A file that is renamed meanwhile, the last thing that a browser does, has the whole profile searched again.
    """
    kept = {name: forms for name, forms in secrets.forms.items() if name not in set(without)}
    needles = Needles(Secrets(kept))
    for _ in range(RENAMINGS):
        with suppress(FileNotFoundError):
            return _searched(profile, needles)
    raise AssertionError(f"files of {profile} are still renamed")


def _searched(profile: Path, needles: Needles) -> Searched:
    found: dict[str, set[str]] = {}
    count = size = 0
    for path in files(profile):
        name = str(path.relative_to(profile))
        data = path.read_bytes()
        count += 1
        for piece in (name.encode(), data, *unpacked(path, data)):
            size += len(piece)
            found.setdefault(name, set()).update(needles.found(piece))
    return Searched(count, size, {name: names for name, names in found.items() if names})


# Where each browser writes, every few seconds, what its open pages show.
SESSIONS = {"chromium": "Default/Sessions/*", "firefox": "sessionstore-backups/*"}
MARK = "only here to see when it is written down"
PLANT = """(() => {
  const field = document.body.appendChild(document.createElement('textarea'));
  field.id = 'mark';
  field.focus();
  return true;
})()"""


def linger(page: Page, mark: str = MARK) -> None:
    """Leave a page open until the browser has had every chance to write down what it shows.

    A field with a text of its own is added to the page; once that is on disk, all else that goes there is too. Who does
    it again in the same browser gives another text, since a browser may keep what it has written.
    """
    secrets = Secrets()
    secrets.text("mark", mark)
    page.evaluate(PLANT)
    page.type(mark)
    poll(lambda: bool(in_session(page, secrets)), lambda: f"{page.browser} does not write down its session")


def in_session(page: Page, secrets: Secrets) -> set[str]:
    """The texts of its pages that an open browser has written to disk so far."""
    needles = Needles(secrets)
    paths = page.profile.glob(SESSIONS[page.browser])
    return {name for path in paths for piece in _pieces(path) for name in needles.found(piece)}


def _pieces(path: Path) -> Iterator[bytes]:
    """The content of a file; empty if it is just being replaced."""
    try:
        data = path.read_bytes()
        yield data
        yield from unpacked(path, data)
    except FileNotFoundError:
        return
