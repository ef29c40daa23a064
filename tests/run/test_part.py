"""A part ends, whatever it does, and says what it took; nothing of it stays."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import ROOT
from tests.run import part
from tests.run.part import Part
from tests.run.table import node_tests, python_rows, table

pytestmark = pytest.mark.test_all  # a tool of the tests, and not the product

# Starts a process that leaves the session of its part, as a browser does, and says which.
LEAVES = """
import subprocess, sys
print(subprocess.Popen(["sleep", "600"], start_new_session=True, stdout=-3).pid, flush=True)
"""
# Runs that as a part, and ends what it left.
RUNS = """
import sys
from pathlib import Path
from tests.run.part import Part, adopt_orphans, end_orphans
adopt_orphans()
made = Part("leaving", [sys.executable, "-c", sys.argv[1]], Path(sys.argv[2]))
made.start()
made.wait()
print(end_orphans())
"""
# Runs a part that is interrupted in the middle, as by Ctrl-C.
INTERRUPTED = """
import os, signal, sys, threading
from pathlib import Path
from tests.run.part import Part
made = Part("waiting", ["sleep", "600"], Path(sys.argv[1]))
made.start()
threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    made.wait()
finally:
    made.kill()
"""
JUNIT = """<testsuites><testsuite>
<testcase classname="tests.cli.test_one" name="a" time="1.5"/>
<testcase classname="tests.cli.test_two" name="b" time="2"/>
<testcase classname="tests.test_locks" name="c" time="9"/></testsuite></testsuites>"""


def test_its_output_its_status_and_what_it_took_are_kept(tmp_path: Path) -> None:
    made = Part("sh", ["sh", "-c", "echo out; echo err >&2; cat; sleep 0.2; exit 3"], tmp_path)
    made.start()
    made.wait()
    assert (tmp_path / "sh.log").read_text() == "out\nerr\n"
    assert made.status == 3
    assert made.seconds > 0
    assert made.processor > 0


def test_it_ends_when_its_time_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part, "LIMIT", 0.2)
    made = Part("sh", ["sh", "-c", "trap '' TERM INT HUP; sleep 600 & wait"], tmp_path)
    made.start()
    made.wait()
    assert made.status == -signal.SIGKILL


def test_nothing_of_it_stays(tmp_path: Path) -> None:
    run = [sys.executable, "-c", RUNS, LEAVES, str(tmp_path)]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "['sleep 600']"
    left = int((tmp_path / "leaving.log").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(left, 0)


def test_an_interrupt_is_its_end_and_that_of_whoever_waits_for_it(tmp_path: Path) -> None:
    run = [sys.executable, "-c", INTERRUPTED, str(tmp_path)]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr.endswith("KeyboardInterrupt\n")


def test_a_closed_terminal_does_not_reach_it(tmp_path: Path) -> None:
    made = Part("sh", ["sh", "-c", "ps -o sid= -p $$"], tmp_path)
    made.start()
    made.wait()
    assert int((tmp_path / "sh.log").read_text()) != os.getsid(0)


def test_a_test_that_hangs_is_ended_and_the_others_run(tmp_path: Path) -> None:
    tests = "import time\n\n\ndef test_hangs():\n    time.sleep(600)\n\n\ndef test_passes(): ...\n"
    (tmp_path / "test_hanging.py").write_text(tests, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", "utf-8")
    ends = ["-o", "faulthandler_timeout=1", "-o", "faulthandler_exit_on_timeout=true", "-n", "1"]
    command = [sys.executable, "-m", "pytest", *ends, str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert "1 failed, 1 passed" in done.stdout
    assert "in test_hangs" in done.stderr + done.stdout


def test_a_table_has_a_row_for_each_folder_and_file(tmp_path: Path) -> None:
    (tmp_path / "xml").write_text(JUNIT, "utf-8")
    lines = table("Python", python_rows([tmp_path / "xml"], 2))
    assert [line.split() for line in lines[2:]] == [
        ["|", "tests/test_locks", "|", "1", "|", "9", "|"],
        ["|", "tests/cli", "|", "2", "|", "4", "|"],
    ]
    assert [row.name for row in python_rows([tmp_path / "xml"], 3)][1:] == [
        "tests/cli/test_two",
        "tests/cli/test_one",
    ]
    assert python_rows([tmp_path / "nothing"], 2) == []


def test_the_tests_of_node_are_counted(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("✔ one (1ms)\nℹ tests 318\nℹ pass 318\n", "utf-8")
    assert node_tests(tmp_path / "log") == 318
    (tmp_path / "log").write_text("", "utf-8")
    assert node_tests(tmp_path / "log") == 0
