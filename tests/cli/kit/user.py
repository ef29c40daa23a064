"""A user of the command line who sends files, with a folder of their own and a place for resume notes."""

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.kit.serving import DREMPEL, LONGEST, Demo, Ran, drempel, environment

CHANNEL = "confidential-adviser"
ADVISER = "confidential-adviser-1"
TEXT = b"The papers are attached."


def content(size: int, seed: int = 1) -> bytes:
    """Random bytes, so that no two chunks are alike."""
    return Random(seed).randbytes(size)


@dataclass
class Started:
    """A running command."""

    process: subprocess.Popen[bytes]

    def end(self, number: int | None = None) -> Ran:
        """Wait for its end, after a signal if one is given."""
        if number is not None:
            self.process.send_signal(number)
        try:
            out, err = self.process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
            raise AssertionError(f"it does not end, and has said {out!r}, {err!r}") from None
        return Ran(self.process.returncode, out.decode(), err.decode())

    def kill(self) -> None:
        """Kill it."""
        assert self.end(signal.SIGKILL).status == -signal.SIGKILL


@dataclass
class User:
    """Runs commands against `demo`, by way of `url` if that is given."""

    demo: Demo
    folder: Path
    url: str = ""

    @property
    def notes(self) -> list[Path]:
        """The resume notes that exist."""
        place = self.folder / "run" / "drempel" / "uploads"
        return sorted(place.iterdir()) if place.is_dir() else []

    def file(self, name: str, data: bytes) -> str:
        """Make a file of this user; gives its path."""
        path = self.folder / name
        path.write_bytes(data)
        return str(path)

    def _environment(self, **more: str) -> dict[str, str]:
        (self.folder / "run").mkdir(exist_ok=True)
        return {"XDG_RUNTIME_DIR": str(self.folder / "run"), "HOME": str(self.folder), **more}

    def _report(self, files: Sequence[str], options: Sequence[str]) -> list[str]:
        text = self.folder / "text"
        text.write_bytes(TEXT)
        server = f"{self.url or self.demo.url}#{self.demo.codes['fingerprint']}"
        attached = [part for file in files for part in ("--attach", file)]
        fixed = ["--server", server, "--channel", CHANNEL, "--message-file", str(text), "--json"]
        return ["report", *fixed, *options, *attached]

    def report(self, *files: str, options: Sequence[str] = ()) -> Ran:
        """Report with files."""
        return drempel(*self._report(files, options), stdin=None, **self._environment())

    def start_report(self, *files: str, options: Sequence[str] = ()) -> Started:
        """The same, without waiting for its end."""
        return self._start(self._report(files, options))

    def start_export_own(self, receipt: str, name: str) -> Started:
        """An export with a receipt, without waiting for its end."""
        server = f"{self.url or self.demo.url}#{self.demo.codes['fingerprint']}"
        to = str(self.folder / name)
        return self._start(["receipt", "export", "--server", server, "--to", to], DREMPEL_RECEIPT=receipt)

    def _start(self, command: Sequence[str], **code: str) -> Started:
        kept = environment(**self._environment(**code))
        pipes: Any = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return Started(subprocess.Popen([DREMPEL, *command], env=kept, **pipes))

    def with_receipt(self, receipt: str, what: str, *options: str) -> Ran:
        """`drempel receipt`; a text is taken from the file of `_report`."""
        return self._with(("receipt", what), options, DREMPEL_RECEIPT=receipt)

    def as_adviser(self, what: str, *options: str) -> Ran:
        """`drempel inbox`."""
        return self._with(("inbox", what), options, DREMPEL_ACCESS_CODE=self.demo.access_codes[ADVISER])

    def _with(self, command: Sequence[str], options: Sequence[str], **code: str) -> Ran:
        server = f"{self.url or self.demo.url}#{self.demo.codes['fingerprint']}"
        kept = self._environment(**code)
        return drempel(*command, "--server", server, "--json", *options, stdin=None, **kept)

    def export(self, mailbox: str, name: str = "out", *options: str) -> tuple[Ran, Path]:
        """Export a conversation; what the command said, and the folder."""
        return self.as_adviser(
            "export", mailbox, "--to", str(self.folder / name), *options
        ), self.folder / name

    def export_own(self, receipt: str, name: str = "own", *options: str) -> tuple[Ran, Path]:
        """The same with a receipt."""
        to = self.folder / name
        return self.with_receipt(receipt, "export", "--to", str(to), *options), to

    def exported(self, mailbox: str, name: str = "out") -> dict[str, bytes]:
        """Export a conversation; gives its files by their names."""
        ran, folder = self.export(mailbox, name)
        return {row["name"]: (folder / "files" / row["name"]).read_bytes() for row in ran.json["files"]}

    def peaks(self, file: str, out: str) -> list[int]:
        """The largest resident sets, in KiB, of a command that reports with a file, and of one that exports it."""
        sent, reporting = self._measured(self._report([file], ()))
        server = f"{self.demo.url}#{self.demo.codes['fingerprint']}"
        to = str(self.folder / out)
        _, exporting = self._measured(["inbox", "export", sent["mailbox"], "--server", server, "--to", to])
        return [reporting, exporting]

    def _measured(self, command: Sequence[str]) -> tuple[dict[str, Any], int]:
        kept = environment(**self._environment(DREMPEL_ACCESS_CODE=self.demo.access_codes[ADVISER]))
        said = self.folder / "said"
        with said.open("wb") as out:
            process = subprocess.Popen([DREMPEL, *command, "--json"], env=kept, stdout=out)
            _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return json.loads(said.read_text()), used.ru_maxrss
