"""Collects the vectors that Python makes; what they share."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from crypto.public.encoding import b64, day_text
from crypto.public.errors import ERRORS
from crypto.secret.directory_sign import make_directory
from crypto.secret.primitives import derive
from tests.crypto.kit.organisation_builders import ROOT, TODAY, WEEK, Json, Person, content
from tests.crypto.kit.report_builders import Report
from tests.crypto.kit.vectors import FILES, outcome

NOTHING: Final = {"group": 0, "kind": "", "correction": ""}
DIRECTORY_BYTES: Final = make_directory(content(), [ROOT])
DAY: Final = day_text(TODAY)
TEXT: Final = 'One\n"two"\x00 \U0001f6a8'


def seeds_of(someone: Person) -> Json:
    return {str(WEEK): [b64(derive(someone.ratchet.at(WEEK).chain, b"", "ratchet/week"))]}


class Maker:
    """Collects vectors by their file's name; each is confirmed here, or it is not made."""

    def __init__(self) -> None:
        self.made: dict[str, bytes] = {}
        self.files: dict[str, bytes] = {}

    def file(self, name: str, data: bytes) -> Json:
        """Bytes that several vectors share."""
        self.files[f"python-{name}"] = data
        self.made[f"files/python-{name}"] = data
        return {"file": f"python-{name}"}

    def once(self, name: str, make: Callable[[], Report]) -> tuple[Report, Json]:
        """A report sealed once: its bytes are the committed ones, if there are any."""
        path, made, known = FILES / f"python-{name}", make(), self.files.get(f"python-{name}")
        data = known or (path.read_bytes() if path.exists() else made.data)
        return replace(made, data=data), self.file(name, data)

    def ok(self, name: str, about: str, operation: str, given: Json, **wanted: Any) -> None:
        """A success, of whose output `wanted` is stated by hand."""
        vector = self._vector(name, about, operation, given)
        found = outcome(vector, self.files)
        if found["layer"] != "ok" or not wanted.items() <= found["output"].items():
            raise AssertionError(f"{name}: {found}")
        self._write({**vector, "expect": found})

    def fails(self, name: str, about: str, operation: str, given: Json, code: str, **more: Any) -> None:
        """A failure with that code, and no other."""
        vector = self._vector(name, about, operation, given)
        expected = {"layer": ERRORS[code].layer, "code": code, **more}
        if (found := outcome(vector, self.files)) != expected:
            raise AssertionError(f"{name}: {found}")
        self._write({**vector, "expect": expected})

    def _vector(self, name: str, about: str, operation: str, given: Json) -> Json:
        full = f"python-{name}"
        return {"name": full, "about": about, "made_by": "python", "operation": operation, "input": given}

    def _write(self, vector: Json) -> None:
        text = json.dumps(vector, ensure_ascii=False, indent=1) + "\n"
        if self.made.setdefault(f"{vector['name']}.json", text.encode()) != text.encode():
            raise AssertionError(f"two vectors of one name: {vector['name']}")
