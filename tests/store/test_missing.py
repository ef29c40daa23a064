"""Loading that goes on after an interruption takes what is missing, and nothing that is there."""

from collections import Counter
from collections.abc import Sequence

from intake.store import Store
from intake.store.backup.missing import missing
from intake.store.backup.records import Chunk, File, Record
from tests.store.kit.dumps import all_of, fill, given, shown


async def left(records: Sequence[Record], there: Sequence[Record]) -> list[Record]:
    """What is missing where some records are there."""
    counts = Counter(map(type, there))
    portions = given(records[:5], records[5:17], records[17:])
    return [record async for portion in missing(portions, counts) for record in portion]


async def test_what_comes_after_any_record_is_missing_and_a_file_comes_again_for_its_chunks(
    store: Store,
) -> None:
    await fill(store)
    found = await all_of(store)
    for at in range(len(found) + 1):
        file = next((it for it in reversed(found[:at]) if isinstance(it, File)), None)
        again = [file] if file is not None and at < len(found) and isinstance(found[at], Chunk) else []
        assert shown(await left(found, found[:at])) == shown([*again, *found[at:]])


async def test_several_files_without_their_chunks_each_come_again(store: Store) -> None:
    await fill(store)
    found = await all_of(store)
    there = [it for it in found if not isinstance(it, Chunk)]
    files_and_chunks = [it for it in found if isinstance(it, File | Chunk)]
    assert shown(await left(found, there)) == shown(files_and_chunks)
