"""Chooses which tests run in `make test` (the gate) and which only in `make test-all` (the rest).

The rest is what is marked `test_all`, and half of the matrix of browsers and cases: a test function that several cases
run through is one class of fault. Its first case runs in both browsers, so each class meets both; every further case
runs in one of them, and they take turns. A file marked `one_class` is one class: its tests are cases of one another.
"""

from collections.abc import Iterable, Sequence

import pytest

BROWSERS = ("chromium", "firefox")
CHOICES = ("gate", "rest", "all")

Case = frozenset[tuple[str, int]]


def chosen(items: Sequence[pytest.Item], extent: str) -> list[pytest.Item]:
    """Return the items of an extent, in their order. "gate" and "rest" share none and together are "all"."""
    if extent == "all":
        return list(items)
    later = _other_browsers(items) | {item.nodeid for item in items if item.get_closest_marker("test_all")}
    return [item for item in items if (item.nodeid in later) == (extent == "rest")]


def _other_browsers(items: Iterable[pytest.Item]) -> set[str]:
    """Return the node ids of cases that run in the other browser in the gate."""
    classes: dict[str, dict[tuple[str, Case], dict[str, str]]] = {}
    for item in items:
        browser, case = _place(item)
        if browser:
            function = item.nodeid.partition("[")[0]
            name = item.path.as_posix() if item.get_closest_marker("one_class") else function
            cases = classes.setdefault(name, {})
            cases.setdefault((function, case), {})[browser] = item.nodeid
    return {
        by_browser[BROWSERS[number % 2]]
        for cases in classes.values()
        for number, by_browser in enumerate(cases.values())
        if number > 0 and len(by_browser) == len(BROWSERS)
    }


def _place(item: pytest.Item) -> tuple[str, Case]:
    """Return the browser that a test is parametrised by, if any, and its case: all else that it is parametrised by."""
    parameters: dict[str, object] = item.callspec.params if hasattr(item, "callspec") else {}
    browsers = [value for value in parameters.values() if value in BROWSERS]
    if len(browsers) != 1:
        return "", frozenset()
    # By identity: a value need not be hashable, and is the same object in both browsers.
    case = {(name, id(value)) for name, value in parameters.items() if value not in BROWSERS}
    return str(browsers[0]), frozenset(case)
