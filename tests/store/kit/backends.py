"""Where a test's store is: in a folder, or in a database of a real server. Both make, open and search it alike."""

import shutil
from pathlib import Path
from typing import Protocol

from intake.store import Store, create_at, open_at
from tests.kit.postgres import Cluster

SQLITE, POSTGRESQL = "sqlite", "postgresql"


class Backend(Protocol):
    """A place for one store at a time."""

    examples: int  # of a model test, as many as are worth their time

    async def create(self) -> Store:
        """Make an empty store there."""
        ...

    async def open(self) -> Store:
        """Open it again."""
        ...

    def clear(self) -> None:
        """Remove the store that is there, which is closed."""
        ...

    def holding(self, needle: bytes) -> list[str]:
        """The names of the files in which these bytes are found, once the store has done its daily round."""
        ...


class Folder:
    """A data folder of SQLite."""

    examples = 20

    def __init__(self, path: Path) -> None:
        self.path = path

    async def create(self) -> Store:
        """As `Backend`."""
        return await create_at(self.path, None)

    async def open(self) -> Store:
        """As `Backend`."""
        return await open_at(self.path, None)

    def clear(self) -> None:
        """As `Backend`."""
        shutil.rmtree(self.path, ignore_errors=True)

    def holding(self, needle: bytes) -> list[str]:
        """As `Backend`."""
        return sorted(file.name for file in self.path.iterdir() if needle in file.read_bytes())


class Database:
    """A database of a server."""

    examples = 8

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster, self.name = cluster, name
        cluster.execute(f"CREATE DATABASE {name} TEMPLATE template0")

    @property
    def url(self) -> str:
        """Its address."""
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

    def holding(self, needle: bytes) -> list[str]:
        """As `Backend`: the server's relations, its log, and all else it keeps."""
        files = (file for file in self.cluster.folder.rglob("*") if file.is_file())
        return sorted(
            str(file.relative_to(self.cluster.folder)) for file in files if needle in file.read_bytes()
        )

    def drop(self) -> None:
        """Drop it, whoever is connected."""
        self.cluster.execute(f"DROP DATABASE {self.name} WITH (FORCE)")
