"""Documents can be read in an editor and in a diff: lines of at most 100 characters, and no table with long cells."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.project import ROOT, documents

LONGEST_LINE = 100
LONGEST_CELL = 200
MADE = {ROOT / "static" / "vendor" / "README.md"}
"""Written by a program from the licences of others, whose lines are theirs."""


def faults(text: str) -> Iterator[str]:
    """Each line that is too long, and each table cell. A row of a table may be as long as its cells make it."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("|"):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)]
            yield from (f"{number}: cell of {len(cell)}" for cell in cells if len(cell) > LONGEST_CELL)
        elif len(line) > LONGEST_LINE:
            yield f"{number}: line of {len(line)}"


def test_lines_and_cells_are_short() -> None:
    found = [path for path in documents() if path not in MADE]
    assert len(found) >= 8
    texts = {path: path.read_text("utf-8") for path in found}
    assert [f"{named(path)}:{fault}" for path, text in texts.items() for fault in faults(text)] == []


def test_what_is_too_long_is_found() -> None:
    text = "\n".join(["x" * 100, "x" * 101, "```", "x" * 101, "```", f"| {'x' * 200} | {'x' * 201} |"])
    assert list(faults(text)) == ["2: line of 101", "4: line of 101", "6: cell of 201"]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
