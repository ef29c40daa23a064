"""Where the tests find the project they are about."""

import os
import re
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def protocol_table(title: str) -> list[list[str]]:
    """The rows of the first table after a piece of text of PROTOCOL.md, without its head."""
    text = (ROOT / "crypto" / "PROTOCOL.md").read_text("utf-8")
    after = text[text.index(title) :]
    rows = re.search(r"(?:^\|.*\n)+", after, re.MULTILINE)
    assert rows
    return [[cell.strip() for cell in row.strip("|\n").split(" | ")] for row in rows[0].splitlines()[2:]]


FOREIGN = {".venv", "node_modules", "build", "dist", "test-output"}


def files(*patterns: str) -> list[Path]:
    """The project's own files with names like `*.py`, not those that were installed, built or cached beside them."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name == ".ci" or (name not in FOREIGN and name[0] != ".")]
        found += [Path(folder, name) for name in names if any(fnmatch(name, pattern) for pattern in patterns)]
    return sorted(found)


def documents() -> list[Path]:
    """The documents that people read."""
    return files("*.md")
