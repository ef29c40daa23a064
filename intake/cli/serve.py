"""`drempel serve`: serve the organisations of a data folder."""

import sys
from pathlib import Path

import click

from intake.service.runner import Address
from intake.service.runner import serve as run_service


@click.command()
@click.option(
    "--data", required=True, type=click.Path(path_type=Path), metavar="DIR", help="The data folder."
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Listen here; a proxy or Tor stands in front."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one."
)
def serve(data: Path, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM. Make the data folder with `drempel init` first."""

    def listening(address: Address) -> None:
        name = f"[{address.host}]" if ":" in address.host else address.host
        click.echo(f"Listening on http://{name}:{address.port}/")
        sys.stdout.flush()

    run_service(data, host=host, port=port, listening=listening)
