"""Where the tests find the project they are about."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def protocol_table(title: str) -> list[list[str]]:
    """The rows of the first table after a piece of text of PROTOCOL.md, without its head."""
    text = (ROOT / "crypto" / "PROTOCOL.md").read_text("utf-8")
    after = text[text.index(title) :]
    rows = re.search(r"(?:^\|.*\n)+", after, re.MULTILINE)
    assert rows
    return [[cell.strip() for cell in row.strip("|\n").split(" | ")] for row in rows[0].splitlines()[2:]]
