"""GLOSSARY.md names what there is: its names stand in the code, its Dutch words on the screens."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from tests.project import ROOT

GLOSSARY = ROOT / "crypto" / "GLOSSARY.md"
LANGUAGES = {
    "Python": ("crypto/**/*.py", "intake/**/*.py"),
    "JavaScript": ("static/js/**/*.js", "static/js/**/*.ts"),
}
ONE_SIDED = {"operator": "Python", "preview": "JavaScript", "root_seed": "Python"}
"""What only one side has to do with: no page runs a server or signs a directory, no command draws a file."""


class Term(NamedTuple):
    """A row of the glossary."""

    name: str
    dutch: str
    meaning: str
    code: str


def terms(text: str) -> Iterator[Term]:
    """The rows of all tables with four columns."""
    for row in re.findall(r"^\| (.+) \|$", text, re.MULTILINE):
        cells = row.split(" | ")
        if len(cells) == len(Term._fields) and cells[0] != "term":
            yield Term(*cells)


@cache
def code(language: str) -> str:
    found = (path for pattern in LANGUAGES[language] for path in ROOT.glob(pattern))
    return "\n".join(path.read_text("utf-8") for path in sorted(found)).replace("'", '"')


@cache
def screens() -> str:
    found = sorted((ROOT / "static" / "locales").glob("*.nl.json"))
    return "\n".join(text for path in found for text in json.loads(path.read_bytes()).values()).lower()


def missing(text: str) -> list[str]:
    """Every name that a language does not have, and every Dutch word that no screen says."""
    found = []
    for term in terms(text):
        for name in re.findall(r"`([^`]+)`", term.code):
            languages = [ONE_SIDED[name]] if name in ONE_SIDED else LANGUAGES
            found += [f"{term.name}: {name}, {each}" for each in languages if not has(each, name)]
        if term.dutch != "-" and term.dutch not in screens():
            found.append(f"{term.name}: {term.dutch}")
    return found


def has(language: str, name: str) -> bool:
    """Whether the code of a language has a name, in the form that is usual there."""
    if language == "JavaScript":
        name = re.sub(r"_(\w)", lambda letter: letter[1].upper(), name)
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", code(language)) is not None


def test_every_name_and_every_word_of_the_glossary_is_used() -> None:
    text = GLOSSARY.read_text("utf-8")
    assert len(list(terms(text))) > 40
    assert missing(text) == []


def test_a_word_that_nobody_uses_is_found() -> None:
    rows = "| receipt | bonnetje | a code | `of_nobody` |\n| code | code | a code | `parse_code` |"
    lacking = ["receipt: of_nobody, Python", "receipt: of_nobody, JavaScript", "receipt: bonnetje"]
    assert missing(rows) == lacking
