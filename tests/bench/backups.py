"""A backup beside a running service and its restore, next to a plain copy of the same bytes; and who writes meanwhile.

All are whole processes, start to end, and all wait for the disk. The copy reads a file and writes it; a backup is sent
by the service, hashed on both sides, and read again from the disk; a restore writes rows, indexes and slots.
"""

import asyncio
import json
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from crypto.public.blobs import CHUNK_LENGTH
from crypto.public.encoding import utc_day
from intake.client.custodian.found import Founded
from intake.store import BlobClaim, Mailbox, SqliteStore, open_store
from tests.bench.files import COMMAND, Ran, run
from tests.bench.load import Load, run_load
from tests.bench.reports import creation, opening, report_requests
from tests.bench.servers import Server, found_in, server
from tests.bench.throughput import SEGMENT_MIB, SETTINGS
from tests.kit import postgres

COPY = """
import os, shutil, sys
with open(sys.argv[1], "rb") as source, open(sys.argv[2], "wb") as copy:
    shutil.copyfileobj(source, copy, 1 << 20)
    copy.flush()
    os.fsync(copy.fileno())
"""
AT_ONCE = 128  # reports stored together, and chunks in a call
TERM_DAYS = 90
CLIENTS, LOAD = 4, 200  # who writes meanwhile, and how many reports at a time


@dataclass(frozen=True)
class Amounts:
    """How much is backed up, and how often."""

    reports: int = 10_000
    file_bytes: int = 256 << 20
    rounds: int = 3


def measure(folder: Path, amounts: Amounts) -> dict[str, Any]:
    """Medians; each round copies, backs up and restores, so that all meet the same disk."""
    place = folder / "backups"
    founded = found_in(place / "data")
    asyncio.run(_fill(place / "data", founded.id, amounts))
    taken: dict[str, list[float]] = {"copy": [], "backup": [], "restore": []}
    with server("service", place / "data") as running:
        running.settle()
        resting = running.memory()
        for _ in range(amounts.rounds):
            ran = _drempel("backup", place / "data", "--to", place / "backup")
            taken["backup"].append(ran.seconds)
            taken["copy"].append(run(["-c", COPY, str(place / "backup"), str(place / "copy")]).seconds)
            taken["restore"].append(_drempel("restore", place / "new", "--from", place / "backup").seconds)
            shutil.rmtree(place / "new")
            size = json.loads(ran.out)["bytes"]
            (place / "backup").unlink()
        memory = {"resting": resting, "peak": running.peak_memory()}
        writing = _writing(running, founded, place)
    migrations = {} if postgres.is_left_out() else _migrations(place, amounts.rounds)
    erasing = asyncio.run(_erasing(place / "data", founded.id))
    shutil.rmtree(place)
    seconds = {f"{what}_s": median(some) for what, some in taken.items()}
    figures = {"reports": amounts.reports, "file_bytes": amounts.file_bytes, "rounds": amounts.rounds}
    return (
        figures
        | seconds
        | migrations
        | {"erasing_s": erasing, "bytes": size, "server_memory": memory, "writing": writing}
    )


def _migrations(place: Path, rounds: int) -> dict[str, float]:
    """From the folder to a database on the same disk, and back."""
    taken: dict[str, list[float]] = {"to_postgresql": [], "to_sqlite": []}
    with postgres.running(on_disk=True, segment_mib=SEGMENT_MIB, **SETTINGS) as cluster:
        for number in range(rounds):
            cluster.execute(f"CREATE DATABASE moved_{number} TEMPLATE template0")
            url, folder = cluster.url(f"moved_{number}"), f"sqlite:{place / 'back'}"
            taken["to_postgresql"].append(_migrate(f"sqlite:{place / 'data'}", url))
            taken["to_sqlite"].append(_migrate(url, folder))
            shutil.rmtree(place / "back")
            cluster.execute(f"DROP DATABASE moved_{number}")
    return {f"{what}_s": median(some) for what, some in taken.items()}


def _migrate(source: str, target: str) -> float:
    return run(["-c", COMMAND, "migrate-store", "--from", source, "--to", target, "--json"]).seconds


async def _erasing(data: Path, organisation: bytes) -> float:
    """Seconds to erase all that the folder holds, to the last byte on the disk.

    The shuffle of past days, which then follows and takes its time on purpose, is not counted.
    """
    async with await open_store(data) as store:
        begun = time.perf_counter()
        await store.expire(utc_day() + TERM_DAYS)
        files = asyncio.create_task(store.erase_files())
        while await store.file_bytes(organisation):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
        taken = time.perf_counter() - begun
        await files
    return taken


def _drempel(command: str, data: Path, option: str, file: Path) -> Ran:
    return run(["-c", COMMAND, command, "--data", str(data), option, str(file), "--json"])


def _writing(running: Server, founded: Founded, place: Path) -> dict[str, Any]:
    """How long some clients wait for their reports, alone and while a backup is made."""
    slug = founded.content["slug"]

    def load() -> Load:
        requests = report_requests(slug, founded.id, LOAD)
        return asyncio.run(run_load(running.port, CLIENTS, requests))

    alone, beside = [load() for _ in range(3)], []
    with ThreadPoolExecutor(1) as thread:
        backup = thread.submit(_drempel, "backup", place / "data", "--to", place / "backup")
        while not backup.done():
            beside.append(load())
        backup.result()
    failed = sum(some.failed for some in (*alone, *beside))
    p95 = {"alone_p95_ms": _p95(alone), "beside_p95_ms": _p95(beside), "worst_p95_ms": _worst(beside)}
    return {"clients": CLIENTS, "failed": failed} | p95


def _p95(loads: list[Load]) -> float:
    return median(some.p95_ms for some in loads)


def _worst(loads: list[Load]) -> float:
    return max(some.p95_ms for some in loads)


async def _fill(data: Path, organisation: bytes, amounts: Amounts) -> None:
    async with await open_store(data) as store:
        for _ in range(0, amounts.reports, AT_ONCE):
            await asyncio.gather(*(_report(store, organisation) for _ in range(AT_ONCE)))
        blob, chunks = os.urandom(32), amounts.file_bytes // CHUNK_LENGTH
        for first in range(0, chunks, AT_ONCE):
            some = [os.urandom(CHUNK_LENGTH) for _ in range(first, min(chunks, first + AT_ONCE))]
            await store.put_chunks(organisation, blob, first, some, utc_day() + TERM_DAYS)
        await _report(store, organisation, BlobClaim(blob, chunks))


async def _report(store: SqliteStore, organisation: bytes, *claims: BlobClaim) -> None:
    id_, today = os.urandom(32), utc_day()
    box = Mailbox(id_, organisation, creation(organisation, id_, {}), today, today + TERM_DAYS, today)
    await store.create_mailbox(box, os.urandom(16), opening(), claims)
