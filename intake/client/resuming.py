"""Notes that let the same command go on with a file after it was interrupted.

A note holds the secret that a file is being sealed under, and nothing else: no name, no address. It is named by a hash
of organisation, path and state of the file, so that it is found only by who has the file before them.

Going on seals chunks again that were sealed before, under the same key and the same nonces. That repeats no nonce for
other bytes as long as the file is the same, since the whole of it decides over every chunk's content: the stamp in the
note's name is compared when the file is opened, and again after each piece is read and before that is sealed. What
would break it is a file whose bytes change while size, inode and both of its times stay, which takes a clock that is
set back, a file system that notes times coarsely, or one in memory and a program that has the file mapped; and then a
server that kept both of a chunk's sealings would learn how the two differ.
"""

import fcntl
import os
import re
import stat
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from crypto.attachment import SECRET_LENGTH
from crypto.encoding import Random, b64, hash_labelled
from intake.client.choosing import Chosen

VERSION = b"drempel note 1\n"
KEPT_SECONDS = 2 * 24 * 60 * 60
MOST_MADE = 20
"""How often a folder is made that others remove: each of them does so once."""
NAME = re.compile(r"[A-Za-z0-9_-]{43}")


class Note:
    """The secret of one file. It belongs to one command at a time; without a `descriptor` it is kept nowhere."""

    def __init__(
        self, secret: bytes, *, kept: bool = False, path: Path | None = None, descriptor: int = -1
    ) -> None:
        """`kept`: an earlier command has begun with this secret."""
        self.secret = secret
        self.kept = kept
        self._path = path
        self._descriptor = descriptor

    @property
    def lasts(self) -> bool:
        """Whether the same command can go on from here."""
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
        """Leave the note to the next command."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1


class Notes:
    """The folder of notes; without one, nothing is noted."""

    def __init__(self, folder: Path | None, organisation: bytes, random: Random) -> None:
        self._folder = folder
        self._organisation = organisation
        self._random = random
        self._sweep()

    def take(self, file: Chosen) -> Note:
        """The note of a file: the one of an earlier command, or a new one."""
        descriptor = -1
        try:
            path, descriptor = self._open(file)
            # Two commands that seal the same file under one secret would claim one blob twice.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return self._read(path, descriptor)
        except OSError:
            if descriptor >= 0:
                os.close(descriptor)
            return Note(self._random(SECRET_LENGTH))

    def _open(self, file: Chosen) -> tuple[Path, int]:
        """A note's path and its descriptor; OSError if there is no place for it."""
        place = self._organisation + os.fsencode(file.path.absolute()) + b"\x00" + file.stamp.to_bytes()
        for _ in range(MOST_MADE):
            if self._folder is None:
                break
            # Another command whose last note goes may remove the folder at any step.
            with suppress(FileNotFoundError, FileExistsError):
                _make_private(self._folder)
                path = self._folder / b64(hash_labelled("note", place))
                return path, os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        raise OSError

    def _read(self, path: Path, descriptor: int) -> Note:
        found = os.pread(descriptor, len(VERSION) + SECRET_LENGTH + 1, 0)
        if found.startswith(VERSION) and len(found) == len(VERSION) + SECRET_LENGTH:
            os.utime(descriptor)
            return Note(found[len(VERSION) :], kept=True, path=path, descriptor=descriptor)
        secret = self._random(SECRET_LENGTH)
        os.ftruncate(descriptor, 0)
        if os.pwrite(descriptor, VERSION + secret, 0) != len(VERSION) + SECRET_LENGTH:
            raise OSError
        return Note(secret, path=path, descriptor=descriptor)

    def _sweep(self) -> None:
        """Remove what the server has forgotten too."""
        if self._folder is None:
            return
        with suppress(OSError):
            _check_private(self._folder)
            for path in self._folder.iterdir():
                if NAME.fullmatch(path.name) and path.lstat().st_mtime < time.time() - KEPT_SECONDS:
                    path.unlink()
            _tidy(self._folder)


def notes_folder(environment: Mapping[str, str]) -> Path | None:
    """Where notes lie: in memory, gone at logout, where the system has a place for that, else in the home folder."""
    runtime = Path(environment.get("XDG_RUNTIME_DIR") or ".")
    if runtime.is_absolute() and runtime.is_dir():
        return runtime / "drempel" / "uploads"
    state, home = Path(environment.get("XDG_STATE_HOME") or "."), Path(environment.get("HOME") or ".")
    if not state.is_absolute():
        state = home / ".local" / "state"
    return state / "drempel" / "uploads" if state.is_absolute() else None


def _make_private(folder: Path) -> None:
    """Make the folder, and the one it lies in, if they are not there; OSError if others can look into it."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    _check_private(folder)


def _check_private(folder: Path) -> None:
    """OSError unless the folder is this user's own; it is closed to others then."""
    found = folder.lstat()
    if found.st_uid != os.geteuid() or not stat.S_ISDIR(found.st_mode):
        raise OSError
    folder.chmod(0o700)


def _tidy(folder: Path) -> None:
    """Leave no folder that says by its name and its time that something was sent, and when.

    One in which there is anything, such as another command's note, can't be removed that way, and stays.
    """
    for path in (folder, folder.parent):
        with suppress(OSError):
            path.rmdir()
