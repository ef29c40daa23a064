"""`drempel serve`: serve the organisations of a data folder."""

import errno
import sys
from collections.abc import Callable
from pathlib import Path

import click

from intake.cli.output import Refused
from intake.service.runner import Address
from intake.service.runner import serve as run_service

PORT = click.IntRange(0, 65535)
NOT_OURS = (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES, errno.EPERM)


@click.command()
@click.option(
    "--data", required=True, type=click.Path(path_type=Path), metavar="DIR", help="The data folder."
)
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
def serve(data: Path, host: str, port: int) -> None:
    """Serve the organisations of a data folder until Ctrl-C or SIGTERM. Make it with `drempel init` first."""

    def listening(address: Address) -> None:
        name = f"[{address.host}]" if ":" in address.host else address.host
        click.echo(f"Listening on http://{name}:{address.port}/")
        sys.stdout.flush()

    serve_folder(data, host, port, listening)


def serve_folder(folder: Path, host: str, port: int, listening: Callable[[Address], None]) -> None:
    """Serve a folder; Refused, in words, if the address can't be had."""
    try:
        run_service(folder, host=host, port=port, listening=listening)
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
