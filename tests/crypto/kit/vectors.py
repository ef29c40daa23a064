"""The vectors of `tests/vectors/`, in Python. Their README says what they are."""

import json
from pathlib import Path
from typing import Any, Final

from crypto.public.encoding import b64
from tests.crypto.kit.operations import Json, perform
from tests.project import ROOT

FOLDER: Final = ROOT / "tests" / "vectors"
FILES: Final = FOLDER / "files"


def vector_files() -> list[Path]:
    return sorted(FOLDER.glob("*.json"))


def read_vector(path: Path) -> Json:
    found: Json = json.loads(path.read_text("utf-8"))
    return found


def resolve(value: Any, files: dict[str, bytes] | None = None) -> Any:
    """Bytes that are too many for JSON lie in `files/`: `{"file", "length"?, "xor"?}` stands for their b64."""
    if isinstance(value, list):
        return [resolve(item, files) for item in value]
    if not isinstance(value, dict):
        return value
    name = value.get("file")
    if not isinstance(name, str):
        return {key: resolve(item, files) for key, item in value.items()}
    data = bytearray(files[name] if files and name in files else (FILES / name).read_bytes())
    length = value.get("length", len(data))
    data = data[:length].ljust(length, b"\x00")
    for at, mask in value.get("xor", {}).items():
        data[int(at)] ^= mask
    return b64(bytes(data))


def outcome(vector: Json, files: dict[str, bytes] | None = None) -> Json:
    """The outcome of a vector in Python, as JSON."""
    found: Json = json.loads(json.dumps(perform(vector["operation"], resolve(vector["input"], files))))
    return found
