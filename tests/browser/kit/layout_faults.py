"""Finds faults in a screen's layout with `layout_faults.js`, run in the page."""

from tests.browser.kit.driver import Page
from tests.project import ROOT

SOURCE = (
    (ROOT / "tests/browser/kit/layout_faults.js").read_text("utf-8").replace("export function", "function")
)


def looked(page: Page, call: str) -> list[str]:
    """The result of one of its functions."""
    found: list[str] = page.evaluate(f"(() => {{ {SOURCE}\nreturn {call}; }})()")
    return found
