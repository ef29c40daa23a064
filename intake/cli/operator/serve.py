"""`drempel serve`: serve the organisations of a data folder."""

import errno
import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from crypto.public.blobs import CHUNK_LENGTH, longest_file
from crypto.public.limits import LONGEST_FILE
from intake.cli.operator.store_option import store_options
from intake.cli.shared.output import Refused, show
from intake.service.http.server import Address
from intake.service.runner import serve as run_service
from intake.service.settings import Settings
from intake.service.workers import WorkersFailed

PORT = click.IntRange(0, 65535)
NOT_OURS = (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES, errno.EPERM)

SIZE = re.compile(r"([0-9]{1,15})(?:([KMGT])(?:iB)?)?")
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class Size(click.ParamType[int]):
    """A number of bytes, such as 500M or 4G."""

    name = "size"

    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Bytes; a usage error if it is no size, or out of range."""
        found = SIZE.fullmatch(str(value))
        if found is None:
            self.fail(
                f"{value!r} is not a size: write a number of bytes, or with K, M, G or T, such as 500M.",
                param,
                ctx,
            )
        size = int(found[1]) * UNITS[found[2] or ""]
        if not self._least <= size <= self._most:
            self.fail(f"{value!r} is not between {self._least} and {self._most} bytes.", param, ctx)
        return size


def file_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--largest-file`, `--reserve` and `--quota`; the command gets `settings`, a Settings."""

    @functools.wraps(function)
    def command(*args: Any, largest_file: int, reserve: int, quota: int | None, **others: Any) -> Any:
        if quota is not None:  # nobody should begin to send a file that can never fit
            largest_file = min(largest_file, longest_file(quota // CHUNK_LENGTH))
        settings = Settings(attachment_bytes=largest_file, reserve_bytes=reserve, quota_bytes=quota)
        return function(*args, settings=settings, **others)

    for option in (
        click.option(
            "--quota",
            type=Size(1 << 20, 1 << 50),
            metavar="SIZE",
            help="Take files of one organisation up to this size together, so that none takes the whole disk. "
            "[default: no limit]",
        ),
        click.option(
            "--reserve",
            type=Size(0, 1 << 50),
            default="256M",
            metavar="SIZE",
            show_default=True,
            help="Keep this much of the disk free for texts: files are refused where less would be left.",
        ),
        click.option(
            "--largest-file",
            type=Size(1, LONGEST_FILE),
            default="4G",
            metavar="SIZE",
            show_default=True,
            help="Take files up to this size, at most 16G.",
        ),
    ):
        command = option(command)
    return command


@click.command()
@store_options("The data folder.")
@click.option(
    "--host",
    default="127.0.0.1",
    metavar="ADDRESS",
    show_default=True,
    help="Listen on this address only: a proxy or Tor stands in front.",
)
@click.option(
    "--port",
    type=PORT,
    metavar="PORT",
    default=8080,
    show_default=True,
    help="Listen here; 0 takes a free one.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    metavar="N",
    default=1,
    show_default=True,
    help="Serve by so many processes; more than one need PostgreSQL.",
)
@file_options
def serve(data: Path, database: str | None, host: str, port: int, workers: int, settings: Settings) -> None:
    """Serve the organisations of a data folder until Ctrl-C or SIGTERM. Make it with `drempel init` first."""
    if workers > 1 and database is None:
        raise click.UsageError(
            "A data folder is served by one process: leave out --workers, or give --store postgresql://..."
        )

    def listening(address: Address) -> None:
        name = f"[{address.host}]" if ":" in address.host else address.host
        show(f"Listening on http://{name}:{address.port}/")

    serve_store(data, database, host, port, settings, listening, workers)


def serve_store(
    folder: Path,
    database: str | None,
    host: str,
    port: int,
    settings: Settings,
    listening: Callable[[Address], None],
    workers: int = 1,
) -> None:
    """Serve a store; Refused, with a sentence, if the address can't be used."""
    try:
        run_service(
            folder,
            settings,
            database=database,
            host=host,
            port=port,
            workers=workers,
            listening=listening,
        )
    except WorkersFailed as failed:
        raise Refused(str(failed)) from None
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            words = f"Port {port} of {host} is in use. Stop what uses it, or choose another with --port."
        elif problem.errno in NOT_OURS or (problem.errno or 0) < 0:  # the resolver's numbers are negative
            words = (
                f"Port {port} of {host} can't be had on this machine. Choose another with --host or --port."
            )
        else:
            raise
        raise Refused(words) from None
