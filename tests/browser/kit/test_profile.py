"""The search of a browser's profile finds what a page without care leaves there."""

import gzip
import json
import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

import lz4.block
import pytest

from tests.browser.conftest import BROWSERS, BrowserLauncher
from tests.browser.kit import profile
from tests.browser.kit.browser_storage import MOZLZ4, NotSnappy, snappy, unpacked
from tests.browser.kit.profile import Searched, linger, search
from tests.browser.kit.sample_site import site
from tests.kit.secret_search import Secrets

pytestmark = pytest.mark.test_all  # a tool of the tests, and not the product

TYPED = "the tender was decided beforehand by two of them"
STORED = "stored in the page's own storage, long enough to be packed there: " + "again and again, " * 40
ASKED = "asked-for-in-an-address-of-the-page"
FETCHED = "a body that came from the server and was allowed to stay in the cache"
ABSENT = "a text that no page has ever shown to anybody"
CARELESS = f"""<!doctype html><title>Careless</title><form><label>Text <textarea name=q id=q></textarea></label>
<input name=word id=word><button>Ask</button></form>
<script>localStorage.setItem('draft', {json.dumps(STORED)});</script>"""


@pytest.fixture(scope="module")
def secrets() -> Secrets:
    made = Secrets()
    for name, text in (
        ("typed", TYPED),
        ("stored", STORED),
        ("asked", ASKED),
        ("fetched", FETCHED),
        ("absent", ABSENT),
    ):
        made.text(name, text)
    return made


@pytest.fixture(scope="module", params=BROWSERS)
def left(
    launch_once: BrowserLauncher,
    secrets: Secrets,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Searched]:
    """What was found after a form was sent, and another left open with a text in it."""
    folder = tmp_path_factory.mktemp("profile")
    with site({"/": CARELESS, "/cached": f"<title>Cached</title><p>{FETCHED}"}) as url:
        page = launch_once(request.param, profile=folder)
        page.go(f"{url}cached")
        page.go(url)
        page.type(ASKED, into="#word")
        page.press("Enter")
        page.wait_until("location.search.includes('asked')")
        page.type(TYPED, into="#q")
        linger(page)
        page.close()
        yield search(folder, secrets)
    shutil.rmtree(folder)


def test_what_a_careless_page_leaves_is_found_and_nothing_else(left: Searched) -> None:
    found = set().union(*left.found.values())
    assert found == {"typed", "stored", "asked", "fetched"}, left
    assert left.files > 20
    assert left.size > 1_000_000


PACKED = b"a text that is in none of these files as such, only packed: packed, packed, packed"
# By hand: length 12, a literal of four bytes, a copy of eight from four back that overlaps itself.
SNAPPY = bytes((12, 3 << 2)) + b"abcd" + bytes((1 | (8 - 4) << 2, 4))


def database(path: Path) -> bytes:
    made = sqlite3.connect(path)
    made.execute("CREATE TABLE data (value BLOB)")
    literal = bytes((len(PACKED), 60 << 2, len(PACKED) - 1)) + PACKED
    made.execute("INSERT INTO data VALUES (?)", (literal,))
    made.commit()
    made.close()
    return path.read_bytes()


def test_every_packed_form_is_unpacked(tmp_path: Path) -> None:
    streams = (gzip.compress(PACKED), zlib.compress(PACKED), gzip.compress(PACKED * 99)[:-12])
    files = [MOZLZ4 + lz4.block.compress(PACKED), *(b"before" + stream + b"after" for stream in streams)]
    for data in files:
        assert any(PACKED in piece for piece in unpacked(tmp_path / "file", data))
    assert PACKED in set(unpacked(tmp_path / "db", database(tmp_path / "db")))


def test_snappy_is_read_and_anything_else_is_not() -> None:
    assert snappy(SNAPPY) == b"abcd" * 3
    for wrong in (b"", SNAPPY[:-1], SNAPPY + b"x", bytes((12,)) + SNAPPY[-2:], b"\xff" * 20):
        with pytest.raises(NotSnappy):
            snappy(wrong)


def test_the_quick_look_misses_nothing(tmp_path: Path, secrets: Secrets) -> None:
    for offset in range(9):
        (tmp_path / "file").write_bytes(bytes(offset) + TYPED[:24].encode() + bytes(3))
        assert search(tmp_path, secrets).found == {"file": {"typed"}}


def test_a_file_that_is_renamed_meanwhile_is_found_under_its_new_name(
    tmp_path: Path, secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "new").write_text(TYPED)
    listed = [[tmp_path / "gone"], [tmp_path / "new"]]
    monkeypatch.setattr(profile, "files", lambda _: iter(listed.pop(0)))
    assert search(tmp_path, secrets).found == {"new": {"typed"}}
    monkeypatch.setattr(profile, "files", lambda _: iter([tmp_path / "gone"]))
    with pytest.raises(AssertionError, match="still renamed"):
        search(tmp_path, secrets)
