"""A sender of reports with files to a service in this process."""

from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from crypto.secret.attachment import Attachment
from crypto.secret.primitives import os_random
from intake.client.files.resume_note import ResumeNotes
from intake.client.files.uploads import UploadEvents, Uploads
from intake.client.reporter.report import SealedReport, send_report
from tests.kit.organisation import Change, LocalOrganisation

RETRY_SECONDS = 30


@dataclass
class Sender:
    """Sends reports with files."""

    local: LocalOrganisation
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
        retry_for: float | None = RETRY_SECONDS,
        text: str = "A report.",
    ) -> tuple[Attachment, ...]:
        """Send a report with files; gives the attachments that the stored message names."""
        organisation = await self.local.organisation()
        notes = ResumeNotes(self.folder / "notes", self.local.id, os_random)
        events = UploadEvents(
            lambda *how_far: self.progress.append(how_far), lambda name: self.changed.append(name)
        )
        async with self.local.connection(change, retry_for=retry_for) as connection:
            uploads = Uploads(connection, organisation, paths, notes, events)

            async def send(attachments: tuple[Attachment, ...]) -> SealedReport:
                sealed = self.local.seal(organisation, text, attachments=attachments)
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
        return [path for verb, path in self.local.asked if verb == method and part in path]
