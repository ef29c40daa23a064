"""Somebody who reports with files to a service in this process."""

from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from crypto.attachment import Attachment
from crypto.sealing import os_random
from intake.client.report import SealedReport, send_report
from intake.client.resuming import Notes
from intake.client.uploading import Told, Uploads
from tests.client.house import Change, House

PATIENCE = 30


@dataclass
class Sender:
    """Somebody who reports with files."""

    house: House
    folder: Path
    changed: list[str] = field(default_factory=list)
    progress: list[tuple[str, int, int]] = field(default_factory=list)
    sealed: list[SealedReport] = field(default_factory=list)
    late: SealedReport | None = None
    """An earlier report that reaches the server only when the next one is about to be sent."""

    @property
    def notes(self) -> list[Path]:
        place = self.folder / "notes"
        return sorted(place.iterdir()) if place.is_dir() else []

    def file(self, name: str, size: int, seed: int = 1) -> Path:
        path = self.folder / name
        path.write_bytes(Random(seed).randbytes(size))
        return path

    async def report(
        self,
        *paths: Path,
        change: Change | None = None,
        patience: float | None = PATIENCE,
        text: str = "A report.",
    ) -> tuple[Attachment, ...]:
        """What the message that is stored says of its files."""
        organisation = await self.house.organisation()
        notes = Notes(self.folder / "notes", self.house.id, os_random)
        told = Told(lambda *how_far: self.progress.append(how_far), lambda name: self.changed.append(name))
        async with self.house.connection(change, patience=patience) as connection:
            uploads = Uploads(connection, organisation, paths, notes, told)

            async def send(attachments: tuple[Attachment, ...]) -> SealedReport:
                sealed = self.house.seal(organisation, text, attachments=attachments)
                self.sealed.append(sealed)
                if self.late is not None:
                    await send_report(connection, self.late)
                await send_report(connection, sealed)
                named.append(attachments)
                return sealed

            named: list[tuple[Attachment, ...]] = []
            await uploads.deliver(send)
        return named[-1]

    def asked(self, method: str, part: str) -> list[str]:
        """The paths asked for, of those requests."""
        return [path for verb, path in self.house.asked if verb == method and part in path]
