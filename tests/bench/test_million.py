"""The measurement of a large store runs on a small one, and what it measured was answered."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import ROOT

pytestmark = pytest.mark.test_all  # it starts services and waits until they rest


def test_a_small_run_measures_all_that_is_promised(tmp_path: Path) -> None:
    output = tmp_path / "million.json"
    command = [sys.executable, "-m", "tests.bench.million", "--reports", "800", "--output", str(output)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=850, check=True)
    figures = json.loads(output.read_text())
    assert len(figures["goals"]) == 6
    assert figures["erasing"]["reports"] == 2  # what expires on the next day: a year has 365
    assert figures["rates"]["failed"] == 0
    for goal in figures["goals"]:
        assert goal["what"] in done.stdout
