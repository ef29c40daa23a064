"""The search for traces of a script finds each of them where a page does take text for markup."""

from collections.abc import Iterator

import pytest

from tests.browser.kit.attacks import PLANTED, Ask, nothing_ran, payload
from tests.browser.kit.catalogue import words
from tests.browser.kit.driver import Page
from tests.browser.kit.http_relay import Reply, altered, relaying
from tests.browser.kit.sample_site import site
from tests.browser.kit.wire import Request

pytestmark = pytest.mark.test_all  # a tool of the tests, and not the product

HEAD = "<!doctype html><html lang=en><title>A page</title>"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Pages with one fault each, and one without."""
    with site(
        {
            "/": f"{HEAD}<p>Quiet",
            "/all": f"{HEAD}{payload('all')}",
            "/script": f"{HEAD}<script>window.__ran = 1; document.currentScript.remove()</script>",
            "/element": f"{HEAD}<b data-planted>x</b>",
            "/link": f"{HEAD}<a href='JavaScript:1'>x</a>",
            "/request": f"{HEAD}<script src='/static/{PLANTED}.js'></script>",
        }
    ) as url:
        yield url


def lax(request: Request, ask: Ask) -> Reply:
    """No policy helps: each trace has to be seen by itself."""
    return altered(ask(), content_security_policy="default-src 'self' 'unsafe-inline'")


def test_a_quiet_page_has_none(same_page: Page, address: str) -> None:
    with relaying(address, lax) as middle:
        same_page.go(middle.address(address))
        nothing_ran(same_page, middle)


@pytest.mark.parametrize("path", ["all", "script", "element", "link", "request"])
def test_each_trace_is_found(same_page: Page, address: str, path: str) -> None:
    with relaying(address, lax) as middle:
        same_page.go(f"{middle.address(address)}{path}")
        with pytest.raises(AssertionError):
            nothing_ran(same_page, middle)


def test_words_are_those_of_the_catalogue() -> None:
    assert "{n}" not in words("reporter", "step", n=2)
    assert words("reporter", "title", "en") != words("reporter", "title")
    assert words("inbox", "title") != words("reporter", "title")
