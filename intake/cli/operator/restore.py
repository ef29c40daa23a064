"""`drempel restore`: a backup becomes the store of a new data folder."""

import asyncio
from pathlib import Path
from typing import BinaryIO

import click

from intake.cli.operator.store_option import store_options
from intake.cli.shared.output import Refused, emit
from intake.cli.shared.signals import ending_like_ctrl_c
from intake.store import StorageFull, Summary, load_backup, restoring_at


@click.command()
@store_options("The data folder to make: a new or an empty one.")
@click.option(
    "--from",
    "source",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The file that `drempel backup` has made.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def restore(data: Path, database: str | None, source: Path, as_json: bool) -> None:
    """Restore a backup into a new data folder or an empty database: all of it, or nothing.

    What was deleted since the backup was made is there again, and what came since is not.
    """
    with ending_like_ctrl_c():
        try:
            with source.open("rb") as file:
                summary = asyncio.run(_restore(data, database, file))
        except KeyboardInterrupt:
            raise Refused("Interrupted. Nothing was restored.") from None
        except StorageFull:
            raise Refused("There is not enough room on the disk. Nothing was restored.") from None
        except IsADirectoryError:
            raise Refused("FILE is a folder. Nothing was restored.") from None
    words = f"{summary.mailboxes} mailboxes from {summary.bytes:,} bytes."
    emit(
        vars(summary),
        as_json,
        f"Restored: {words}\nWhat was deleted since that backup is there again. Now start the service, "
        "and look with `drempel doctor` whether the clock is believed.",
    )


async def _restore(data: Path, database: str | None, file: BinaryIO) -> Summary:
    async with restoring_at(data, database) as store:
        return await load_backup(store, file)
