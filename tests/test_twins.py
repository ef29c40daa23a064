"""crypto/ and static/js/crypto/ are twins: the same modules, with the same names in them (PROTOCOL 1.7).

A name that one side exports stands in the other's module of that name, as a function, constant, type or member.
JavaScript keeps records instead of objects, so a member `m` of a class `C` is there a function called `m`, `Cm`, `mOf`
or `findM`; `to_bytes` and `to_json` of `C` are `CBytes` and `CJson`.
"""

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

from tests.project import ROOT

PYTHON = ROOT / "crypto"
JAVASCRIPT = ROOT / "static" / "js" / "crypto"
LEAST = 0.9

WITHOUT_TWIN = {
    "public/bytes.js": "Python's bytes and strings have all of it built in",
    "secret/hpke.js": "Python's library has HPKE with X-Wing whole",
    "secret/platform.js": "which AES-GCM a browser has; Python's library always has one",
    "secret/directory_sign.py": "a directory is made on the command line only, until the custodian has a page",
}
ONE_SIDED = {
    "build_mailbox_answer build_unknown_answer build_day_item build_end split_wanted": "the service builds answers",
    "split_claims LONGEST_CLAIMS CLAIM_LENGTH check_opening check_conversation": "the service checks what it is sent",
    "EnvelopeError DirectoryError StatementError KeyringError WireError": "JavaScript tells errors by their layer",
    "wrap_root_key ACCESS_CODE root_seed": "codes of recipients and custodians are made on the command line only",
    "SignatureMember DsseMember SignersMember Policy": "JavaScript writes these types where they are used",
    "NOTICES": "a browser has a sentence of its own for each",
}
TYPES = re.compile(r"@typedef \{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\} (\w+)")
TOP_LEVEL = re.compile(r"^(export )?(?:async )?(?:function\*?|const|let|class) (\w+)", re.MULTILINE)


def plain(name: str) -> str:
    """A name as both languages would write it."""
    return name.replace("_", "").lower()


@dataclass
class Module:
    """What a module exports, and all that it has, members of classes included."""

    exported: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)


def _members(node: ast.ClassDef) -> set[str]:
    found = set()
    for item in node.body:
        if isinstance(item, ast.FunctionDef) and not item.name.startswith("_"):
            name, owner = plain(item.name), plain(node.name)
            found |= {name, owner + name, name + "of", "find" + name}
            found |= {owner + name.removeprefix("to")} if name in ("tobytes", "tojson") else set()
    return found


def read_python(text: str) -> Module:
    """The names of a Python module."""
    module = Module()
    for node in ast.parse(text).body:
        names: list[str] = []
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names = [node.name]
            module.known |= _members(node) if isinstance(node, ast.ClassDef) else set()
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            flat = [
                part for item in targets for part in (item.elts if isinstance(item, ast.Tuple) else [item])
            ]
            names = [item.id for item in flat if isinstance(item, ast.Name)]
        module.known |= {plain(name) for name in names}
        module.exported |= {name for name in names if not name.startswith("_")}
    return module


def read_javascript(text: str, shapes: str) -> Module:
    """The names of a JavaScript module, types included."""
    module = Module()
    for export, name in TOP_LEVEL.findall(text):
        module.known.add(plain(name))
        if export:
            module.exported.add(name)
    module.known |= {plain(name) for name in TYPES.findall(text)}
    module.known |= {plain(name) for name in re.findall(r"^export type (\w+)", shapes, re.MULTILINE)}
    return module


def compare(python: dict[str, str], javascript: dict[str, str], shapes: str) -> tuple[list[str], float]:
    """Every exported name without a counterpart, as `module: name`, and the share of those that have one."""
    missing, count = [], 0
    one_sided = {name for names in ONE_SIDED for name in names.split()}
    for module in python.keys() & javascript.keys():
        one, other = read_python(python[module]), read_javascript(javascript[module], shapes)
        exported = [(name, other) for name in one.exported - one_sided] + [
            (name, one) for name in other.exported
        ]
        count += len(exported)
        missing += [f"{module}: {name}" for name, there in exported if plain(name) not in there.known]
    return sorted(missing), 1 - len(missing) / max(1, count)


def sources(root: Path, suffix: str) -> dict[str, str]:
    """The text of each module, by its path without suffix."""
    return {
        path.relative_to(root).with_suffix("").as_posix(): path.read_text()
        for folder in ("public", "secret")
        for path in (root / folder).glob(f"*{suffix}")
        if path.stem != "__init__"
    }


def alone(python: dict[str, str], javascript: dict[str, str]) -> set[str]:
    """The modules that one language has and the other has not."""
    return {f"{name}.py" for name in python.keys() - javascript.keys()} | {
        f"{name}.js" for name in javascript.keys() - python.keys()
    }


def test_every_module_has_a_twin_or_a_reason() -> None:
    assert alone(sources(PYTHON, ".py"), sources(JAVASCRIPT, ".js")) == set(WITHOUT_TWIN)


def test_nine_of_ten_names_are_the_same() -> None:
    shapes = (JAVASCRIPT / "shapes.d.ts").read_text()
    missing, share = compare(sources(PYTHON, ".py"), sources(JAVASCRIPT, ".js"), shapes)
    assert share >= LEAST, f"{share:.0%}: {missing}"


def test_a_name_that_is_on_one_side_only_is_seen() -> None:
    python = {
        "public/a": "class Ring:\n    def to_json(self): ...\n    def at(self): ...\ndef open_it(): ...\n_LIMIT = 3\n"
    }
    same = "/** @typedef {{a: number}} Ring */\nexport const ringJson = 1;\nexport function openIt() {}\n"
    assert compare(
        python, {"public/a": same + "export const LIMIT = 3;\nexport const ringAt = 1;\n"}, ""
    ) == ([], 1.0)
    missing, share = compare(python, {"public/a": same.replace("openIt", "open")}, "")
    assert missing == ["public/a: open", "public/a: open_it"]
    assert share < LEAST
    assert alone({"public/a": "", "secret/b": ""}, {"public/a": "", "public/c": ""}) == {
        "secret/b.py",
        "public/c.js",
    }


def test_what_is_said_to_be_one_sided_is() -> None:
    """A name that has got its twin leaves the list."""
    known = set().union(*(read_javascript(text, "").known for text in sources(JAVASCRIPT, ".js").values()))
    listed = {name for names in ONE_SIDED for name in names.split()}
    assert {name for name in listed if plain(name) in known} == set()
