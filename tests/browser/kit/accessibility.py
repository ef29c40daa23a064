"""Checks the accessibility of a page with axe."""

import json

from tests.browser.kit.driver import Page
from tests.project import ROOT

SOURCE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# The law's level (EN 301 549 is WCAG 2.1 AA), what came after it, and what axe's makers found good besides.
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


def violations(page: Page, *without: str) -> list[str]:
    """Each violation in a line: rule, how bad, where, what to do. `without` names rules to leave out."""
    rules = {rule: {"enabled": False} for rule in without}
    return _run(page, {"runOnly": {"type": "tag", "values": TAGS}, "rules": rules}, passes=6)


def faint(page: Page) -> list[str]:
    """Each fault of contrast in a line: only these can differ in another colour scheme."""
    return _run(page, {"runOnly": {"type": "rule", "values": ["color-contrast"]}}, passes=1)


def _run(page: Page, options: dict[str, object], passes: int) -> list[str]:
    options = {**options, "resultTypes": ["violations"]}
    results = page.run_axe(SOURCE.read_text("utf-8"), json.dumps(options))
    assert len(results["passes"]) >= passes, "axe has looked at nothing"
    return [
        f"{it['id']} ({it['impact']}) at {' '.join(node['target'])}: {node['failureSummary']}"
        for it in results["violations"]
        for node in it["nodes"]
    ]
