"""What each part of a run took, as a table in Markdown."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree

SLOWEST = 12


@dataclass(frozen=True)
class Row:
    """A line of a table. `seconds` are those of its tests one after the other, with what is set up for them."""

    name: str
    tests: int
    seconds: float


def python_rows(reports: Iterable[Path], depth: int) -> list[Row]:
    """Rows from pytest's reports, slowest first: a row for each folder below tests (depth 2) or each file (3).

    One that is not there is that of a pytest that did not come to its end.
    """
    tests: dict[str, int] = defaultdict(int)
    seconds: dict[str, float] = defaultdict(float)
    cases = (ElementTree.parse(it).iter("testcase") for it in reports if it.exists())  # noqa: S314  # our own file
    for case in chain.from_iterable(cases):
        name = "/".join(case.get("classname", "").split(".")[:depth])
        tests[name] += 1
        seconds[name] += float(case.get("time", 0))
    return sorted((Row(name, tests[name], seconds[name]) for name in tests), key=lambda row: -row.seconds)


def node_tests(log: Path) -> int:
    """The number of tests that node says it ran; 0 if what is there is no account of node."""
    found = re.search(r"^ℹ tests (\d+)$", log.read_text("utf-8"), re.MULTILINE)
    return int(found[1]) if found else 0


def table(head: str, rows: Iterable[Row]) -> list[str]:
    """The lines of a table."""
    return [
        f"| {head:44} | tests | seconds |",
        f"|{'-' * 46}|------:|--------:|",
        *(f"| {row.name:44} | {row.tests or '':5} | {row.seconds:7.0f} |" for row in rows),
    ]
