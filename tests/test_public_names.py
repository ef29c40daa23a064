"""No public name is there for tests alone: what only tests run drifts away from what the product runs.

A name counts as used if the product's own code mentions it anywhere but where it is defined.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import ROOT

WORD = re.compile(r"[A-Za-z_$][\w$]*")
EXPORT = re.compile(r"^export (?:async )?(?:function\*?|const|let|class) ([\w$]+)", re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/|(?<![:'\"`])//[^\n]*", re.DOTALL)
TAGS = re.compile(r"@(?:import|type|typedef|param|returns|implements|extends)\b[^\n]*")


def python_names(text: str) -> Iterator[str]:
    """Public functions, classes and constants of a module; what a decorator registers is used by that."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if not any(isinstance(item, ast.Call) for item in node.decorator_list) or isinstance(
                node, ast.ClassDef
            ):
                yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                for name in target.elts if isinstance(target, ast.Tuple) else [target]:
                    if isinstance(name, ast.Name):
                        yield name.id


def python_words(text: str) -> list[str]:
    """Every name that a module's code mentions, imports and documentation aside."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name):
            found.append(node.id)
        elif isinstance(node, ast.Attribute):
            found.append(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            found.append(node.value)  # an annotation that is quoted
    return found


def javascript_words(text: str) -> list[str]:
    """Every name that a module mentions, in its types too; imports and prose aside."""
    types = " ".join(TAGS.findall(text))
    code = re.sub(r"^import [^;]*;", "", COMMENT.sub("", text), flags=re.MULTILINE)
    return WORD.findall(code) + WORD.findall(types)


def for_tests_alone(sources: dict[str, str]) -> list[str]:
    """`file: name` for each public name that nothing in `sources` (path to text) uses."""
    defined: list[tuple[str, str]] = []
    counts: dict[str, int] = {}
    for path, text in sources.items():
        script = path.endswith(".js")
        names = EXPORT.findall(text) if script else [name for name in python_names(text) if name[0] != "_"]
        defined += [(path, name) for name in names]
        # A definition in JavaScript is a mention, in Python an assignment is.
        for word in javascript_words(text) if script else python_words(text):
            counts[word] = counts.get(word, 0) + 1
        for name in names:
            function = not script and re.search(rf"^(?:async )?(?:def|class) {name}\b", text, re.MULTILINE)
            counts[name] = counts.get(name, 0) - (0 if function else 1)
    return [f"{path}: {name}" for path, name in defined if counts.get(name, 0) < 1 and name != "__all__"]


def product(suffix: str) -> dict[str, str]:
    """The product's sources of one language."""
    folders = ("static/js",) if suffix == ".js" else ("crypto", "intake")
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob(f"*{suffix}"))]
    return {str(path.relative_to(ROOT)): path.read_text() for path in files}


@pytest.mark.parametrize("suffix", [".py", ".js"])
def test_no_public_name_is_used_by_tests_alone(suffix: str) -> None:
    assert for_tests_alone(product(suffix)) == []


def test_a_name_for_tests_alone_is_seen() -> None:
    python = {
        "a.py": "from b import used\n\ndef alone() -> None: ...\n\nLENGTH = 3\nused()\n",
        "b.py": "def used() -> None: ...\n\n@command()\ndef run() -> None: ...\n\ndef _own() -> None: ...\n",
    }
    assert for_tests_alone(python) == ["a.py: alone", "a.py: LENGTH"]
    script = {
        "a.js": "import {used} from './b.js';\n/** alone, says the prose */\nexport const alone = () => used();\n",
        "b.js": "/** @import {Shape} from './c.js' */\nexport function used() {}\n",
        "c.js": "export class Shape {}\nexport async function waited() {}\n",
    }
    assert for_tests_alone(script) == ["a.js: alone", "c.js: waited"]


def test_the_sources_are_there() -> None:
    assert len(product(".py")) > 80
    assert len(product(".js")) > 80
    assert Path(ROOT / "crypto" / "secret" / "conversation.py").is_file()
