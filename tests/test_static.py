"""The delivered markup and styles: nothing inline, nothing from elsewhere, and no reference to what is not there.

The modules are looked at in `tests/js/modules.test.js`, by a parser of their language.
"""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from intake.assets import REFUSALS, SHELLS, read_assets, static_folder

# What would hold script or style of its own, another document, another base for addresses, or a header in disguise.
UNWANTED = {"base", "embed", "foreignobject", "frame", "iframe", "object", "set", "style"}
REFERENCES = {
    "background",
    "cite",
    "data",
    "href",
    "imagesrcset",
    "ping",
    "poster",
    "src",
    "srcset",
    "xlink:href",
}
ACTIONS = {"action", "formaction", "http-equiv", "manifest", "srcdoc", "style"}
NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'
FOREIGN = re.compile(r"(?:https?|wss?|ftp)://", re.IGNORECASE)
# The document of no address is found at any depth, below any proxy: nothing in it leads anywhere, or is filled in.
BEYOND_TEXT = re.compile(r"<script|<link|<img|href=|src=|[{}]", re.IGNORECASE)
IN_STYLES = re.compile(r"url\(\s*['\"]?([^'\")]*)|(@import|image-set|expression|src\()", re.IGNORECASE)


class Markup(HTMLParser):
    """Gathers what is wrong with one document or drawing."""

    def __init__(self, served: set[str]) -> None:
        super().__init__()
        self._served = served
        self._in_script = False
        self.styles = 0
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._in_script = tag == "script"
        self.styles += given.get("rel") == "stylesheet"
        if tag in UNWANTED:
            self.faults.append(f"<{tag}>")
        if tag == "script" and (given.get("type") != "module" or not given.get("src")):
            self.faults.append("a script that is no module of its own")
        for name, value in given.items():
            if name in ACTIONS or name.startswith("on"):
                self.faults.append(f"{tag} {name}")
            elif name in REFERENCES and not self._resolves(value or ""):
                self.faults.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.faults.append("script in the document")

    def _resolves(self, reference: str) -> bool:
        """Within the document, or a delivered file by its path beside the organisation, wherever both are."""
        file = reference.partition("#")[0]
        return reference.startswith("#") or (file.startswith("../static/") and file[2:] in self._served)


def wrong_in_markup(text: str, served: set[str], styles: int) -> list[str]:
    parser = Markup(served)
    parser.feed(text)
    parser.close()
    return parser.faults + ([] if parser.styles == styles else [f"{parser.styles} style sheets"])


def wrong_in_styles(text: str, served: set[str]) -> list[str]:
    return [
        unwanted or f"url({reference})"
        for reference, unwanted in IN_STYLES.findall(text)
        if unwanted or reference not in served
    ]


def faults(folder: Path) -> Iterator[str]:
    """What is wrong with the delivered files, except for the modules."""
    assets = read_assets(folder)
    served = {address for asset in assets.values() for address in asset.addresses if "{" not in address}
    for name, asset in assets.items():
        text, kind = asset.content.decode("utf-8"), name.rpartition(".")[2]
        found: list[str] = []
        if kind in ("html", "svg"):
            found += wrong_in_markup(text, served, styles=int(name in SHELLS))
        if name in REFUSALS and BEYOND_TEXT.search(text):
            found.append("more than text")
        if kind == "css":
            found += wrong_in_styles(text, served)
        if kind == "json":
            json.loads(text)
        if kind != "js" and (foreign := FOREIGN.search(text.replace(NAMESPACE, ""))):
            found.append(foreign[0])
        yield from (f"{name}: {what}" for what in found)


def test_nothing_is_inline_foreign_or_missing() -> None:
    assert list(faults(static_folder())) == []


PAGE = """<!doctype html>
<html lang="nl"><head><title>x</title>
<link rel="icon" href="../static/icon.svg">
<link rel="stylesheet" href="../static/pages/a.css">
<script type="module" src="../static/pages/a.js"></script>
</head><body><a href="#main">x</a><main id="main"><form><svg><use href="../static/icon.svg#x"/></svg></form></main>
"""
SITE = {
    **dict.fromkeys(SHELLS, PAGE),
    "pages/a.css": "body { background: url('/static/icon.svg') }",
    "pages/a.js": "// https://www.rfc-editor.org/rfc/rfc9180\n",
    "icon.svg": f"<svg {NAMESPACE}><path id='x'/></svg>",
    "locales/nl.json": "{}",
    **dict.fromkeys(REFUSALS, "<!doctype html><title>x</title><p>x</p>"),
}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name, text in SITE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_page_as_it_should_be_passes(site: Path) -> None:
    assert list(faults(site)) == []


@pytest.mark.parametrize(
    ("name", "planted", "fault"),
    [
        ("index.html", "<script>alert(1)</script>", "script in the document"),
        ("index.html", "<script src=../static/pages/a.js></script>", "a script that is no module of its own"),
        (
            "index.html",
            "<script type=module src=../static/pages/b.js></script>",
            "script src=../static/pages/b.js",
        ),
        ("index.html", "<style>p { color: red }</style>", "<style>"),
        ("index.html", '<p style="color: red">', "p style"),
        ("index.html", '<body onload="x()">', "body onload"),
        ("index.html", '<a href="javascript:x()">', "a href=javascript:x()"),
        ("index.html", '<a href="https://third.example/">', "a href=https://third.example/"),
        ("index.html", '<img src="//third.example/x.png">', "img src=//third.example/x.png"),
        ("index.html", '<img src="data:image/png;base64,AA">', "img src=data:image/png;base64,AA"),
        ("index.html", '<img srcset="../static/x.svg 2x">', "img srcset=../static/x.svg 2x"),
        ("index.html", '<img src="static/icon.svg">', "img src=static/icon.svg"),
        ("index.html", '<img src="/static/icon.svg">', "img src=/static/icon.svg"),
        (
            "index.html",
            '<link rel="modulepreload" href="../static/pages/gone.js">',
            "link href=../static/pages/gone.js",
        ),
        ("index.html", '<link rel="stylesheet" href="../static/pages/a.css">', "2 style sheets"),
        ("index.html", '<meta http-equiv="refresh" content="0">', "meta http-equiv"),
        ("index.html", '<base href="../static/icon.svg">', "<base>"),
        ("index.html", '<form action="../static/icon.svg">', "form action"),
        ("index.html", '<iframe src="../static/icon.svg">', "<iframe>"),
        ("inbox.html", "<p>see http://third.example", "http://"),
        (REFUSALS[0], '<script type="module" src="/static/pages/a.js"></script>', "more than text"),
        (REFUSALS[0], '<a href="#main">', "more than text"),
        (REFUSALS[0], "<p>{slug}", "more than text"),
        ("icon.svg", "<script/>", "a script that is no module of its own"),
        ("icon.svg", "<a xlink:href='https://third.example'/>", "a xlink:href=https://third.example"),
        ("pages/a.css", "@import 'b.css';", "@import"),
        ("pages/a.css", "p { background: url(https://third.example/x) }", "url(https://third.example/x)"),
        ("pages/a.css", "p { background: url(data:image/png;base64,AA) }", "url(data:image/png;base64,AA)"),
        ("pages/a.css", "p { background: url(/static/gone.svg) }", "url(/static/gone.svg)"),
        ("pages/a.css", "/* https://third.example */", "https://"),
    ],
)
def test_a_planted_mistake_is_seen(site: Path, name: str, planted: str, fault: str) -> None:
    with (site / name).open("a") as file:
        file.write(planted)
    assert f"{name}: {fault}" in list(faults(site))


def test_a_foreign_address_in_a_catalogue_is_seen(site: Path) -> None:
    (site / "locales" / "nl.json").write_text('{"help": "https://third.example"}')
    assert list(faults(site)) == ["locales/nl.json: https://"]


def test_a_catalogue_that_is_no_json_is_seen(site: Path) -> None:
    (site / "locales" / "nl.json").write_text("{")
    with pytest.raises(ValueError, match="line 1"):
        list(faults(site))
