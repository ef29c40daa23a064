"""Measures everything, prints a table, and writes `bench.json`.

    python -m tests.bench [--short] [--only PART] [--output FILE]

Takes some ten minutes; `--short` takes one or two and shows only that it works. `--only` measures one part and writes
no file unless it is told which: `bench.json` is the record of all parts together. The data folders lie in the
project's folder (or in $DREMPEL_BENCH_FOLDER), since a temporary folder may be in memory, where durable means nothing.
"""

import argparse
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench import answers, backups, files, pages, resting, sync, throughput
from tests.bench.filled import two_inboxes
from tests.bench.table import goals, text
from tests.project import ROOT

MIB = 1024 * 1024
IN_MEMORY = ("tmpfs", "ramfs")
PARTS = ("throughput", "sync", "answers", "resting", "files", "backups", "pages")
WITH_INBOXES = {"sync", "pages"}


@dataclass(frozen=True)
class Amounts:
    """How much of everything is measured."""

    loads: throughput.Size = field(default_factory=throughput.Size)
    conversations: int = 1000
    syncs: int = 3
    cycles: int = 2000
    starts: int = 5
    load: int = 6000
    file_bytes: int = 1024 * MIB
    file_rounds: int = 3
    backup: backups.Amounts = field(default_factory=backups.Amounts)
    browsing: pages.Amounts = field(default_factory=pages.Amounts)


SHORT = Amounts(
    loads=throughput.Size(1, dict.fromkeys(throughput.REQUESTS, 200)),
    conversations=6,
    syncs=1,
    cycles=20,
    starts=1,
    load=200,
    file_bytes=4 * MIB,
    file_rounds=1,
    backup=backups.Amounts(reports=100, file_bytes=2 * MIB, rounds=1),
    browsing=pages.Amounts(reports=1, next_syncs=1, looks=1, objects=False, file_bytes=(MIB, 2 * MIB)),
)


def mount_of(folder: Path) -> tuple[str, str]:
    """(file system, device) that a folder lies on."""
    found = ("unknown", "unknown", "")
    for line in Path("/proc/self/mounts").read_text().splitlines():
        device, point, kind = line.split()[:3]
        if folder.is_relative_to(point) and len(point) >= len(found[2]):
            found = (kind, device, point)
    return found[0], found[1]


def measure(folder: Path, amounts: Amounts, parts: Sequence[str] = PARTS) -> dict[str, Any]:
    """The figures of these parts, and of the machine."""
    filesystem, device = mount_of(folder.resolve())
    if filesystem in IN_MEMORY:
        raise SystemExit(f"{folder} is in memory: set DREMPEL_BENCH_FOLDER to a folder on a disk.")
    inboxes = two_inboxes(folder, amounts.conversations) if WITH_INBOXES & set(parts) else []
    measures: dict[str, Callable[[], Any]] = {
        "throughput": lambda: throughput.measure(folder, amounts.loads),
        "sync": lambda: sync.measure(inboxes, amounts.syncs),
        "answers": lambda: answers.measure(folder, amounts.cycles),
        "resting": lambda: resting.measure(folder, amounts.starts, amounts.load),
        "files": lambda: files.measure(folder, amounts.file_bytes, amounts.file_rounds),
        "backups": lambda: backups.measure(folder, amounts.backup),
        "pages": lambda: pages.measure(folder, inboxes, amounts.browsing),
    }
    machine = {
        "processors": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "filesystem": filesystem,
        "device": device,
    }
    return {"machine": machine} | {part: measures[part]() for part in parts}


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--short", action="store_true", help="show quickly that it works")
    parser.add_argument("--only", choices=PARTS, metavar="PART", help=f"one of {', '.join(PARTS)}")
    parser.add_argument("--output", type=Path, metavar="FILE", help="[default: bench.json, for all parts]")
    options = parser.parse_args()
    parts = (options.only,) if options.only else PARTS
    output = options.output or (None if options.only else ROOT / "bench.json")
    place = Path(os.environ.get("DREMPEL_BENCH_FOLDER", ROOT / "test-output"))
    place.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=place))
    try:
        figures = measure(folder, SHORT if options.short else Amounts(), parts)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    promises = goals(figures)
    figures |= {"short": options.short, "goals": [goal.to_json() for goal in promises]}
    if output:
        output.write_text(json.dumps(figures, indent=2) + "\n")
    print(text(figures, promises))


if __name__ == "__main__":
    main()
