"""The pages are found wherever the code is; what lies there is for browsers, or said not to be."""

from pathlib import Path, PurePosixPath

import pytest

from intake.assets import NOT_FOR_BROWSERS, SHELLS, addresses, read_assets, static_folder
from tests.project import ROOT


def test_a_checkout_serves_its_own_pages() -> None:
    assert static_folder() == ROOT / "static"


def strays(folder: Path) -> list[str]:
    """The files that are neither delivered nor known to be for those who write the pages."""
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return [
        name
        for name in sorted(names - read_assets(folder).keys())
        if not any(PurePosixPath(name).match(pattern) for pattern in NOT_FOR_BROWSERS)
    ]


def test_no_file_is_silently_not_served() -> None:
    assert strays(static_folder()) == []


def test_each_file_that_is_kept_back_is_there() -> None:
    """A pattern that fits nothing any more would hide a file of that name some day."""
    for pattern in NOT_FOR_BROWSERS:
        assert list(static_folder().rglob(pattern)) != []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in SHELLS:
        (tmp_path / name).write_text(name)
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "a.js").write_text("a")
    return tmp_path


@pytest.mark.parametrize(
    "name", ["font.woff2", "js/a.mjs", "index.html~", ".hidden.js", "other.html", "js/index.html", "LICENSE"]
)
def test_a_file_of_no_known_kind_is_seen(folder: Path, name: str) -> None:
    assert strays(folder) == []
    (folder / name).write_text("x")
    assert strays(folder) == [name]
    assert addresses(name) == ()


def test_a_file_for_those_who_write_the_pages_is_not_delivered(folder: Path) -> None:
    for name in ("README.md", "js/README.md", "js/a.d.ts", "js/all.entry.js"):
        (folder / name).write_text("x")
    assert strays(folder) == []
    assert set(read_assets(folder)) == {"index.html", "inbox.html", "js/a.js"}


def test_each_file_has_its_addresses(folder: Path) -> None:
    found = {name: asset.addresses for name, asset in read_assets(folder).items()}
    assert found == {
        "inbox.html": ("/{slug}/inbox",),
        "index.html": ("/{slug}/", "/{slug}"),
        "js/a.js": ("/static/js/a.js",),
    }
    assert list(found) == sorted(found)


def test_a_missing_document_is_an_error(folder: Path) -> None:
    (folder / "inbox.html").unlink()
    with pytest.raises(FileNotFoundError):
        read_assets(folder)
