"""Durable reports per second, next to a handler that does nothing and to one transaction per write.

Every round starts all servers afresh, on new data folders, and loads them in turn at each number of clients, so that
what disturbs one disturbs its neighbour too. Figures are medians over the rounds; ratios are medians of
each round's own ratio.
"""

import json
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from intake.client.custodian.found import Founded
from tests.bench.load import Load
from tests.bench.servers import Server, found_in, server
from tests.kit import postgres

LEVELS = (1, 8, 32, 128)
DATABASES = {} if postgres.is_left_out() else {"postgresql": "one", "postgresql-2": "two"}
KINDS = ("empty", "service", "single", *DATABASES)
REQUESTS = {"empty": 8000, "service": 6000, "single": 2000, "postgresql": 6000, "postgresql-2": 6000}
LOAD_SECONDS = 120
# A server as an operator would set it, not as a test does.
SETTINGS = {"shared_buffers": "128MB", "max_wal_size": "1GB", "min_wal_size": "80MB"}
SEGMENT_MIB = 16


@dataclass(frozen=True)
class Size:
    """How much is measured. A single client takes its time over each request, and gets a quarter of them."""

    rounds: int = 3
    requests: dict[str, int] | None = None

    def number(self, kind: str, clients: int) -> int:
        """How many requests a load has."""
        number = (self.requests or REQUESTS)[kind]
        return max(number // 4 if clients == 1 else number, clients)


def load(running: Server, organisation: bytes, slug: str, clients: int, number: int) -> Load:
    """Send `number` reports from a process of its own."""
    arguments = [str(running.port), slug, organisation.hex(), str(clients), str(number)]
    command = [sys.executable, "-m", "tests.bench.load", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LOAD_SECONDS, check=True)
    return Load(**json.loads(done.stdout))


def stored(folder: Path) -> int:
    """The mailboxes in a data folder that nobody serves any more."""
    with closing(sqlite3.connect(folder / "store.sqlite")) as connection:
        return int(connection.execute("SELECT count(*) FROM mailbox").fetchone()[0])


def one_round(folder: Path, size: Size) -> tuple[dict[str, list[dict[str, Any]]], int]:
    """What came of each load, by kind; and how many confirmed reports are missing, which must be none."""
    results: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    with ExitStack() as around:
        places: dict[str, str | None] = dict.fromkeys(KINDS)
        if DATABASES:
            cluster = around.enter_context(
                postgres.running(on_disk=True, segment_mib=SEGMENT_MIB, **SETTINGS)
            )
        for kind, name in DATABASES.items():
            cluster.execute(f"CREATE DATABASE {name} TEMPLATE template0")
            places[kind] = cluster.url(name)
        found = {kind: found_in(folder / kind, places[kind]) for kind in KINDS}
        _load_all(folder, size, places, found, results)
        there = sum(stored(folder / kind) for kind in ("service", "single"))
        for name in DATABASES.values():
            there += cluster.rows("SELECT count(*) FROM drempel.mailbox_id", name)[0][0]
    confirmed = sum(item["answered"] for kind in KINDS if kind != "empty" for item in results[kind])
    return results, confirmed - there


def _load_all(
    folder: Path,
    size: Size,
    places: dict[str, str | None],
    found: dict[str, Founded],
    results: dict[str, list[dict[str, Any]]],
) -> None:
    """Start all servers, and load them in turn."""
    with ExitStack() as stack:
        running = {kind: stack.enter_context(server(kind, folder / kind, places[kind])) for kind in KINDS}
        for clients in LEVELS:
            for kind in KINDS:
                organisation = found[kind]
                number = size.number(kind, clients)
                before = running[kind].processor()
                came = load(running[kind], organisation.id, organisation.content["slug"], clients, number)
                results[kind].append(
                    {
                        "clients": clients,
                        "per_second": came.answered / came.seconds,
                        "failed": came.failed,
                        "answered": came.answered,
                        "p95_ms": came.p95_ms,
                        "server_processor_us": 1e6 * (running[kind].processor() - before) / number,
                        "load_processor_share": came.processor / came.seconds,
                    }
                )


def measure(folder: Path, size: Size) -> dict[str, Any]:
    """The whole table."""
    rounds, missing = [], 0
    for number in range(size.rounds):
        place = folder / f"throughput-{number}"
        place.mkdir()
        results, lost = one_round(place, size)
        rounds.append(results)
        missing += lost
    return {
        "rounds": size.rounds,
        "missing": missing,
        "levels": [_level(rounds, at) for at in range(len(LEVELS))],
    }


def _level(rounds: list[dict[str, list[dict[str, Any]]]], at: int) -> dict[str, Any]:
    def rate(results: dict[str, list[dict[str, Any]]], kind: str) -> float:
        return float(results[kind][at]["per_second"])

    level: dict[str, Any] = {"clients": LEVELS[at]}
    for kind in KINDS:
        items = [results[kind][at] for results in rounds]
        level[kind] = {name: median(item[name] for item in items) for name in items[0] if name != "clients"}
        level[kind]["failed"] = sum(item["failed"] for item in items)
    level["to_empty"] = median(rate(results, "service") / rate(results, "empty") for results in rounds)
    level["to_single"] = median(rate(results, "service") / rate(results, "single") for results in rounds)
    for kind in DATABASES:
        level[f"{kind}_to_empty"] = median(rate(results, kind) / rate(results, "empty") for results in rounds)
    return level
