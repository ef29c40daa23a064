"""The folder that a conversation is exported to: private, new, and with the hash of all that is in it."""

import hashlib
import io
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from crypto.public.filename import safe_name
from intake.cli.shared.output import Refused

FILES, MANIFEST, PAGE, CONTENT = "files", "manifest.json", "conversation.html", "conversation.json"
PARTIAL = ".part"
DIRECTORY_MODE, FILE_MODE, OTHERS = 0o700, 0o600, 0o077


def check_folder(folder: Path) -> None:
    """Refused unless there is nothing there yet: an export never mixes with anything else."""
    try:
        names = {path.name for path in folder.iterdir()}
        if _is_unfinished(names):
            words = "It looks like an export that was not finished: remove it, and export again."
            raise Refused(f"The folder is not empty. {words}")
        if names:
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
    """Writes files, and keeps their hashes for the manifest. Raises OSError if writing fails."""

    def __init__(self, folder: Path) -> None:
        """Make the folder, or take an empty one, and close it to other users."""
        self.folder = folder
        for path in (folder, folder / FILES):
            path.mkdir(mode=DIRECTORY_MODE, exist_ok=path == folder)
            with suppress(OSError):  # a FAT file system has no permissions
                path.chmod(DIRECTORY_MODE)
        self._names: dict[str, int] = {}
        self._listed: dict[str, dict[str, Any]] = {}

    @property
    def is_private(self) -> bool:
        """Whether the folder's permissions keep other users out."""
        return not (self.folder / FILES).stat().st_mode & OTHERS

    def name_for(self, name: str) -> str:
        """A safe and unused name in `files` for a file that its author calls `name` (PROTOCOL 16.8)."""
        return safe_name(name, self._names)

    def begin(self, name: str) -> tuple[str, io.FileIO]:
        """Open a file for writing; gives its final name too: a plain one if the file system does not take this one.

        Until `keep` or `drop` the file has another name, outside of `files`, since it is not whole yet.
        """
        try:
            return name, _new(self._partial(name))
        except OSError:
            plain = self.name_for("file" + PurePosixPath(name).suffix)
            return plain, _new(self._partial(plain))

    def keep(self, name: str, size: int, sha256: str) -> None:
        """Give a file its final name: it is whole."""
        self._partial(name).rename(self.folder / FILES / _on_disk(name))
        self._listed[name] = {"path": f"{FILES}/{name}", "bytes": size, "sha256": sha256}

    def drop(self, name: str) -> None:
        """Remove a file that will never be whole."""
        with suppress(OSError):
            self._partial(name).unlink()

    def give_way(self) -> str:
        """Remove the largest file, to make room for the texts; its name, or nothing if there is no file."""
        name = max(self._listed, key=lambda name: int(self._listed[name]["bytes"]), default="")
        if name:
            (self.folder / FILES / _on_disk(name)).unlink()
            del self._listed[name]
        return name

    def finish(self, texts: Mapping[str, bytes], missing: list[dict[str, str]]) -> None:
        """Write the texts, then the manifest, which lists the hash of each file and the missing files."""
        listed = [*self._listed.values(), *(_row(name, content) for name, content in texts.items())]
        manifest = readable_json({"version": 1, "files": listed, "missing": missing})
        for name, content in {**texts, MANIFEST: manifest}.items():
            self._write(name, content)

    def _write(self, name: str, content: bytes) -> None:
        try:
            # With a buffer, which continues after a partial write, or raises.
            with io.BufferedWriter(_new(self._partial(name))) as file:
                file.write(content)
            self._partial(name).replace(self.folder / name)
        finally:
            self.drop(name)

    def _partial(self, name: str) -> Path:
        # Beside `files`, where no author's file has that name, and visible, in case the command is killed.
        return self.folder / _on_disk(f"{name}{PARTIAL}")


def _on_disk(name: str) -> str:
    """The form of a name with which Python makes a UTF-8 file name in any locale, as the page's links expect."""
    return os.fsdecode(name.encode("utf-8"))


def _row(path: str, content: bytes) -> dict[str, Any]:
    return {"path": path, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def readable_json(value: dict[str, Any]) -> bytes:
    """Indented JSON in ASCII, so that no character in it can deceive a reader."""
    return json.dumps(value, indent=2).encode("ascii") + b"\n"


def _new(path: Path) -> io.FileIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return io.FileIO(os.open(path, flags, FILE_MODE), "wb")
