"""`make test`: checks, JavaScript, Python and browsers beside each other, and a table of what each took."""

import argparse
import shutil
import sys
import time
from collections.abc import Sequence

from tests.kit import postgres
from tests.project import ROOT
from tests.run.part import Part, end_orphans, stand_apart
from tests.run.table import SLOWEST, Row, node_tests, python_rows, table

OUTPUT = ROOT / "test-output"
PYTEST = (sys.executable, "-u", "-m", "pytest")
# A test waits half of its time, for timers, disks and answers: four workers keep two processors busy.
WORKERS = 2  # of each part in Python


def main() -> int:
    """Run the parts of an extent; 0 if all of them pass."""
    parser = argparse.ArgumentParser(prog="python -m tests.run", description=__doc__)
    parser.add_argument(
        "extent", choices=("gate", "rest"), help="`make test`, or the rest of `make test-all`"
    )
    extent = parser.parse_args().extent
    stand_apart()
    shutil.rmtree(OUTPUT / "browser", ignore_errors=True)
    OUTPUT.mkdir(exist_ok=True)
    began = time.monotonic()
    stages = _stages(extent)
    parts = [part for stage in stages for part in stage]
    try:
        for stage in stages:
            for part in stage:
                part.start()
            for part in stage:
                part.wait()
    finally:
        for part in parts:
            part.kill()
        left = end_orphans()
    _tell(extent, parts, time.monotonic() - began)
    for command in left:
        print(f"left behind, and ended: {command}")
    if postgres.is_left_out():
        print(postgres.WAS_LEFT_OUT)
    return int(any(part.status for part in parts))


def _stages(extent: str) -> list[list[Part]]:
    """Return the parts by stage: those of one stage run beside each other, and the next stage after them."""
    browsers = _pytest(extent, "browsers", WORKERS, "tests/browser")
    python = _pytest(extent, "python", WORKERS, "--ignore=tests/browser")
    if extent == "rest":
        return [
            [browsers, python],
            [_pytest("all", "gallery", 1, "tests/browser/test_screens.py", "--gallery")],
        ]
    files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("*.test.js"))
    # What a test leaves waiting, such as a retry, would keep node from ending.
    node = ["node", "--test", "--test-force-exit", "--test-reporter=spec", "--test-timeout=300000", *files]
    check = ["make", "--no-print-directory", "check"]
    return [[browsers, python, Part("javascript", node, OUTPUT), Part("check", check, OUTPUT)]]


def _pytest(extent: str, name: str, workers: int, *arguments: str) -> Part:
    junit = OUTPUT / f"{name}.xml"
    command = [*PYTEST, "--extent", extent, "--durations=40", f"--junitxml={junit}", *arguments]
    # Each file goes to one worker, those with most tests first.
    command += ["-n", str(workers), "--dist", "loadscope"] if workers > 1 else []
    return Part(name, command, OUTPUT, junit)


def _tell(extent: str, parts: Sequence[Part], seconds: float) -> None:
    """Print what failed, and the tables; keep the tables."""
    for part in parts:
        if part.status:
            print(f"\n{part.name} failed with status {part.status}:\n{part.log.read_text('utf-8')}")
    reports = [part.junit for part in parts if part.junit]
    lines = [f"## {extent}", "", *table("part", map(_row, parts)), ""]
    lines += [f"All of it: {seconds:.0f} s.", ""]
    used = ", ".join(f"{part.name} {part.processor:.0f}" for part in parts)
    lines += [f"Processor: {sum(part.processor for part in parts):.0f} s ({used}).", ""]
    lines += [*table("Python", python_rows(reports, 2)), ""]
    lines += table("slowest files", python_rows(reports, 3)[:SLOWEST])
    (OUTPUT / f"{extent}-times.md").write_text("\n".join([*lines, ""]), "utf-8")
    print("", *lines, sep="\n")
    print("\n" + ", ".join(f"{part.name}: {'failed' if part.status else 'passed'}" for part in parts))


def _row(part: Part) -> Row:
    counted = sum(row.tests for row in python_rows([part.junit], 1)) if part.junit else node_tests(part.log)
    return Row(part.name, counted, part.seconds)


if __name__ == "__main__":
    sys.exit(main())
