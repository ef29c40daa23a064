"""What a document says whose script does not run."""

from tests.browser.kit.driver import Page

# Whatever a person could press or fill in.
DEAD = "[...document.querySelectorAll('button, input')].filter((e) => e.getClientRects().length > 0).map((e) => e.id)"


def says_what_to_do_without(page: Page) -> None:
    """Assert that the document itself says what to do, and that no control is there that would be dead."""
    page.wait_for("#unscripted [lang=en]")
    assert page.text("#unscripted").count("JavaScript") >= 2
    assert page.evaluate(DEAD) == []
    assert page.count("noscript") == 0, "extensions replace it"
