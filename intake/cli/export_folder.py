"""The folder that a conversation is exported to: private, new, and with the hash of all that is in it."""

import hashlib
import io
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from crypto.filename import safe_name
from intake.cli.output import Refused

FILES, MANIFEST, PAGE, CONTENT = "files", "manifest.json", "conversation.html", "conversation.json"
PARTIAL = ".part"
DIRECTORY_MODE, FILE_MODE = 0o700, 0o600


def check_folder(folder: Path) -> None:
    """Refused unless there is nothing there yet: an export never mixes with anything else."""
    try:
        there = {path.name for path in folder.iterdir()}
        if _is_unfinished(there):
            words = "It looks like an export that was not finished: remove it, and export again."
            raise Refused(f"The folder is not empty. {words}")
        if there:
            raise Refused("The folder is not empty. Name one that does not exist yet.")
    except FileNotFoundError:
        if not folder.absolute().parent.is_dir():
            raise Refused("The folder can't be made: the one it would lie in does not exist.") from None
    except NotADirectoryError:
        raise Refused("That is a file. Name a folder that does not exist yet.") from None
    except OSError as problem:
        raise Refused(f"The folder can't be used: {problem.strerror}.") from None


def _is_unfinished(names: set[str]) -> bool:
    """Whether a folder has what an export makes, and no more than that, but not the manifest that ends it."""
    others = {name for name in names if not name.endswith(PARTIAL)} - {FILES, PAGE, CONTENT}
    return FILES in names and not others


class ExportFolder:
    """Takes files and remembers their hashes for the manifest. Raises OSError where the disk does."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder, or takes an empty one, and closes it to others."""
        self.folder = folder
        for path in (folder, folder / FILES):
            path.mkdir(mode=DIRECTORY_MODE, exist_ok=path == folder)
            path.chmod(DIRECTORY_MODE)
        self._names: dict[str, int] = {}
        self._listed: list[dict[str, Any]] = []

    def name_for(self, name: str) -> str:
        """A safe name in `files` for what its author calls `name`, which no other file there has (PROTOCOL 16.8)."""
        return safe_name(name, self._names)

    def begin(self, name: str) -> io.FileIO:
        """A file that is not yet what its name says, so it has another, outside of `files`, until `keep` or `drop`."""
        return _new(self._partial(name))

    def keep(self, name: str, size: int, sha256: str) -> None:
        """The file is whole."""
        self._partial(name).rename(self.folder / FILES / name)
        self._listed.append({"path": f"{FILES}/{name}", "bytes": size, "sha256": sha256})

    def drop(self, name: str) -> None:
        """The file will never be whole."""
        with suppress(OSError):
            self._partial(name).unlink()

    def write(self, name: str, content: bytes) -> None:
        """A file in the folder itself."""
        # With a buffer, which goes on where the system took only a part of it, or raises.
        with io.BufferedWriter(_new(self.folder / name)) as file:
            file.write(content)
        sha256 = hashlib.sha256(content).hexdigest()
        self._listed.append({"path": name, "bytes": len(content), "sha256": sha256})

    def finish(self, missing: list[dict[str, str]]) -> None:
        """Write the manifest: the hash of each file, and what could not be exported."""
        self.write(MANIFEST, readable_json({"version": 1, "files": self._listed, "missing": missing}))

    def _partial(self, name: str) -> Path:
        # Beside `files`, where nobody's file has that name, and to be seen, should nobody be left to remove it.
        return self.folder / f"{name}{PARTIAL}"


def readable_json(value: dict[str, Any]) -> bytes:
    """JSON for people and programs, in ASCII, so that nothing in it can play tricks on whoever reads it."""
    return json.dumps(value, indent=2).encode("ascii") + b"\n"


def _new(path: Path) -> io.FileIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return io.FileIO(os.open(path, flags, FILE_MODE), "wb")
