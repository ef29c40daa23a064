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
# Documents are found by what follows the organisation's slug, and by nothing else.
SHELLS: Final = {"index.html": ("/{slug}/", "/{slug}"), "inbox.html": ("/{slug}/inbox",)}
# What lies beside the delivered files for those who write them. It would be part of what a release has to answer for.
NOT_FOR_BROWSERS: Final = ("*.d.ts", "*.entry.js", "README.md")


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


def addresses(name: str) -> tuple[str, ...]:
    """Where the file of that path below `static/` is served: nowhere, if it is not for browsers."""
    path = PurePosixPath(name)
    if name in SHELLS:
        return SHELLS[name]
    if path.suffix not in MEDIA_TYPES or path.suffix == ".html" or name.startswith(".") or "/." in name:
        return ()
    if any(path.match(pattern) for pattern in NOT_FOR_BROWSERS):
        return ()
    return ("/static/" + name,)


def read_assets(folder: Path) -> dict[str, Asset]:
    """Each file under `folder` that a browser gets, by its path in there. OSError if a document is missing."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {
        name: Asset((folder / name).read_bytes(), MEDIA_TYPES[PurePosixPath(name).suffix], found)
        for name in sorted({*names, *SHELLS})
        if (found := addresses(name))
    }
