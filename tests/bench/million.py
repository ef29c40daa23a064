"""A store of a million reports beside one of a thousand: what grows with it, and what must not.

    python -m tests.bench.million [--reports N] [--output FILE]

Takes half an hour and 30 GB beside this file (or in $DREMPEL_BENCH_FOLDER). A year of reports of 12 kB, as many each
day: those of a year ago expire today, and those of yesterday are still in the order in which they came, so that the
first round has the work of a day. The large store and the small one are measured in turn.
"""

import argparse
import asyncio
import http.client
import json
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from crypto.public.encoding import b64, utc_day
from intake.client.custodian.found import Founded
from intake.store import Mailbox, SqliteStore, open_store
from intake.store.sqlite.records import settle
from tests.bench.goal import Goal
from tests.bench.load import run_load
from tests.bench.reports import OPENING_LENGTH, creation, mailbox_path, opening, report_requests
from tests.bench.servers import Server, found_in, server
from tests.bench.throughput import load
from tests.project import ROOT

MIB = 1024 * 1024
YEAR = 365
SMALL = 1_000
AT_ONCE = 256
SAMPLE = 2_000  # mailboxes that are read
BLOCK = 100  # reads of one store before it is the other's turn
CLIENTS = 4  # who write beside a round, each after the answer to the last


@dataclass(frozen=True)
class Amounts:
    """How much is measured."""

    reports: int = 1_000_000
    round_seconds: float = 15
    rates: int = 3
    requests: int = 6_000


@dataclass(frozen=True)
class Store:
    """A filled data folder, and the read tokens of some mailboxes in it."""

    folder: Path
    founded: Founded
    tokens: dict[bytes, bytes]

    @property
    def slug(self) -> str:
        """Of its organisation."""
        return str(self.founded.content["slug"])


def fill(folder: Path, reports: int) -> Store:
    """A new data folder with that many reports, as many for each day of a year."""
    made = Store(folder, found_in(folder), {})
    asyncio.run(_fill(made, reports))
    return made


async def _fill(made: Store, reports: int) -> None:
    today, kept = utc_day(), max(1, reports // SAMPLE)

    async def report(store: SqliteStore, number: int) -> None:
        mailbox, token = os.urandom(32), os.urandom(32)
        day = today - 1 - number % YEAR
        if number % kept == 0 and day + YEAR > today:
            made.tokens[mailbox] = token
        record = creation(made.founded.id, mailbox, {"read": token})
        box = Mailbox(mailbox, made.founded.id, record, day, day + YEAR, today)
        await store.create_mailbox(box, os.urandom(16), opening())

    async with await open_store(made.folder) as store:
        for first in range(0, reports, AT_ONCE):
            await asyncio.gather(
                *(report(store, number) for number in range(first, min(reports, first + AT_ONCE)))
            )
        await store.writer.write(settle)  # as the rounds of a year would have, but for yesterday


def measure(folder: Path, amounts: Amounts) -> dict[str, Any]:
    """All figures of both stores."""
    begun = time.perf_counter()
    large = fill(folder / "large", amounts.reports)
    filling = time.perf_counter() - begun
    small = fill(folder / "small", min(SMALL, amounts.reports))
    figures: dict[str, Any] = {
        "reports": amounts.reports,
        "bytes": _size(large.folder),
        "filling_s": filling,
        "start": {"cold_s": _started(large.folder, cold=True), "warm_s": _started(large.folder, cold=False)},
    }
    with ExitStack() as around:
        running = around.enter_context(server("service", large.folder))
        figures["writes"] = _beside_a_round(running, large, amounts.round_seconds)
        beside = around.enter_context(server("service", small.folder))
        beside.settle()
        figures["reads"] = _reads((running, large), (beside, small))
        found_in(folder / "empty")
        empty = around.enter_context(server("empty", folder / "empty"))
        figures["rates"] = _rates(amounts, empty, (running, large), (beside, small))
        figures["memory"] = {"large": running.memory(), "small": beside.memory()}
    figures["erasing"] = asyncio.run(_erasing(large.folder))
    return figures


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())


def _started(folder: Path, *, cold: bool) -> float:
    """Seconds from the command to its first line; `cold`: with nothing of the files in memory."""
    if cold:
        os.sync()
        for file in folder.iterdir():
            if file.is_file():
                descriptor = os.open(file, os.O_RDONLY)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(descriptor)
    with server("service", folder) as running:
        return running.start_seconds


def _beside_a_round(running: Server, store: Store, seconds: float) -> dict[str, float]:
    """How long writers wait: while the round of a day is done, and once it is."""
    beside = _waits(running, store, seconds)
    running.settle()
    alone = _waits(running, store, seconds)
    return {
        "beside_p99_ms": _p99(beside),
        "alone_p99_ms": _p99(alone),
        "beside_worst_ms": 1000 * max(beside),
        "alone_worst_ms": 1000 * max(alone),
    }


def _waits(running: Server, store: Store, seconds: float) -> list[float]:
    waits: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        requests = report_requests(store.slug, store.founded.id, 400)
        came = asyncio.run(run_load(running.port, CLIENTS, requests, waits))
        assert came.failed == 0
    return waits


def _p99(seconds: Sequence[float]) -> float:
    return 1000 * sorted(seconds)[len(seconds) * 99 // 100]


def _reads(*places: tuple[Server, Store]) -> dict[str, float]:
    """The time of a return for a mailbox drawn at random, in turn."""
    waits: list[list[float]] = [[] for _ in places]
    with ExitStack() as around:
        links = [http.client.HTTPConnection("127.0.0.1", running.port) for running, _ in places]
        for link in links:
            around.callback(link.close)
        most = max(len(store.tokens) for _, store in places)
        for first in range(0, most, BLOCK):
            for link, (_, store), taken in zip(links, places, waits, strict=True):
                some = list(store.tokens.items())
                for number in range(first, min(most, first + BLOCK)):
                    mailbox, token = some[number % len(some)]
                    begun = time.perf_counter()
                    headers = {"Authorization": f"Bearer {b64(token)}"}
                    link.request("GET", mailbox_path(store.slug, mailbox), headers=headers)
                    answer = link.getresponse()
                    assert len(answer.read()) > OPENING_LENGTH
                    taken.append(time.perf_counter() - begun)
    large, small = waits
    return {
        "large_p99_ms": _p99(large),
        "small_p99_ms": _p99(small),
        "large_median_ms": 1000 * median(large),
        "small_median_ms": 1000 * median(small),
    }


def _rates(amounts: Amounts, empty: Server, *places: tuple[Server, Store]) -> dict[str, Any]:
    """Reports a second of 32 clients, of what an empty handler takes; medians of rounds."""
    ratios: list[list[float]] = [[] for _ in places]
    failed = 0
    for _ in range(amounts.rates):
        _, store = places[0]
        bare = load(empty, store.founded.id, store.slug, 32, amounts.requests)
        for (running, store), some in zip(places, ratios, strict=True):
            came = load(running, store.founded.id, store.slug, 32, amounts.requests)
            some.append((came.answered / came.seconds) / (bare.answered / bare.seconds))
            failed += came.failed
    large, small = map(median, ratios)
    return {"large_to_empty": large, "small_to_empty": small, "failed": failed}


async def _erasing(folder: Path) -> dict[str, float]:
    """Erase the reports of one more day, as a round does, and nothing else meanwhile."""
    async with await open_store(folder) as store:
        begun = time.perf_counter()
        erased = await store.expire(utc_day() + 1)
        return {"reports": erased, "seconds": time.perf_counter() - begun}


def goals(figures: dict[str, Any]) -> list[Goal]:
    """What is promised of a large store."""
    writes, reads, memory = figures["writes"], figures["reads"], figures["memory"]
    return [
        Goal("start to listening, cold, seconds", figures["start"]["cold_s"], 2),
        Goal("p99 of writes beside a round, to without", writes["beside_p99_ms"] / writes["alone_p99_ms"], 2),
        Goal("p99 of reads, to that of a small store", reads["large_p99_ms"] / reads["small_p99_ms"], 1.5),
        Goal(
            "reports at 32 clients, of an empty handler",
            figures["rates"]["large_to_empty"],
            0.25,
            at_least=True,
        ),
        Goal("requests that failed", figures["rates"]["failed"], 0),
        Goal("memory, MiB more than with a small store", (memory["large"] - memory["small"]) / MIB, 16),
    ]


def text(figures: dict[str, Any]) -> str:
    """The figures and the goals as plain text of at most 80 columns."""
    start, writes, reads = figures["start"], figures["writes"], figures["reads"]
    rates, memory, erasing = figures["rates"], figures["memory"], figures["erasing"]
    lines = [
        f"{figures['reports']:,} reports, {figures['bytes'] / 1e9:.1f} GB, made in {figures['filling_s']:.0f} s",
        f"Start to listening: {start['cold_s']:.2f} s cold, {start['warm_s']:.2f} s warm",
        f"Writes of {CLIENTS} clients, p99 ms (worst): beside a round {writes['beside_p99_ms']:.1f} "
        f"({writes['beside_worst_ms']:.0f}), alone {writes['alone_p99_ms']:.1f} ({writes['alone_worst_ms']:.0f})",
        f"Reads, p99 ms (median): {reads['large_p99_ms']:.2f} ({reads['large_median_ms']:.2f}), of a small store "
        f"{reads['small_p99_ms']:.2f} ({reads['small_median_ms']:.2f})",
        f"Reports at 32 clients, of an empty handler: {rates['large_to_empty']:.3f}, of a small store "
        f"{rates['small_to_empty']:.3f}",
        f"Memory, MiB: {memory['large'] / MIB:.0f}, of a small store {memory['small'] / MIB:.0f}",
        f"Erasing: {erasing['reports'] * OPENING_LENGTH / 1e6 / erasing['seconds']:.0f} MB/s",
    ]
    return "\n".join(
        [*lines, "", f"{'Goals':<46}{'measured':>9}  goal", *(goal.line() for goal in goals(figures))]
    )


def main() -> None:
    """Measure, print, and write the figures if a file is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reports", type=int, default=Amounts.reports)
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    amounts = Amounts(given.reports)
    if given.reports < Amounts.reports:
        amounts = Amounts(given.reports, round_seconds=1, rates=1, requests=400)
    place = Path(os.environ.get("DREMPEL_BENCH_FOLDER", ROOT / "test-output"))
    place.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="million-", dir=place))
    try:
        figures = measure(folder, amounts)
    finally:
        shutil.rmtree(folder)
    if given.output:
        figures["goals"] = [goal.to_json() for goal in goals(figures)]
        given.output.write_text(json.dumps(figures, indent=2) + "\n")
    print(text(figures))


if __name__ == "__main__":
    main()
