"""The option `--attach`: files that go with a message."""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from crypto.public.limits import LONGEST_FILE
from crypto.secret.primitives import os_random
from intake.cli.shared.output import remark
from intake.cli.shared.progress import Status
from intake.client.connection import Connection
from intake.client.files.chosen_file import UNKNOWN, choose_all, shown
from intake.client.files.resume_note import ResumeNotes, notes_folder
from intake.client.files.uploads import UploadEvents, Uploads
from intake.client.organisation import Organisation


@dataclass
class AttachedFiles:
    """The files that a command sends along."""

    paths: tuple[Path, ...]
    resume: bool
    status: Status
    _uploads: Uploads | None = field(default=None, init=False)

    def check(self) -> None:
        """Check the files before anything else is done; DrempelError for one that no server takes."""
        for file in choose_all(self.paths, LONGEST_FILE):
            if UNKNOWN in file.name:
                remark(
                    f"A file's name is neither UTF-8 nor of this locale. It arrives as {shown(file.name)}."
                )

    def uploads(self, connection: Connection, organisation: Organisation) -> Uploads:
        """The uploads of the files. DrempelError as of `choose_all`, for files that this server does not take."""
        folder = notes_folder(os.environ) if self.resume and self.paths else None
        notes = ResumeNotes(folder, organisation.directory.organisation, os_random)
        events = UploadEvents(self.status.progress, _remark_changed)
        self._uploads = Uploads(connection, organisation, self.paths, notes, events)
        return self._uploads

    @property
    def can_resume(self) -> bool:
        """Whether the same command can resume the uploads."""
        return self._uploads is not None and self._uploads.can_resume


def attach_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--attach` and `--no-resume`; goes below `client_options`. The command gets `attached`, an AttachedFiles."""

    @functools.wraps(function)
    def command(*args: Any, call: Any, attach: tuple[Path, ...], no_resume: bool, **others: Any) -> Any:
        attached = AttachedFiles(attach, not no_resume, call.status)
        return function(*args, call=call, attached=attached, **others)

    for option in (
        click.option(
            "--no-resume",
            is_flag=True,
            help="Write no note. Without this, a private note per file (in $XDG_RUNTIME_DIR/drempel, else in "
            "~/.local/state/drempel) holds the secret it is sealed under until the message has arrived, so that the "
            "same command can go on after it was interrupted.",
        ),
        click.option(
            "--attach",
            multiple=True,
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Send this file along, with its name. Can be given up to 64 times. While the command runs, whoever "
            "else uses this machine can see the path as you type it: go to its folder first, and give its name alone.",
        ),
    ):
        command = option(command)
    return command


def _remark_changed(name: str) -> None:
    remark(f"{shown(name)} changed while it was read: it was read and sent again.")
