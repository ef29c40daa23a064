"""The pages are found wherever the code is; what lies there is for browsers, or said not to be."""

from pathlib import Path

import pytest

from intake.assets import (
    NOT_FOR_BROWSERS,
    REFUSALS,
    SHELLS,
    SOURCES,
    addresses,
    is_kept_back,
    read_assets,
    static_folder,
)
from tests.project import ROOT


def test_a_checkout_serves_its_own_pages() -> None:
    assert static_folder() == ROOT / "static"


def strays(folder: Path) -> list[str]:
    """The files that are neither delivered nor known to be for those who write the pages."""
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return [name for name in sorted(names - read_assets(folder).keys()) if not is_kept_back(name)]


def test_no_file_is_silently_not_served() -> None:
    assert strays(static_folder()) == []


def test_each_file_that_is_kept_back_is_there() -> None:
    """A pattern that fits nothing any more would hide a file of that name some day."""
    for pattern in (*NOT_FOR_BROWSERS, *(folder + "*" for folder in SOURCES)):
        assert list(static_folder().rglob(pattern)) != []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (*SHELLS, *REFUSALS):
        (tmp_path / name).write_text(name)
    for name in ("js", "pages"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.js").write_text("a")
    return tmp_path


@pytest.mark.parametrize(
    "name",
    ["font.woff2", "pages/a.mjs", "index.html~", ".hidden.js", "other.html", "pages/index.html", "LICENSE"],
)
def test_a_file_of_no_known_kind_is_seen(folder: Path, name: str) -> None:
    assert strays(folder) == []
    (folder / name).write_text("x")
    assert strays(folder) == [name]
    assert addresses(name) == ()


def test_a_file_for_those_who_write_the_pages_is_not_delivered(folder: Path) -> None:
    for name in (
        "README.md",
        "pages/README.md",
        "pages/a.d.ts",
        "pages/all.entry.js",
        "js/b.js",
    ):
        (folder / name).write_text("x")
    assert strays(folder) == []
    assert set(read_assets(folder)) == {"index.html", "inbox.html", *REFUSALS, "pages/a.js"}


def test_each_file_has_its_addresses(folder: Path) -> None:
    found = {name: asset.addresses for name, asset in read_assets(folder).items()}
    assert found == {
        "inbox.html": ("/{slug}/inbox",),
        "index.html": ("/{slug}/", "/{slug}"),
        "not_found.html": (),
        "unavailable.html": (),
        "pages/a.js": ("/static/pages/a.js",),
    }
    assert list(found) == sorted(found)


@pytest.mark.parametrize("name", ["inbox.html", *REFUSALS])
def test_a_missing_document_is_an_error(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError):
        read_assets(folder)
