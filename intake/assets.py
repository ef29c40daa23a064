"""The pages: which files a browser gets, and under which addresses. The same bytes on every instance of a release."""

from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

_PACKAGE = Path(__file__).resolve().parent

MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
# Documents are found by the part of the path after the organisation's slug.
SHELLS: Final = {"index.html": ("/{slug}/", "/{slug}"), "inbox.html": ("/{slug}/inbox",)}
# The documents for a person who opens an address where there is nothing, or which can't be answered now. They have no
# addresses of their own.
NOT_FOUND: Final = "not_found.html"
UNAVAILABLE: Final = "unavailable.html"
REFUSALS: Final = (NOT_FOUND, UNAVAILABLE)
# Sources that lie beside the delivered files. If they were served, a release would have to answer for them too.
# The files in pages/ are made of js/, css/ and noble.js.
SOURCES: Final = ("js/", "css/")
NOT_FOR_BROWSERS: Final = ("*.d.ts", "*.entry.js", "README.md", "vendor/noble.js")


class Asset(NamedTuple):
    """A delivered file."""

    content: bytes
    media_type: str
    addresses: tuple[str, ...]


def static_folder() -> Path:
    """The folder that holds the pages.

    In a checkout, an editable installation included, it is `static/` beside the package; in an installed wheel it is
    `static/` inside it. Only a checkout has pyproject.toml there, so a folder that another distribution left in
    site-packages under the name `static` is never served.
    """
    checkout = _PACKAGE.parent
    if (checkout / "pyproject.toml").is_file():
        return checkout / "static"
    return _PACKAGE / "static"


def is_kept_back(name: str) -> bool:
    """Whether the file of that path below `static/` is for those who write the pages, and for no browser."""
    return name.startswith(SOURCES) or any(PurePosixPath(name).match(pattern) for pattern in NOT_FOR_BROWSERS)


def addresses(name: str) -> tuple[str, ...]:
    """Where the file of that path below `static/` is served: nowhere, if it is not for browsers."""
    path = PurePosixPath(name)
    if name in SHELLS:
        return SHELLS[name]
    if path.suffix not in MEDIA_TYPES or path.suffix == ".html" or name.startswith(".") or "/." in name:
        return ()
    if is_kept_back(name):
        return ()
    return ("/static/" + name,)


def read_assets(folder: Path) -> dict[str, Asset]:
    """Each file under `folder` that a browser gets, by its path in there. OSError if a document is missing."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {
        name: Asset((folder / name).read_bytes(), MEDIA_TYPES[PurePosixPath(name).suffix], addresses(name))
        for name in sorted({*names, *SHELLS, *REFUSALS})
        if addresses(name) or name in REFUSALS
    }
