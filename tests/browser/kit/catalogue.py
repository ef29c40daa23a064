"""The sentences of the pages, from the catalogues that the pages themselves speak from."""

import json
from datetime import UTC, datetime
from functools import cache

from tests.project import ROOT

# A return visit's words come with its modules, and those of received files with the first of them.
CATALOGUES = {"reporter": ("reporter", "attaching", "returning", "files"), "inbox": ("inbox", "files")}


MONTHS = {
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "en": "January February March April May June July August September October November December",
}


@cache
def _texts(page: str, language: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name in CATALOGUES[page]:
        texts |= json.loads((ROOT / f"static/locales/{name}.{language}.json").read_bytes())
    return texts


def words(page: str, key: str, language: str = "nl", **values: object) -> str:
    """The text of "reporter" or "inbox" under a key, with {braces} filled; the day is this machine's."""
    text = _texts(page, language)[key]
    for name, value in {"today": _today(language), **values}.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


def _today(language: str) -> str:
    now = datetime.now(UTC)
    return f"{now.day} {MONTHS[language].split()[now.month - 1]} {now.year}"
