"""The figures as plain text of at most 80 columns, and the goals beside them."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.bench import page_table
from tests.bench.goal import Goal
from tests.bench.servers import SERVED

MIB = 1024 * 1024
ON_POSTGRESQL = {"postgresql": "PostgreSQL, 1 worker", "postgresql-2": "PostgreSQL, 2 workers"}


def goals(figures: dict[str, Any]) -> list[Goal]:
    """Every goal that the measurements can decide: those of the parts that were measured."""
    return [goal for part, promised in GOALS.items() if part in figures for goal in promised(figures[part])]


def _throughput_goals(figures: dict[str, Any]) -> list[Goal]:
    at = {level["clients"]: level for level in figures["levels"]}
    served = [kind for kind in SERVED if kind in at[32]]
    failed = sum(level[kind]["failed"] for level in figures["levels"] for kind in served)
    databases = [
        Goal(f"the same, {words}", at[32][f"{kind}_to_empty"], 0.30, at_least=True)
        for kind, words in ON_POSTGRESQL.items()
        if kind in at[32]
    ]
    return [
        Goal("reports at 32 clients, of an empty handler", at[32]["to_empty"], 0.30, at_least=True),
        *databases,
        Goal("requests that failed, at any number of clients", failed, 0),
        Goal("confirmed reports that are not stored", figures["missing"], 0),
    ]


def _sync_goals(figures: list[dict[str, Any]]) -> list[Goal]:
    full, _ = figures
    return [
        Goal("first sync by the command, seconds", full["first_s"], 3),
        Goal("next sync by the command, seconds", full["next_s"], 1),
    ]


def _file_goals(figures: dict[str, Any]) -> list[Goal]:
    memory = figures["server_memory"]
    return [
        Goal("a file up by the command, of a bare upload", figures["up"]["to_bare"], 0.6, at_least=True),
        Goal("a file down by the command, of a bare one", figures["down"]["to_bare"], 0.8, at_least=True),
        Goal("server memory by a file, MiB more", (memory["peak"] - memory["resting"]) / MIB, 32),
    ]


def text(figures: dict[str, Any], promises: list[Goal]) -> str:
    """The whole table."""
    machine = figures["machine"]
    lines = [
        f"Drempel, measured on {machine['processors']} processors, Python {machine['python']}",
        f"Data folders on {machine['filesystem']} ({machine['device']})",
    ]
    for part, shown in LINES.items():
        if part in figures:
            lines += ["", *shown(figures[part])]
    if promises:
        lines += ["", f"{'Goals':<46}{'measured':>9}  goal", *(goal.line() for goal in promises)]
    return "\n".join(lines)


def _throughput(figures: dict[str, Any]) -> list[str]:
    lines = [
        f"Reports per second, each durable before its 204 (medians of {figures['rounds']})",
        f"{'clients':>7}{'empty':>9}{'service':>9}{'ratio':>7}{'failed':>8}{'p95 ms':>8}"
        f"{'one by one':>12}{'ratio':>7}{'failed':>8}",
    ]
    for level in figures["levels"]:
        empty, service, single = level["empty"], level["service"], level["single"]
        lines.append(
            f"{level['clients']:>7}{empty['per_second']:>9.0f}{service['per_second']:>9.0f}"
            f"{level['to_empty']:>7.3f}{service['failed']:>8}{service['p95_ms']:>8.1f}"
            f"{single['per_second']:>12.0f}{level['to_single']:>7.2f}{single['failed']:>8}"
        )
    for kind, words in ON_POSTGRESQL.items():
        if kind in figures["levels"][0]:
            lines.append(f"{'clients':>7}{words:>24}{'of empty':>10}{'failed':>8}{'p95 ms':>8}{'our us':>8}")
            for level in figures["levels"]:
                there = level[kind]
                lines.append(
                    f"{level['clients']:>7}{there['per_second']:>24.0f}{level[f'{kind}_to_empty']:>10.3f}"
                    f"{there['failed']:>8}{there['p95_ms']:>8.1f}{there['server_processor_us']:>8.0f}"
                )
    lines.append("empty: a handler that only reads the body; one by one: a transaction per report.")
    return lines


def _sync(figures: list[dict[str, Any]]) -> list[str]:
    lines = [f"{'Sync of an inbox (`drempel inbox list`)':<46}{'first s':>10}{'next s':>10}"]
    for item in figures:
        what = f"{item['mine']} for the reader, {item['others']} for another channel"
        lines.append(f"{what:<46}{item['first_s']:>10.2f}{item['next_s']:>10.2f}")
    return lines


def _answers(figures: dict[str, Any]) -> list[str]:
    lines = [
        f"{'Answers, ' + str(figures['cycles']) + ' of each':<32}{'median ms':>11}{'p95 ms':>9}{'ratio':>8}"
    ]
    for kind, item in figures["kinds"].items():
        lines.append(f"{kind:<32}{item['median_ms']:>11.3f}{item['p95_ms']:>9.3f}{item['ratio']:>8.3f}")
    lines.append("ratio: of the median, to that of the unknown mailbox.")
    return lines


def _resting(figures: dict[str, Any]) -> list[str]:
    after = f"after {figures['requests']} reports"
    return [
        f"{'Start-up to listening':<32}{figures['start_s']:>9.2f} s",
        f"{'Memory after the start':<32}{figures['memory_bytes'] / MIB:>9.1f} MiB",
        f"{'Memory ' + after:<32}{figures['memory_after_load_bytes'] / MIB:>9.1f} MiB",
    ]


def _files(figures: dict[str, Any]) -> list[str]:
    size = figures["bytes"] / MIB
    lines = [
        f"{f'A file of {size:.0f} MiB, MB/s':<32}{'bare':>9}{'command':>9}{'ratio':>8}{'memory MiB':>13}"
    ]
    for way, what in (("up", "up: drempel report --attach"), ("down", "down: drempel inbox export")):
        item = figures[way]
        speeds = "".join(f"{figures['bytes'] / 1e6 / item[f'{who}_s']:>9.0f}" for who in ("bare", "command"))
        lines.append(f"{what:<32}{speeds}{item['to_bare']:>8.2f}{item['memory_bytes'] / MIB:>13.1f}")
    memory = figures["server_memory"]
    return [
        *lines,
        f"Whole processes, medians of {figures['rounds']}; the server's memory: "
        f"{memory['resting'] / MIB:.0f} MiB, at most {memory['peak'] / MIB:.0f}.",
    ]


def _backups(figures: dict[str, Any]) -> list[str]:
    size, copy = figures["bytes"], figures["copy_s"]
    files, memory, writing = figures["file_bytes"] / MIB, figures["server_memory"], figures["writing"]
    what = f"Backup of {figures['reports']} reports, {files:.0f} MiB of files"
    lines = [f"{what:<46}{'MB/s':>9}{'ratio':>8}"]
    for name, shown in (
        ("copy", "a plain copy"),
        ("backup", "drempel backup"),
        ("restore", "drempel restore"),
        ("to_postgresql", "drempel migrate-store, to PostgreSQL"),
        ("to_sqlite", "drempel migrate-store, to SQLite"),
        ("erasing", "erasing all of it"),
    ):
        seconds = figures.get(f"{name}_s")
        if seconds is not None:
            lines.append(f"{shown:<46}{size / 1e6 / seconds:>9.0f}{copy / seconds:>8.2f}")
    return [
        *lines,
        f"Reports of {writing['clients']} clients, p95 ms: alone {writing['alone_p95_ms']:.1f}, beside a backup "
        f"{writing['beside_p95_ms']:.1f}.",
        f"The server's memory: {memory['resting'] / MIB:.0f} MiB, at most {memory['peak'] / MIB:.0f}.",
    ]


LINES: Mapping[str, Callable[[Any], list[str]]] = {
    "throughput": _throughput,
    "sync": _sync,
    "answers": _answers,
    "resting": _resting,
    "files": _files,
    "backups": _backups,
    "pages": page_table.lines,
}
GOALS: Mapping[str, Callable[[Any], list[Goal]]] = {
    "throughput": _throughput_goals,
    "sync": _sync_goals,
    "files": _file_goals,
    "pages": page_table.goals,
}
