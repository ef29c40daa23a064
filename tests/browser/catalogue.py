"""The sentences of the pages, from the catalogues that the pages themselves speak from."""

import json
from functools import cache

from tests.project import ROOT

# A return visit's words come with its modules, and those of received files with the first of them.
CATALOGUES = {"reporter": ("reporter", "returning", "files"), "inbox": ("inbox", "files")}


@cache
def _texts(page: str, language: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name in CATALOGUES[page]:
        texts |= json.loads((ROOT / f"static/locales/{name}.{language}.json").read_bytes())
    return texts


def words(page: str, key: str, language: str = "nl", **values: object) -> str:
    """What "reporter" or "inbox" says under a key, with {braces} filled."""
    text = _texts(page, language)[key]
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text
