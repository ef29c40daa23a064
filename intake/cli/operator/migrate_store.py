"""`drempel migrate-store`: all that one store holds, moved into a new one on either database."""

import asyncio
from contextlib import aclosing

import click

from intake.cli.operator.store_option import Place, place_of
from intake.cli.shared.output import Refused, emit
from intake.cli.shared.signals import ending_like_ctrl_c
from intake.store import StorageFull, Tally, open_at, restoring_at, tallied


@click.command("migrate-store")
@click.option(
    "--from",
    "source",
    required=True,
    metavar="URL",
    help="The store: sqlite:DIR or postgresql://USER@HOST/NAME.",
)
@click.option(
    "--to", "target", required=True, metavar="URL", help="The new one, in an empty folder or database."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def migrate_store(source: str, target: str, as_json: bool) -> None:
    """Copy a store into a new one, all of it or nothing, and compare the two.

    Stop the service first: what it takes meanwhile would not be in the new store. The old one is left as it is. Files
    that belong to no message yet are not copied: whoever is sending one sends it again.
    """
    places = place_of(source), place_of(target)
    with ending_like_ctrl_c():
        try:
            moved = asyncio.run(_migrate(*places))
        except KeyboardInterrupt:
            raise Refused("Interrupted. The new store is not to be used: begin again.") from None
        except StorageFull:
            raise Refused("There is not enough room for the new store. Nothing was moved.") from None
    found = {name: getattr(moved, name) for name in ("mailboxes", "envelopes", "files", "bytes")}
    words = f"{moved.mailboxes} mailboxes with {moved.envelopes} envelopes and {moved.files} files"
    emit(
        found,
        as_json,
        f"Copied and compared: {words}, {moved.bytes:,} bytes.\nServe the new store from now on.",
    )


async def _migrate(source: Place, target: Place) -> Tally:
    before, after = Tally(), Tally()
    old = await open_at(*source)
    try:
        async with restoring_at(*target) as new:
            async with aclosing(old.dump()) as portions:
                await new.load(tallied(before, portions))
            async with aclosing(new.dump()) as portions:
                async for _ in tallied(after, portions):
                    pass
            if after != before:
                raise Refused("The two stores differ. Do not use the new one, and report this fault.")
    finally:
        await old.close()
    return before
