"""One walk, both browsers: what a test does to a page is what a person would do."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import BROWSERS, BrowserLauncher
from tests.browser.kit import accessibility
from tests.browser.kit.driver import Page, Unreachable, poll
from tests.browser.kit.gallery import Gallery
from tests.browser.kit.sample_site import site
from tests.kit.serving import Demo

pytestmark = pytest.mark.test_all  # a tool of the tests, and not the product

DOCUMENT = """<!doctype html><html lang=en><title>A page</title><link rel=icon href="data:,">
<main><h1>A page</h1><label>Text <textarea id=text></textarea></label>
<button id=one>Press <b>me</b></button><button id=two hidden>Press me</button><p id=said></p><a href="#end">End</a>
<button id=bad>Break</button><img src="missing.png"></main>
<script>
one.onclick = (event) => { said.textContent = `${event.isTrusted} ${event.detail > 0 ? 'mouse' : 'key'}`; };
bad.onclick = () => {
  setTimeout(() => { throw new Error('thrown'); });
  Promise.reject(new Error('rejected'));
  new Image().src = '/forbidden.png';
  try { said.innerHTML = '<b>x</b>'; } catch { said.textContent = 'refused'; }
};
addEventListener('beforeunload', (event) => event.preventDefault());
</script>"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with site({"/": DOCUMENT, "/other": "<title>Other</title><p>Another page"}) as url:
        yield url


@pytest.fixture(scope="module", params=BROWSERS)
def page(launch_once: BrowserLauncher, request: pytest.FixtureRequest) -> Page:
    """One browser for the file."""
    return launch_once(request.param)


def test_keys_and_clicks_are_real(page: Page, address: str) -> None:
    page.go(address)
    page.type("Één melding,\ntwee regels", into="#text")
    assert page.value("#text") == "Één melding,\ntwee regels"
    page.clear("#text")
    assert page.value("#text") == ""
    page.insert("long " * 100, into="#text")
    assert page.value("#text") == "long " * 100
    page.click_named("Press me")
    page.wait_for_text("true mouse", "#said")
    page.press("Tab")
    assert page.is_focused("a")
    page.press("Shift+Tab")
    page.press("Space")
    page.wait_for_text("true key", "#said")
    assert page.count("button") == 2


def test_a_written_text_is_read_before_it_was_drawn(page: Page, address: str) -> None:
    page.go(address)
    page.evaluate("""(() => {
      const piece = document.createElement('b');
      piece.style = 'display: block; content-visibility: auto';
      said.className = 'text';
      said.replaceChildren(piece);
    })()""")
    for each in range(10):  # Chromium renders nothing of it until its next frame, which comes when it comes
        page.evaluate(f"""(() => {{
          const piece = said.firstChild.cloneNode();
          piece.textContent = {each};
          said.replaceChildren(piece);
        }})()""")
        assert page.text("#said") == str(each)


def test_a_page_that_objects_is_left_only_with_consent(page: Page, address: str) -> None:
    page.go(address)
    page.type("x", into="#text")
    asked = page.asked
    page.leaving = False
    page.go(f"{address}other")
    assert (page.url, page.asked) == (address, asked + 1)
    page.leaving = True
    page.go(f"{address}other")
    assert (page.text(), page.asked) == ("Another page", asked + 2)


def test_widths_and_schemes_are_what_the_page_sees(page: Page, address: str, tmp_path: Path) -> None:
    page.go(address)
    for width, dark in ((360, True), (1280, False)):
        page.resize(width, 700)
        page.dark(dark)
        seen = page.evaluate("[innerWidth, innerHeight, matchMedia('(prefers-color-scheme: dark)').matches]")
        assert seen == [width, 700, dark]
    gallery = Gallery(tmp_path)
    gallery.take(page, "a screen", language="en", widths=(360,))
    gallery.write()
    names = {path.name for path in tmp_path.iterdir()}
    kinds = [f"a-screen-360-{scheme}-en-{page.browser}.png" for scheme in ("dark", "light")]
    assert names == {*kinds, "index.html"}
    assert all(name in (tmp_path / "index.html").read_text() for name in kinds)


def test_what_goes_wrong_in_a_page_is_known(page: Page, address: str) -> None:
    page.go(address)
    page.click("#bad")
    page.wait_for_text("refused", "#said")

    expected = {"thrown", "rejected", "forbidden.png", "trusted"}

    def missing() -> set[str]:
        return {word for word in expected if not any(word in error.lower() for error in page.errors())}

    poll(lambda: not missing(), lambda: f"{missing()} not in {page.errors()}")
    page.forget()
    assert page.errors() == []


def test_axe_finds_what_was_planted_in_spite_of_the_policy(page: Page, address: str) -> None:
    page.go(address)
    assert [line.split(" ")[0] for line in accessibility.violations(page)] == ["image-alt"]
    assert accessibility.violations(page, "image-alt") == []


def test_nobody_at_an_address_is_no_page(page: Page) -> None:
    with pytest.raises(Unreachable):
        page.go("http://127.0.0.1:9/")
    with pytest.raises(Unreachable):
        page.go("http://elsewhere.test/")


def test_a_name_that_means_this_machine_is_no_secure_context(page: Page, address: str) -> None:
    page.go(f"http://drempel.test:{urlsplit(address).port}/other")
    assert page.evaluate("[isSecureContext, typeof crypto.subtle]") == [False, "undefined"]


def test_safer_has_no_webassembly(launch: BrowserLauncher, browser: str, address: str) -> None:
    page = launch(browser, safer=True, language="en", width=500)
    page.go(f"{address}other")
    assert page.evaluate("[typeof WebAssembly, innerWidth]") == ["undefined", 500]
    assert page.evaluate("navigator.language").startswith("en")


def using(profile: Path) -> list[str]:
    """The command lines of the processes that run on a profile."""
    commands = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            commands.append(process.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
    return [command for command in commands if str(profile) in command]


def test_closing_ends_every_process_and_the_profile_opens_again(
    launch: BrowserLauncher, browser: str, address: str
) -> None:
    page = launch(browser)
    page.go(f"{address}other")
    page.evaluate("localStorage.setItem('kept', 'yes')")
    assert using(page.profile)
    page.close()
    poll(lambda: not using(page.profile), lambda: f"{using(page.profile)} stay")
    again = launch(browser, profile=page.profile)
    again.go(f"{address}other")
    assert again.evaluate("localStorage.getItem('kept')") == "yes"


@pytest.mark.parametrize("path", ["", "inbox"])
def test_the_served_pages_load_without_a_fault(page: Page, demo: Demo, path: str) -> None:
    page.forget()
    page.go(f"{demo.url}{path}#{demo.codes['fingerprint']}")
    page.wait_for("h1")
    assert page.evaluate("document.styleSheets.length") > 0
    assert page.errors() == []
