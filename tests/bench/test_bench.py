"""The benchmark runs, and what it measured was answered. Its timings are nobody's to assert: they are the machine's."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.bench.table import Goal
from tests.project import ROOT


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """What a short run printed, and what it wrote."""
    output = tmp_path_factory.mktemp("bench") / "bench.json"
    command = [sys.executable, "-m", "tests.bench", "--short", "--output", str(output)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=True)
    return done.stdout, json.loads(output.read_text())


def test_every_request_is_answered_and_every_report_stored(run: tuple[str, dict[str, Any]]) -> None:
    _, figures = run
    levels = figures["throughput"]["levels"]
    assert [level["clients"] for level in levels] == [1, 8, 32, 128]
    assert [level[kind]["failed"] for level in levels for kind in ("empty", "service", "single")] == [0] * 12
    assert figures["throughput"]["missing"] == 0
    assert figures["resting"]["failed"] == 0


def test_all_that_is_promised_is_measured(run: tuple[str, dict[str, Any]]) -> None:
    _, figures = run
    assert all(level["to_empty"] > 0 and level["to_single"] > 0 for level in figures["throughput"]["levels"])
    assert all(item["first_s"] > 0 and item["next_s"] > 0 for item in figures["sync"])
    kinds = figures["answers"]["kinds"]
    assert {kind.split(", ")[0] for kind in kinds} == {"read", "write", "delete"}
    assert all(item["p95_ms"] >= item["median_ms"] > 0 for item in kinds.values())
    assert figures["resting"]["start_s"] > 0
    assert figures["resting"]["memory_bytes"] > 1 << 20
    assert len(figures["goals"]) == 5


def test_the_table_fits_a_terminal_and_shows_every_goal(run: tuple[str, dict[str, Any]]) -> None:
    table, figures = run
    assert max(map(len, table.splitlines())) <= 80
    assert all(goal["what"] in table for goal in figures["goals"])


def test_a_goal_says_whether_it_is_met() -> None:
    assert Goal("a ratio", 0.25, 0.25, at_least=True).met
    assert not Goal("a ratio", 0.24, 0.25, at_least=True).met
    assert not Goal("seconds", 3.1, 3).met
    assert Goal("seconds", 3.1, 3).line().endswith("NOT MET")
