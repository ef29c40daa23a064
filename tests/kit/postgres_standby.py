"""Two PostgreSQL servers: what one commits is at its standby too before it is confirmed.

Either can be killed and be replaced by the other, again and again, and the address of the two stays the same.
"""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.kit import postgres
from tests.kit.postgres import Cluster

# Both have these, since either may be the primary: which confirms nothing while it has no standby.
SETTINGS = {
    "synchronous_standby_names": "standby",
    "wal_keep_size": "256MB",
    "wal_retrieve_retry_interval": "100ms",
}


class Standby(Cluster):
    """A copy of a running server, which follows it until it is promoted."""

    def __init__(self, folder: Path, primary: Cluster) -> None:
        """Make the files; `start` starts it."""
        self._source = primary.url("postgres")
        super().__init__(folder)

    def _make(self) -> None:
        name = f"{self._source}&application_name=standby"
        self._tool("pg_basebackup", "-d", name, "--write-recovery-conf", "--checkpoint=fast", "--no-sync")

    def promote(self) -> None:
        """Let it write, as an operator does once the primary is known to be gone."""
        self._tool("pg_ctl", "promote")


class Pair:
    """A primary and a standby, with their files in `folder`."""

    def __init__(self, folder: Path) -> None:
        """Start both."""
        folder.chmod(0o755)
        folders = [folder / "a", folder / "b"]
        for made in folders:
            made.mkdir()
        self.primary = Cluster(folders[0])
        self._all = [self.primary]
        self.primary.start(**SETTINGS)
        self.standby = Standby(folders[1], self.primary)
        self._all.append(self.standby)
        self.standby.start(**SETTINGS)

    def url(self, database: str) -> str:
        """The address of a database at whichever of the two writes."""
        hosts, ports = zip(*((str(it.folder), str(it.port)) for it in self._all), strict=True)
        places = f"host={','.join(hosts)}&port={','.join(ports)}"
        return f"postgresql://drempel@/{database}?{places}&target_session_attrs=read-write"

    async def replace(self) -> None:
        """Let the standby take the place of the killed primary, and make another standby, where that one was.

        Until it is there the new primary confirms nothing.
        """
        old, new = self.primary, self.standby
        await asyncio.to_thread(new.promote)
        await asyncio.to_thread(shutil.rmtree, old.data)
        standby = await asyncio.to_thread(Standby, old.folder, new)
        standby.port = old.port
        self._all[self._all.index(old)] = standby
        self.primary, self.standby = new, standby
        standby.start(**SETTINGS)

    def stop(self) -> None:
        """End both."""
        for cluster in reversed(self._all):
            cluster.stop()


@contextmanager
def running() -> Iterator[Pair]:
    """Both, which are gone in the end."""
    with postgres.folder() as folder:
        pair = Pair(folder)
        try:
            yield pair
        finally:
            pair.stop()
