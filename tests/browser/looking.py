"""What is wrong with a screen as it is laid out: `looking.js`, run in the page."""

from tests.browser.driver import Page
from tests.project import ROOT

SOURCE = (ROOT / "tests" / "browser" / "looking.js").read_text("utf-8").replace("export function", "function")


def looked(page: Page, call: str) -> list[str]:
    """What one of its functions finds."""
    found: list[str] = page.evaluate(f"(() => {{ {SOURCE}\nreturn {call}; }})()")
    return found
