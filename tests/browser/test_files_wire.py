"""What somebody on the line sees of files: how many, roughly how large, and nothing else."""

import random
from pathlib import Path

from crypto.public.blobs import CHUNK_LENGTH
from tests.browser.kit.driver import Page
from tests.browser.kit.http_relay import HttpRelay
from tests.browser.kit.reporter import Reporter
from tests.browser.kit.sample_files import made
from tests.kit.secret_search import Secrets
from tests.kit.serving import Demo

NAME = "Aanbesteding bruggen, vertrouwelijk.mp4"
TYPE = "video/mp4"
OURS = {"authorization", "content-type", "content-length"}


def secrets_of(path: Path) -> Secrets:
    """Its name and type, and what is in it, from many places."""
    secrets, content = Secrets(), path.read_bytes()
    secrets.text("name", NAME)
    secrets.text("type", TYPE)
    for at in random.Random(4).sample(range(len(content) - 16), 40):
        secrets.key(f"content at {at}", content[at : at + 16])
    return secrets


def test_no_request_tells_a_files_name_type_content_or_exact_size(
    page: Page, demo: Demo, middle: HttpRelay, tmp_path: Path
) -> None:
    made(tmp_path / NAME, 5_000_001)
    secrets = secrets_of(tmp_path / NAME)
    reporter = Reporter(page, middle.address(demo.pinned))
    reporter.arrive()
    reporter.begin()
    reporter.choose("confidential-adviser")
    reporter.attach(tmp_path / NAME)
    reporter.write("Zie het filmpje.")
    receipt = reporter.receipt()
    reporter.confirm(receipt)
    reporter.send()
    reporter.come_back(receipt)
    chunks = middle.asked("PUT", "/blobs/")
    assert sum(len(it.body) for it in chunks) >= 20 * CHUNK_LENGTH
    assert {len(it.body) % CHUNK_LENGTH for it in chunks} == {0}
    assert max(len(it.body) for it in chunks) <= 16 * CHUNK_LENGTH
    for it in middle.requests:
        assert secrets.found(it.raw) == set(), it.path
        assert "5000001" not in it.raw.decode("latin-1")
    usual = {name.lower() for name, _ in middle.asked("GET", "/api/1/directory")[0].headers}
    for it in chunks:
        added = {name.lower() for name, _ in it.headers} - usual
        assert added <= {*OURS, "origin"}, added
        assert it.header("content-type") == "application/octet-stream"
    # The search reads what was really sent: it finds a token where one is.
    assert all(it.header("authorization") for it in chunks)
    planted = Secrets()
    planted.text("path", chunks[0].path)
    assert planted.found(chunks[0].raw) == {"path"}
    assert page.errors() == []
