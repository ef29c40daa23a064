"""The benchmark runs, and what it measured was answered. Its timings are nobody's to assert: they are the machine's."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.bench.reports import BODY_LENGTH
from tests.bench.throughput import DATABASES, KINDS
from tests.kit import postgres
from tests.project import ROOT

pytestmark = pytest.mark.test_all  # a short run takes minutes


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """What a short run printed, and what it wrote."""
    output = tmp_path_factory.mktemp("bench") / "bench.json"
    command = [sys.executable, "-m", "tests.bench", "--short", "--output", str(output)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=850, check=True)
    return done.stdout, json.loads(output.read_text())


def test_every_request_is_answered_and_every_report_stored(run: tuple[str, dict[str, Any]]) -> None:
    _, figures = run
    levels = figures["throughput"]["levels"]
    assert [level["clients"] for level in levels] == [1, 8, 32, 128]
    assert [level[kind]["failed"] for level in levels for kind in KINDS] == [0] * 4 * len(KINDS)
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
    assert len(figures["goals"]) == 28 + len(DATABASES)


def test_a_file_goes_up_and_down(run: tuple[str, dict[str, Any]]) -> None:
    files = run[1]["files"]
    for way in ("up", "down"):
        assert files[way]["to_bare"] > 0
        assert files[way]["memory_bytes"] > 1 << 20
    assert files["server_memory"]["peak"] >= files["server_memory"]["resting"] > 1 << 20


def test_a_backup_is_made_and_restored(run: tuple[str, dict[str, Any]]) -> None:
    backups = run[1]["backups"]
    assert backups["bytes"] > 2 << 20
    migrations = () if postgres.is_left_out() else ("to_postgresql", "to_sqlite")
    assert min(backups[f"{what}_s"] for what in ("copy", "backup", "restore", "erasing", *migrations)) > 0
    assert backups["writing"]["failed"] == 0
    assert backups["server_memory"]["peak"] >= backups["server_memory"]["resting"] > 1 << 20


def test_the_weight_of_each_visit_is_known_to_the_byte(run: tuple[str, dict[str, Any]]) -> None:
    _, figures = run
    visits = figures["pages"]["visits"]
    assert set(visits) == {"chromium", "firefox"}
    for visit in visits.values():
        report, back, inbox = (visit["weight"][kind] for kind in ("report", "return", "inbox"))
        assert report["sent_bytes"] == BODY_LENGTH
        assert back["sent_bytes"] == 0
        assert min(it["header_bytes"] / it["requests"] for it in (report, back, inbox)) > 500
        assert len(report["heaviest"]) == min(report["requests"], 10)
        assert report["heaviest"][0]["request"] == "GET /static/pages/reporter-worker.js"
        assert back["heaviest"][0] == {
            "request": "GET /demo/api/1/mailboxes/...",
            "bytes": 65536,
            "uncompressed_bytes": 65536,
        }
    weights = [visit["weight"] for visit in visits.values()]
    # What differs between two browsers is how they name themselves.
    assert weights[0]["report"]["requests"] == weights[1]["report"]["requests"]
    assert weights[0]["report"]["bytes"] == weights[1]["report"]["bytes"]


def test_the_first_screen_is_the_document_and_its_style(run: tuple[str, dict[str, Any]]) -> None:
    first = run[1]["pages"]["first_screen"]
    assert first["requests"] == 2
    assert first["shown"] == first["texts"] > 5


def test_a_report_is_timed_in_its_parts(run: tuple[str, dict[str, Any]]) -> None:
    sending = run[1]["pages"]["sending"]
    assert set(sending) == {"chromium", "firefox", "firefox at Safer"}
    for item in sending.values():
        assert 0 < item["drawn_ms"] <= item["usable_ms"]
        assert item["derive_ms"] > 0
        assert item["bare_ms"] > 0
        assert item["to_bare"] > 0


def test_a_page_sends_and_saves_a_small_file_and_a_large_one(run: tuple[str, dict[str, Any]]) -> None:
    files = run[1]["pages"]["files"]
    assert set(files["sent"]) == {"chromium", "firefox"}
    assert set(files["saved"]) == {"chromium"}
    for item in (*files["sent"].values(), *files["saved"].values()):
        assert [file["bytes"] for file in item] == [1 << 20, 1 << 21]
        assert all(file["seconds"] > 0 and file["more_bytes"] >= 0 for file in item)


def test_an_inbox_is_timed_first_and_again(run: tuple[str, dict[str, Any]]) -> None:
    inboxes = run[1]["pages"]["inboxes"]
    assert set(inboxes) == {"chromium", "firefox"}
    for item in inboxes.values():
        assert [(it["mine"], it["others"]) for it in item] == [(6, 0), (3, 3)]
        for sync in item:
            for when in (sync["first"], sync["next"]):
                assert when["ms"] > when["sync_ms"] > 0
                assert when["ms"] > when["signIn_ms"] > 0


def test_memory_is_that_of_the_whole_browser(run: tuple[str, dict[str, Any]]) -> None:
    pages = run[1]["pages"]
    taken = [it["memory"] for it in pages["visits"].values()]
    taken += [it["memory"] for item in pages["inboxes"].values() for it in item]
    assert len(taken) == 6
    assert all(it["used_bytes"] > it["blank_bytes"] > 1 << 26 for it in taken)


def test_the_table_fits_a_terminal_and_shows_every_goal(run: tuple[str, dict[str, Any]]) -> None:
    table, figures = run
    assert max(map(len, table.splitlines())) <= 80
    assert all(goal["what"] in table for goal in figures["goals"])


def test_one_part_is_measured_alone(tmp_path: Path) -> None:
    """Its figures are shown or written where one asks for them, and the record of all parts stays as it is."""
    record = ROOT / "bench.json"
    before = record.stat().st_mtime_ns if record.exists() else None
    command = [sys.executable, "-m", "tests.bench", "--short", "--only", "answers"]
    table = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True).stdout
    assert "Answers" in table
    assert "Goals" not in table
    assert (record.stat().st_mtime_ns if record.exists() else None) == before
    output = tmp_path / "answers.json"
    subprocess.run([*command, "--output", output], cwd=ROOT, capture_output=True, timeout=300, check=True)
    assert set(json.loads(output.read_text())) == {"machine", "answers", "short", "goals"}
