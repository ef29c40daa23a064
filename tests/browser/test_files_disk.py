"""What a browser keeps on disk of files that a reporter chose: neither their names nor anything that is in them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import BrowserLauncher
from tests.browser.kit.driver import Page
from tests.browser.kit.profile import in_session, linger, search
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.sample_files import give, made
from tests.kit.secret_search import Secrets
from tests.kit.serving import Demo

NAME = "Verklaring van de directeur.odt"
PASTED = "Schermafdruk van het rooster.png"
INSIDE = "Wat hierin staat, gaat niemand anders aan."
ENDS: dict[str, Callable[[Page], None]] = {"closed": Page.close, "killed": Page.kill}


def secrets_of(path: Path) -> Secrets:
    secrets, content = Secrets(), path.read_bytes()
    for name, text in (("name", NAME), ("pasted", PASTED), ("inside", INSIDE)):
        secrets.text(name, text)
    for at in range(0, len(content) - 16, len(content) // 20):
        secrets.key(f"content at {at}", content[at : at + 16])
    return secrets


@pytest.mark.parametrize("end", ENDS)
def test_nothing_is_left_of_files_that_were_chosen(
    launch: BrowserLauncher, browser: str, demo: Demo, tmp_path: Path, end: str
) -> None:
    page = launch(browser)
    made(tmp_path / NAME, 2_000_000)
    secrets = secrets_of(tmp_path / NAME)
    reporter = Reporter(page, demo.pinned)
    reporter.arrive()
    reporter.begin()
    reporter.choose("confidential-adviser")
    reporter.attach(tmp_path / NAME)
    assert give(page, "paste", (PASTED, INSIDE, "image/png"))
    page.wait_for("#file-2")
    reporter.files_arrived()
    linger(page, "with files chosen")
    assert in_session(page, secrets) == set()
    ENDS[end](page)
    searched = search(page.profile, secrets)
    assert searched.files > 20
    assert searched.found == {}
    (page.profile / "planted").write_bytes(b"\0" * 3 + NAME.encode("utf-16-le"))
    assert search(page.profile, secrets).found == {"planted": {"name"}}
