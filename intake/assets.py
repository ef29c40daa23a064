"""Finds the pages: the static files that a browser gets, byte for byte the same on every instance of a release."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


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
