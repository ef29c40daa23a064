"""Keeps room on the disk for what makes room: deletions, expiry, and moving the log into the database.

A disk that texts had filled to its last block could never be emptied again: a deletion is a write too. So new texts are
refused while there is still some room, and a file that holds nothing, the ballast, is given up where others have filled
the disk.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final

NEARLY_FULL: Final = "The disk is nearly full: make room on it."

# What deletions need at most: the log, which may have grown to twice its usual length behind a long read.
TEXT_BYTES: Final = 64 * 1024 * 1024
BALLAST_BYTES: Final = 32 * 1024 * 1024
# Pages that deletions have left take new texts without taking room, unless these are few.
FREE_PAGES: Final = 1024
# With more left than this, nobody needs a ballast.
NEAR_BYTES: Final = 1024 * 1024 * 1024


class Room:
    """The room on the disk of one data folder. Its methods run on the writer's thread, except `give_up`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ballast = folder / "ballast"

    def has(self, connection: sqlite3.Connection) -> bool:
        """Whether a new text would leave the room that deletions need. Raises OSError."""
        free = free_bytes(self._folder)
        if free < NEAR_BYTES:
            self._lay_in(free)
        return free >= TEXT_BYTES or _free_pages(connection) >= FREE_PAGES

    def give_up(self) -> bool:
        """Remove the ballast where the disk is nearly full; whether that has made room. Raises OSError."""
        if free_bytes(self._folder) >= TEXT_BYTES or not self._ballast.exists():
            return False
        self._ballast.unlink()
        return True

    def _lay_in(self, free: int) -> None:
        if free < TEXT_BYTES + BALLAST_BYTES or self._ballast.exists():
            return
        part = self._ballast.with_name("ballast.part")
        file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(file, 0, BALLAST_BYTES)
            part.rename(self._ballast)
        except OSError:  # a disk that can't: then there is none
            part.unlink()
        finally:
            os.close(file)


def free_bytes(folder: Path) -> int:
    """What is left on the disk of a folder. Raises OSError."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def _free_pages(connection: sqlite3.Connection) -> int:
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    return int(free)
