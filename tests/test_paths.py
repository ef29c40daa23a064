"""Every file, folder and module that a document or a comment names is there: no pointer is stale."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

from tests.project import ROOT, documents, files

TOP = ("crypto", "deploy", "docs", "intake", "requirements", "static", "tests")
SOURCES = "py|js|ts|css|html|svg|sql|md|sh|toml|lock"
NAME = re.compile(r"(?<![\w./*@$<-])([\w*{][\w.*{},-]*(?:/[\w.*{},-]*)*)(?![\w/]|\.\w)")
FILE = re.compile(rf"(?:.*/)?[\w*{{}},.-]*[\w*}}]\.(?:{SOURCES})")
FOLDER = re.compile(rf"(?:{'|'.join(TOP)})/.*")
MODULE = re.compile(r"(?<![\w./-])(?:crypto|intake|tests)(?:\.\w+)+(?![\w/(])")
MADE = re.compile(r"\b(?:build|test-output)/\S*")
"""What a run writes, and nobody commits."""
ADDRESS = re.compile(r"\b\w+://\S+|\b[\w.-]+\.(?:com|example|org)/\S*")
OTHERS = {
    "PDF.js": "a library",
    "conversation.html": "a file of an export",
    "crypto.subtle": "the browser's",
    "gone.js": "an example in a test of such pointers",
}
"""What looks like a file or module of the project and is something else."""
ABOUT_OTHERS = {"static/vendor/README.md", "tests/vectors/published/README.md"}
"""Documents that name the files of other projects."""

COMMENTS = {
    "*.js": r"/\*.*?\*/|(?<![:'\"\\])//[^\n]*",
    "*.ts": r"/\*.*?\*/|(?<![:'\"\\])//[^\n]*",
    "*.css": r"/\*.*?\*/",
    "*.html": r"<!--.*?-->",
    "*.sql": r"--[^\n]*",
    **dict.fromkeys(
        ("*.sh", "*.toml", "*.service", "Makefile", "Caddyfile", "torrc", "run"), r"(?:^|(?<=\s))#[^\n]*"
    ),
}


def python_comments(text: str) -> Iterator[str]:
    """The comments and docstrings of a module, and what stands below a constant to explain it."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield str(node.value.value)


def texts() -> Iterator[tuple[str, str]]:
    """Each document, and each comment, with the path of its file."""
    for path in documents():
        if named(path) not in ABOUT_OTHERS:
            yield named(path), path.read_text("utf-8")
    for path in files("*.py"):
        yield from ((named(path), comment) for comment in python_comments(path.read_text("utf-8")))
    for pattern, comment in COMMENTS.items():
        for path in files(pattern):
            if path.parent.name != "vendor" or ".entry." in path.name:
                found = re.findall(comment, path.read_text("utf-8"), re.DOTALL | re.MULTILINE)
                yield from ((named(path), each) for each in found)


def pointers(text: str) -> Iterator[str]:
    """The paths and modules that a text names."""
    text = MADE.sub("", ADDRESS.sub("", text))
    for found in NAME.finditer(text):
        name = found[1].rstrip(".,")
        if name not in OTHERS and (FILE.fullmatch(name) or FOLDER.fullmatch(name)):
            yield name
    yield from (name for name in MODULE.findall(text) if name not in OTHERS)


def expanded(name: str) -> list[str]:
    """`codes.{py,js}` as two names."""
    if (braces := re.search(r"\{([^{}]*)\}", name)) is None:
        return [name]
    return [
        each
        for choice in braces[1].split(",")
        for each in expanded(name[: braces.start()] + choice + name[braces.end() :])
    ]


@cache
def tree() -> frozenset[str]:
    """Every file and folder of the project."""
    found = [PurePosixPath(named(path)) for path in files("*")]
    return frozenset(str(place) for path in found for place in (path, *path.parents[:-1]))


@cache
def exists(name: str) -> bool:
    """Whether something has that path, or ends in it; of a pattern, whether anything does."""
    if MODULE.fullmatch(name) and not FILE.fullmatch(name):
        return is_module(name)
    name = name.rstrip("/")
    if "*" in name:
        return any(fnmatch(path, name) or fnmatch(path, f"*/{name}") for path in tree())
    if FOLDER.fullmatch(name):
        return name in tree()
    return any(path == name or path.endswith(f"/{name}") for path in tree())


def is_module(name: str) -> bool:
    """Whether a dotted name is a module, or a name in one."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        path = "/".join(parts[:length])
        for file in (f"{path}.py", f"{path}/__init__.py"):
            if file in tree():
                text = (ROOT / file).read_text("utf-8")
                return all(re.search(rf"\b{part}\b", text) for part in parts[length:])
    return False


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_everything_that_is_named_is_there() -> None:
    stale = {
        f"{place}: {name}"
        for place, text in texts()
        for pointer in pointers(text)
        for name in expanded(pointer)
        if not exists(name)
    }
    assert sorted(stale) == []


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for path in documents():
        for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8")):
            place, _, heading = link.partition("#")
            target = path.parent / place if place else path
            if ":" not in link and not (target.exists() and (not heading or heading in headings(target))):
                broken.append(f"{named(path)}: {link}")
    assert broken == []


def headings(path: Path) -> list[str]:
    """What a link may name after its `#`."""
    found = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("See `crypto/nowhere.py`.", "crypto/nowhere.py"),
        ("(tests/nowhere/test_x.py, tests/js/y.test.js)", "tests/nowhere/test_x.py"),
        ("the twin of gone_module.js, which", "gone_module.js"),
        ("everything in `static/js/nowhere/`", "static/js/nowhere/"),
        ("`nowhere_{py,js}.js`", "nowhere_py.js"),
        ("what `crypto.nowhere.opens` says", "crypto.nowhere.opens"),
        ("`tests.project.nowhere`", "tests.project.nowhere"),
    ],
)
def test_a_stale_pointer_is_found(text: str, name: str) -> None:
    found = [each for pointer in pointers(text) for each in expanded(pointer)]
    assert name in found
    assert not exists(name)


def test_what_is_there_is_no_fault() -> None:
    text = "`crypto/*.md`, tests/project.py, project.py, `tests.project.ROOT`, https://x.example/gone.js, PDF.js, "
    text += "test-output/gone.html, a.b"
    assert [name for name in pointers(text) if not exists(name)] == []
    assert len(list(pointers(text))) == 4
