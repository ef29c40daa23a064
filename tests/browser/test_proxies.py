"""The pages behind a proxy that was not made for them: below a path, and with a limit on what is sent."""

from pathlib import Path

import pytest

from tests.browser.conftest import BrowserLauncher
from tests.browser.kit.catalogue import words
from tests.browser.kit.inbox import Inbox
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.whole_path import Walk
from tests.deploy.nginx import AS_IT_COMES, below, nginx
from tests.kit.serving import Demo

# What the page and its Worker make of it: the engine has no part in it.
pytestmark = pytest.mark.one_class

CHANNEL = "confidential-adviser"
LONG = "x" * 1_044_480


def test_below_a_path_everything_works(
    launch: BrowserLauncher, browser: str, demo: Demo, tmp_path: Path
) -> None:
    with nginx(tmp_path / "nginx", demo.url, below("/meldpunt/")) as root:
        url = f"{root}/meldpunt/demo/#{demo.codes['fingerprint']}"
        page = launch(browser)
        Walk(demo, Reporter(page, url), Inbox(page, url)).whole()
        assert page.errors() == []


def test_files_pass_a_limit_and_of_a_long_text_the_proxy_is_named(
    launch: BrowserLauncher, browser: str, demo: Demo, tmp_path: Path
) -> None:
    file = tmp_path / "bewijs.bin"
    file.write_bytes(bytes(8 * 1024 * 1024))
    with nginx(tmp_path / "nginx", demo.url, AS_IT_COMES) as root:
        reporter = Reporter(launch(browser), f"{root}/demo/#{demo.codes['fingerprint']}")
        reporter.arrive()
        reporter.begin()
        reporter.choose(CHANNEL)
        reporter.attach(file)
        reporter.files_arrived()
        reporter.write(LONG, pasted=True)
        reporter.confirm(reporter.receipt())
        reporter.page.click("#send")
        reporter.page.wait_until("document.querySelector('#problem')?.innerText.length > 1")
        assert reporter.problem == words("reporter", "error.proxy-limit")


def test_a_mistyped_address_is_a_page_for_people(launch: BrowserLauncher, browser: str, demo: Demo) -> None:
    page = launch(browser)
    for path in ("/", "/inbox", "/Demo/", "/demo/index.html"):
        page.go(demo.url.removesuffix("/demo/") + path)
        assert page.texts("h1") == ["Hier is geen pagina", "There is no page here"]
        assert page.evaluate("document.scripts.length") == 0
