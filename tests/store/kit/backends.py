"""Where a test's store is: in a folder, or in a database of a real server. Both make, open and search it alike."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from intake.store import Store, create_at, open_at
from tests.kit.postgres import Cluster

SQLITE, POSTGRESQL = "sqlite", "postgresql"


class Backend(Protocol):
    """A place for one store at a time."""

    examples: int  # of a model test, as many as are worth their time
    erases_at_once: bool  # and not in the first round of a day

    @property
    def url(self) -> str:
        """Its address, as a command takes it."""
        ...

    async def create(self) -> Store:
        """Make an empty store there."""
        ...

    async def open(self) -> Store:
        """Open it again."""
        ...

    def clear(self) -> None:
        """Remove the store that is there, which is closed."""
        ...

    def holding(self, *needles: bytes) -> list[str]:
        """The names of the files in which any of these bytes is found."""
        ...


class Folder:
    """A data folder of SQLite."""

    examples = 20
    erases_at_once = True

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def url(self) -> str:
        """As `Backend`."""
        return f"sqlite:{self.path}"

    async def create(self) -> Store:
        """As `Backend`."""
        return await create_at(self.path, None)

    async def open(self) -> Store:
        """As `Backend`."""
        return await open_at(self.path, None)

    def clear(self) -> None:
        """As `Backend`."""
        shutil.rmtree(self.path, ignore_errors=True)

    def holding(self, *needles: bytes) -> list[str]:
        """As `Backend`."""
        return _holding(self.path, needles)


class Database:
    """A database of a server."""

    examples = 8
    erases_at_once = False

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster, self.name = cluster, name
        cluster.execute(f"CREATE DATABASE {name} TEMPLATE template0")

    @property
    def url(self) -> str:
        """As `Backend`."""
        return self.cluster.url(self.name)

    async def create(self) -> Store:
        """As `Backend`."""
        return await create_at(Path(), self.url)

    async def open(self) -> Store:
        """As `Backend`."""
        return await open_at(Path(), self.url)

    def clear(self) -> None:
        """As `Backend`."""
        self.cluster.execute("DROP SCHEMA IF EXISTS drempel CASCADE", self.name)

    def holding(self, *needles: bytes) -> list[str]:
        """As `Backend`: the server's relations, its log, and all else it keeps."""
        return _holding(self.cluster.folder, needles)

    def drop(self) -> None:
        """Drop it, whoever is connected."""
        self.cluster.execute(f"DROP DATABASE {self.name} WITH (FORCE)")


def _holding(folder: Path, needles: Sequence[bytes]) -> list[str]:
    found: list[str] = []
    for file in folder.rglob("*"):
        if file.is_file():
            held = file.read_bytes()
            if any(needle in held for needle in needles):
                found.append(str(file.relative_to(folder)))
    return sorted(found)
