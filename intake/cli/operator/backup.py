"""`drempel backup`: all that a data folder holds in one file, beside a running service or without one."""

import asyncio
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path

import click

from intake.cli.operator.store_option import store_options
from intake.cli.shared.output import Refused, emit
from intake.cli.shared.signals import ending_like_ctrl_c
from intake.service.control import NoAnswer, NoService, ask_for_stream
from intake.store import StoreError, Summary, check_backup, open_at, write_backup

NONE_MADE = "No backup was made."
BUFFER_BYTES = 1 << 20


@click.command()
@store_options("The data folder.")
@click.option(
    "--to",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The file to make. It must not exist, and only you will be able to read it.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def backup(data: Path, database: str | None, to: Path, as_json: bool) -> None:
    """Back up a store into one file, beside a running service or without it, and read the file again.

    Everything in it is of one moment. It is sealed as the folder is, and not encrypted once more: keep it as you keep
    the folder.
    """
    with ending_like_ctrl_c(), _new_file(to) as file:
        _fill(file, data, database)
        summary = _read_again(file)
    words = f"{summary.mailboxes} mailboxes, {summary.bytes:,} bytes, read again and whole."
    emit(vars(summary), as_json, f"Backed up: {words}\nSHA-256: {summary.sha256}")


@contextmanager
def _new_file(path: Path) -> Iterator[io.FileIO]:
    """A file that gets its name when the block has ended well, and is gone otherwise. Refused if there is one."""
    folder = path.absolute().parent
    _refuse_existing(path)
    with _writing():
        descriptor, name = tempfile.mkstemp(prefix=".drempel-backup.", suffix=".part", dir=folder)
    part = Path(name)
    try:
        with io.FileIO(descriptor, "r+b") as file:
            yield file
        _refuse_existing(path)
        with _writing():
            part.rename(path)
            _sync(folder)
    except KeyboardInterrupt:
        raise Refused(f"Interrupted. {NONE_MADE}") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise Refused(f"The file can't be written: {problem.strerror}. {NONE_MADE}") from None


def _fill(file: io.FileIO, data: Path, database: str | None) -> None:
    """Write the backup, by the service that runs on the folder or, without one, by opening its store."""
    try:
        for piece in ask_for_stream(data, "backup"):
            _write(file, piece)
    except NoService:
        asyncio.run(_alone(data, database, file))
    except NoAnswer as problem:
        raise Refused(f"{problem} {NONE_MADE}") from None
    with _writing():
        os.fsync(file.fileno())


async def _alone(data: Path, database: str | None, file: io.FileIO) -> None:
    store = await open_at(data, database)
    try:
        async with aclosing(write_backup(store)) as pieces:
            async for piece in pieces:
                _write(file, piece)
    finally:
        await store.close()


def _write(file: io.FileIO, piece: bytes) -> None:
    left = memoryview(piece)
    with _writing():
        while left:  # a disk that gets full takes a part before it fails
            left = left[file.write(left) :]


def _read_again(file: io.FileIO) -> Summary:
    """Read the file from the disk, and not what the system still has of it in memory."""
    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    file.seek(0)
    try:
        return check_backup(io.BufferedReader(file, BUFFER_BYTES))
    except (StoreError, OSError):
        raise Refused(
            f"What was written can't be read again as it was. {NONE_MADE} Try another disk."
        ) from None


def _refuse_existing(path: Path) -> None:
    if os.path.lexists(path):
        raise Refused(f"There is something of that name already: choose another. {NONE_MADE}")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
