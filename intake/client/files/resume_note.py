"""Resume notes, with which the same command continues an interrupted upload.

A note holds the secret that a file is being sealed under, and nothing else: no name, no address. Its name is a hash of
organisation, path and state of the file, so that only a command that has the file finds it.

Resuming seals chunks again under the same key and the same nonces. No nonce is used for other bytes as long as the file
is unchanged: its stamp, which the note's name depends on, is compared when the file is opened, and again after each
piece is read and before it is sealed. Only a change of bytes that leaves size, inode and both times as they were
would break this: it takes a clock that is set back, a file system with coarse times, or a file system in memory and a
program that has the file mapped. A server that kept both ciphertexts of a chunk would then learn how the two differ.
"""

import fcntl
import os
import re
import stat
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from crypto.public.encoding import Random, b64, hash_labelled
from crypto.secret.attachment import SECRET_LENGTH
from intake.client.files.chosen_file import ChosenFile

VERSION = b"drempel note 1\n"
KEPT_SECONDS = 2 * 24 * 60 * 60
MOST_MADE = 20
"""How often to make a folder again that other commands remove: each of them does so once."""
NAME = re.compile(r"[A-Za-z0-9_-]{43}")


class ResumeNote:
    """The secret of one file. One command at a time holds it; without a `descriptor` it is in memory only."""

    def __init__(
        self, secret: bytes, *, kept: bool = False, path: Path | None = None, descriptor: int = -1
    ) -> None:
        """`kept`: an earlier command has sealed chunks under this secret."""
        self.secret = secret
        self.kept = kept
        self._path = path
        self._descriptor = descriptor

    @property
    def can_resume(self) -> bool:
        """Whether the same command can resume with this note."""
        return self._path is not None

    def remove(self) -> None:
        """Forget the secret: the file is stored, or will be sealed under another."""
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink()
            _tidy(self._path.parent)
        self._path = None
        self.close()

    def close(self) -> None:
        """Release the note for the next command."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1


class ResumeNotes:
    """The folder of resume notes. Without a folder, secrets stay in memory."""

    def __init__(self, folder: Path | None, organisation: bytes, random: Random) -> None:
        self._folder = folder
        self._organisation = organisation
        self._random = random
        self._sweep()

    def take(self, file: ChosenFile) -> ResumeNote:
        """Take the note of a file: that of an earlier command, or a new one."""
        descriptor = -1
        try:
            path, descriptor = self._open(file)
            # Two commands that seal the same file under one secret would claim one blob twice.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return self._read(path, descriptor)
        except OSError:
            if descriptor >= 0:
                os.close(descriptor)
            return ResumeNote(self._random(SECRET_LENGTH))

    def _open(self, file: ChosenFile) -> tuple[Path, int]:
        """Open a file's note; gives its path and descriptor, OSError if there is no folder for it."""
        place = self._organisation + os.fsencode(file.path.absolute()) + b"\x00" + file.stamp.to_bytes()
        for _ in range(MOST_MADE):
            if self._folder is None:
                break
            # Another command that removes its last note may remove the folder at any step.
            with suppress(FileNotFoundError, FileExistsError):
                _make_private(self._folder)
                path = self._folder / b64(hash_labelled("note", place))
                return path, os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        raise OSError

    def _read(self, path: Path, descriptor: int) -> ResumeNote:
        found = os.pread(descriptor, len(VERSION) + SECRET_LENGTH + 1, 0)
        if found.startswith(VERSION) and len(found) == len(VERSION) + SECRET_LENGTH:
            os.utime(descriptor)
            return ResumeNote(found[len(VERSION) :], kept=True, path=path, descriptor=descriptor)
        secret = self._random(SECRET_LENGTH)
        os.ftruncate(descriptor, 0)
        if os.pwrite(descriptor, VERSION + secret, 0) != len(VERSION) + SECRET_LENGTH:
            raise OSError
        return ResumeNote(secret, path=path, descriptor=descriptor)

    def _sweep(self) -> None:
        """Remove notes of uploads that the server has dropped by now."""
        if self._folder is None:
            return
        with suppress(OSError):
            _check_private(self._folder)
            for path in self._folder.iterdir():
                if NAME.fullmatch(path.name) and path.lstat().st_mtime < time.time() - KEPT_SECONDS:
                    path.unlink()
            _tidy(self._folder)


def notes_folder(environment: Mapping[str, str]) -> Path | None:
    """The folder for notes: in the runtime folder, which is in memory and gone at logout, else in the home folder."""
    runtime = Path(environment.get("XDG_RUNTIME_DIR") or ".")
    if runtime.is_absolute() and runtime.is_dir():
        return runtime / "drempel" / "uploads"
    state, home = Path(environment.get("XDG_STATE_HOME") or "."), Path(environment.get("HOME") or ".")
    if not state.is_absolute():
        state = home / ".local" / "state"
    return state / "drempel" / "uploads" if state.is_absolute() else None


def _make_private(folder: Path) -> None:
    """Make the folder and its parent if they don't exist; OSError if the folder is another user's."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    _check_private(folder)


def _check_private(folder: Path) -> None:
    """Close the folder to other users; OSError unless it is this user's own."""
    found = folder.lstat()
    if found.st_uid != os.geteuid() or not stat.S_ISDIR(found.st_mode):
        raise OSError
    folder.chmod(0o700)


def _tidy(folder: Path) -> None:
    """Remove the folder and its parent if they are empty.

    Their names and times would show that a file was sent, and when. A folder with anything in it, such as another
    command's note, stays.
    """
    for path in (folder, folder.parent):
        with suppress(OSError):
            path.rmdir()
