"""`drempel migrate-store`: all that one store holds, moved into a new one on either database."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing, contextmanager

import click

from intake.cli.operator.store_option import Place, place_of
from intake.cli.shared.output import Refused, emit
from intake.cli.shared.signals import ending_like_ctrl_c
from intake.store import (
    ChunksMissing,
    Conflict,
    Malformed,
    NotFound,
    StorageFull,
    Store,
    StoreUnavailable,
    Tally,
    migrating_at,
    open_at,
    tallied,
)

UNUSABLE = "A store can't be read or written just now."
AGAIN = "Run the same command again: it goes on where it stopped."
DIFFERENT = (
    "The new store is not as the old one is now: was that one served since the migration began? Nobody can use the new"
    " one. Remove its folder or its database, and begin anew; if it ends so once more, report this fault."
)


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
    """Copy a store into a new one, and compare the two.

    Stop the service first, and start it again on the new store: the old one must not change meanwhile, and is left as
    it is. If this is interrupted, run it again: it goes on where it stopped, and nobody can use the new store before
    it is whole. Files that belong to no message yet are not copied: whoever is sending one sends it again.
    """
    places = place_of(source), place_of(target)
    with ending_like_ctrl_c():
        try:
            moved = asyncio.run(_migrate(*places))
        except KeyboardInterrupt:
            raise Refused(f"Interrupted. {AGAIN}") from None
    found = {name: getattr(moved, name) for name in ("mailboxes", "envelopes", "files", "bytes")}
    words = f"{moved.mailboxes} mailboxes with {moved.envelopes} envelopes and {moved.files} files"
    emit(
        found,
        as_json,
        f"Copied and compared: {words}, {moved.bytes:,} bytes.\nServe the new store from now on.",
    )


async def _migrate(source: Place, target: Place) -> Tally:
    old = await open_at(*source)
    try:
        async with migrating_at(*target) as new:
            return await _copy(old, new)
    finally:
        await old.close()


async def _copy(old: Store, new: Store) -> Tally:
    """Copy what the new store lacks, then compare both whole."""
    before, after = Tally(), Tally()
    with _going_on():
        async with aclosing(old.dump()) as portions:
            await new.load(tallied(before, portions), goes_on=True)
        async with aclosing(new.dump()) as portions:
            try:
                async for _ in tallied(after, portions):
                    pass
            except ChunksMissing:
                raise Refused(DIFFERENT) from None
    if after != before:
        raise Refused(DIFFERENT)
    return before


@contextmanager
def _going_on() -> Iterator[None]:
    """Tell what to do after an error."""
    try:
        yield
    except (Conflict, Malformed, NotFound):  # the new store has something else than the old one
        raise Refused(DIFFERENT) from None
    except ChunksMissing:
        raise
    except StoreUnavailable as error:
        raise Refused(f"{error.detail or UNUSABLE} {AGAIN}") from None
    except StorageFull:
        raise Refused(f"There is not enough room for the new store. Make some. {AGAIN}") from None
