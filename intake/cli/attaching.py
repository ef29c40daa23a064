"""`--attach`: files that go with a message."""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from crypto.attachment import LONGEST_FILE
from crypto.sealing import os_random
from intake.cli.output import remark
from intake.cli.progress import Status
from intake.client.choosing import choose_all, shown
from intake.client.connection import Connection
from intake.client.organisation import Organisation
from intake.client.resuming import Notes, notes_folder
from intake.client.uploading import Told, Uploads


@dataclass
class Attaching:
    """The files that a command is to send along."""

    paths: tuple[Path, ...]
    resume: bool
    status: Status
    _uploads: Uploads | None = field(default=None, init=False)

    def check(self) -> None:
        """DrempelError for what can't be sent to any server, before anything else is done."""
        choose_all(self.paths, LONGEST_FILE)

    def uploads(self, connection: Connection, organisation: Organisation) -> Uploads:
        """What brings them there. DrempelError as of `choose_all`, for what this server does not take."""
        folder = notes_folder(os.environ) if self.resume and self.paths else None
        notes = Notes(folder, organisation.directory.organisation, os_random)
        told = Told(self.status.progress, _tell_changed)
        self._uploads = Uploads(connection, organisation, self.paths, notes, told)
        return self._uploads

    @property
    def lasting(self) -> bool:
        """Whether the same command can go on with what has been brought there."""
        return self._uploads is not None and self._uploads.lasting


def attach_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--attach` and `--no-resume`; goes below `client_options`. The command gets `attaching`, an Attaching."""

    @functools.wraps(function)
    def command(*args: Any, call: Any, attach: tuple[Path, ...], no_resume: bool, **others: Any) -> Any:
        attaching = Attaching(attach, not no_resume, call.status)
        return function(*args, call=call, attaching=attaching, **others)

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


def _tell_changed(name: str) -> None:
    remark(f"{shown(name)} changed while it was read: it was read and sent again.")
